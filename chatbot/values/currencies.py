"""How currencies are written: signs, letters, codes and names, each to one code.

A table and nothing else; where a name is shared by several countries it stands for itself.
"""

SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW"}
"""Signs whose usual currency is known; any other sign stands for itself."""

OTHER_SIGNS = "¢¤֏؋৲৳৻૱௹฿៛₠-⃀﷼"
"""The rest of Unicode's currency signs, as ranges of a character class."""

DOLLARS = {
    "us$": "USD",
    "ca$": "CAD",
    "c$": "CAD",
    "au$": "AUD",
    "a$": "AUD",
    "nz$": "NZD",
    "hk$": "HKD",
    "sg$": "SGD",
    "s$": "SGD",
    "r$": "BRL",
}

LETTERS_BEFORE = {"Rs": "INR", "Rs.": "INR", "Fr.": "CHF", "SFr.": "CHF", "kr": "KR", "RM": "MYR"}
LETTERS_BEHIND = {"kr": "KR", "kr.": "KR", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON"}
"""Letters, in the case in which they are written: "rm 412" is a room and "6 ft" a height."""

_CODES = "EUR USD GBP CHF JPY CAD AUD NZD SEK NOK DKK PLN CZK HUF INR CNY SGD HKD BRL MXN ZAR AED"
_MORE_CODES = "RON BGN RMB KRW TRY SAR ILS THB IDR MYR PHP VND RUB UAH NGN KES EGP"
CODES = frozenset(_CODES.split())
CODES_BEHIND = CODES | frozenset(_MORE_CODES.split())
"""Codes that may follow a number; before one, some are words ("TRY 5", "PHP 8")."""

SMALL_CODES = frozenset({"eur", "usd", "gbp", "chf"})
"""Codes that people also type in small letters."""

_NAMES = {
    "EUR": "euro euros",
    "USD": "dollar dollars dólares dolares bucks",
    "GBP": "pound pounds quid libras livres",
    "CHF": "franken francs francos",
    "JPY": "yen 円",
    "CNY": "yuan 元",
    "INR": "rupee rupees रुपये रुपए",
    "PLN": "zloty złoty zlotys",
    "KR": "kroner kronor kronen krone krona",
    "RUB": "rubles roubles рублей руб",
    "SAR": "riyals ريال",
    "AED": "dirhams درهم",
    "PESO": "peso pesos",
    "BRL": "reais",
    "CENT": "cent cents centimes céntimos",
    "PENNY": "pence",
}
NAMES = {name: code for code, names in _NAMES.items() for name in names.split()}

SIZES = {
    "one": 0,
    "k": 3,
    "thousand": 3,
    "lakh": 5,
    "lakhs": 5,
    "m": 6,
    "mn": 6,
    "mio": 6,
    "million": 6,
    "millions": 6,
    "millionen": 6,
    "millones": 6,
    "crore": 7,
    "bn": 9,
    "mrd": 9,
    "billion": 9,
    "billions": 9,
}
"""Words and letters behind a number, to the power of ten they mean."""
