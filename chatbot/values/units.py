"""The units that follow numbers: stretches of time, measures, percent; each to one name.

A table and the pattern made of it; a unit stays in the sentence, outside the value.
"""

import re

_TIME = {
    "second": "second seconds sec secs sekunde sekunden seconde secondes segundo segundos",
    "minute": "minute minutes min mins minuten minuto minutos minuti",
    "hour": "hour hours h hr hrs stunde stunden std heure heures hora horas ore uren",
    "day": "day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen",
    "business day": "werktag werktage werktagen arbeitstag arbeitstage arbeitstagen werkdagen",
    "night": "night nights nacht nächte nächten nuit nuits noche noches notte notti",
    "week": "week weeks wk wks woche wochen semaine semaines semana semanas settimane weken",
    "month": "month months monat monate monaten mois mes meses mesi maanden",
    "year": "year years yr yrs jahr jahre jahren ans année années año años anni jaar",
}
_MEASURES = {
    "mg": "mg",
    "g": "g gram grams gramm grammes gramos",
    "kg": "kg kgs kilo kilos kilogram kilograms kilogramm",
    "lb": "lb lbs",
    "oz": "oz ounce ounces",
    "t": "t tonne tonnes tons",
    "mm": "mm millimetre millimetres millimeter millimeters",
    "cm": "cm centimetre centimetres centimeter centimeters zentimeter",
    "m": "m metre metres meter meters",
    "km": "km kilometre kilometres kilometer kilometers kilómetros",
    "mile": "mile miles",
    "inch": "inch inches zoll",
    "foot": "ft foot feet",
    "yard": "yd yards",
    "m²": "m² sqm",
    "m³": "m³",
    "ml": "ml millilitre millilitres milliliter milliliters",
    "l": "l L litre litres liter liters litros",
    "gallon": "gallon gallons",
    "kb": "KB kB kilobyte kilobytes",
    "mb": "MB megabyte megabytes",
    "gb": "GB gigabyte gigabytes Gigabyte",
    "tb": "TB terabyte terabytes",
    "kbit/s": "kbit/s kbps",
    "mbit/s": "Mbit/s mbit/s Mbps mbps MBit/s",
    "gbit/s": "Gbit/s gbit/s Gbps gbps",
    "mb/s": "MB/s",
    "w": "W watt watts Watt",
    "kw": "kW kilowatt kilowatts",
    "kwh": "kWh",
    "v": "V volt volts",
    "mah": "mAh",
    "hz": "Hz",
    "mhz": "MHz",
    "ghz": "GHz",
    "°c": "°C",
    "°f": "°F",
    "degree": "° degree degrees Grad",
    "px": "px pixel pixels",
    "dpi": "dpi",
    "db": "dB",
    "km/h": "km/h kmh kph",
    "mph": "mph",
}
_PERCENT = {
    "%": "% percent prozent procent pct",
    "‰": "‰",
}
_PERCENT_PHRASES = r"per cent|pour cent|por ciento|por cento|per cento"
_QUALIFIERS = r"business|working|calendar|consecutive|full|more|extra|additional|other|school"
_WORKING = frozenset({"business", "working"})


def _spellings(table: dict[str, str]) -> dict[str, str]:
    return {spelling: unit for unit, row in table.items() for spelling in row.split()}


_DURATIONS = _spellings(_TIME)
_LETTERS = {unit: name for unit, name in _spellings(_MEASURES).items() if len(unit) == 1}
_MEASURED = {unit.lower(): name for unit, name in _spellings(_MEASURES).items() if len(unit) > 1}
_SIGNS = _spellings(_PERCENT)


def _any(spellings: dict[str, str]) -> str:
    return "|".join(
        re.escape(word) for word in sorted(spellings, key=lambda word: (-len(word), word))
    )


AFTER = re.compile(
    rf"(?:[ \u00a0]{{0,2}}|-)(?:"
    rf"(?P<percent>(?i:{_PERCENT_PHRASES}|{_any(_SIGNS)}))"
    rf"|(?:(?P<qualifier>(?i:{_QUALIFIERS}))[ \u00a0-])?(?P<duration>(?i:{_any(_DURATIONS)}))"
    rf"|(?P<quantity>(?i:{_any(_MEASURED)})|{_any(_LETTERS)})"
    rf")(?![^\W_])"
)
"""A unit right behind a number; `match` it at the number's end. One letter keeps its case:
"5 g" is a weight and "5G" a network."""


def unit_of(match: re.Match[str]) -> tuple[str, str]:
    """Return the kind of value that `AFTER` makes of its number, and the unit's one name."""
    if match["percent"]:
        return "percent", _SIGNS.get(match["percent"].lower(), "%")
    if match["duration"]:
        unit = _DURATIONS[match["duration"].lower()]
        working = (match["qualifier"] or "").lower() in _WORKING
        return "duration", f"business {unit}" if working else unit
    unit = match["quantity"]
    return "quantity", _LETTERS.get(unit) or _MEASURED[unit.lower()]
