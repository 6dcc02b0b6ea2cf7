"""How numbers are written (1,200.50 · 1.200,50 · 1 200,50 · 1'200 · 12,34,567) and read back.

Pure text to text, so that a number of any length keeps every digit; knows no units.
"""

# Alternatives from the most particular to the plainest; each repetition is bounded or
# cannot fail after it began, so that hostile digits cost linear time.
_GROUPED = (
    r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])",
    r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?(?![0-9])",
    r"[0-9]{1,3}(?:['\u00a0][0-9]{3}){1,6}(?:[.,][0-9]+)?(?![0-9])",
    r"[0-9]{1,2}(?:,[0-9]{2}){1,6},[0-9]{3}(?:\.[0-9]+)?(?![0-9])",
)
_SPACED = r"[0-9]{1,3}(?: [0-9]{3}){1,4}(?:[.,][0-9]{1,2})?(?![0-9])"
_SIMPLE = r"(?<![0-9][.,])[0-9]++[.,][0-9]++(?![.,][0-9])|[0-9]++"

NUMBER = "(?:" + "|".join([*_GROUPED, _SIMPLE]) + ")"
"""A number in running text."""

SUM = "(?:" + "|".join([*_GROUPED, _SPACED, _SIMPLE]) + ")"
"""A number beside a currency: there "1 200" is one number too."""


def decimal(text: str) -> str:
    """Return the number in plain decimal notation without needless zeros: "1.200,50" is "1200.5".

    One separator with exactly three digits behind it groups thousands, unless a lone zero
    stands before it: "1.200" is 1200 and "0.125" is 0.125.
    """
    digits = text.translate({0x20: None, 0x27: None, 0xA0: None})
    point = max(digits.rfind("."), digits.rfind(","))
    if point >= 0 and _groups(digits, point):
        point = -1
    whole, fraction = (digits[:point], digits[point + 1 :]) if point >= 0 else (digits, "")
    return _joined(whole.replace(",", "").replace(".", ""), fraction)


def _groups(digits: str, point: int) -> bool:
    mark = digits[point]
    other = "," if mark == "." else "."
    if other in digits:
        return False
    if digits.count(mark) > 1:
        return True
    return len(digits) - point == len(",000") and digits[:point] != "0" and point <= len("000")


def shifted(number: str, places: int) -> str:
    """Return `number` times ten to the power of `places` (not negative), both in plain notation."""
    whole, _, fraction = number.partition(".")
    fraction = fraction.ljust(places, "0")
    return _joined(whole + fraction[:places], fraction[places:])


def _joined(whole: str, fraction: str) -> str:
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
