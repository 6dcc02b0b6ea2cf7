"""Draws fresh values for the corpus's slots, so that only copying from the context is right.

Knows slot types and nothing of records: `{{amount:fee}}` becomes a new amount at every use.
"""

import re
from collections.abc import Callable
from random import Random

SLOT = re.compile(r"\{\{(\w+):(\w+)\}\}")


def slots(*texts: str) -> set[str]:
    """Return the slots of the texts, as they are written."""
    return {match[0] for text in texts for match in SLOT.finditer(text)}


def _words(text: str) -> list[str]:
    return text.split()


def _phrases(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split(",")]


FIRST = _words(
    """
    Amara Anton Aoife Bilal Bruno Carla Chen Clara Dara David Elena Emil Farah Felix Grace Hana
    Hugo Ines Ivan Jack Jonas Karim Kofi Laila Lena Leo Liam Lucia Maja Marco Mei Mina Nadia Noah
    Nora Olga Omar Paul Petra Priya Rosa Ruth Sami Sara Sofia Tariq Theo Tom Vera Zoe
    """
)
LAST = _words(
    """
    Adams Bauer Bell Brandt Carter Costa Dubois Evans Fischer Garcia Grant Haas Hughes Ito Jensen
    Kaya Kelly Khan Kowalski Lang Larsen Lopez Martin Meyer Moreau Nagy Novak Okafor Park Patel
    Quinn Rossi Sato Silva Stein Tanaka Turner Vogel Walker Weber Wood Yilmaz Zhang
    """
)
STEMS = _words(
    """
    Alder Amber Arden Birch Blue Bright Cedar Clear Coral Delta Ember Fair Fern Green Harbour
    Hazel Iron Juniper Lark Linden Maple Meadow Nord North Oak Orion Pine Quill River Silver Sol
    Stone Summit Swift Tern Umber Vale Velo Willow Wren
    """
)
TAILS = _words(
    """
    Bank Care Direct Express Group Home Hub Line Link Market Mobile One Partners Point Post
    Services Store Street Travel Union Works
    """
)
CITIES = _words(
    """
    Antwerp Bergen Bilbao Bristol Cork Dresden Dublin Florence Geneva Ghent Graz Hamburg Kyoto
    Leeds Lille Lisbon Lyon Malmo Milan Nantes Osaka Oslo Porto Prague Quebec Riga Rotterdam
    Seville Split Tallinn Toronto Turin Utrecht Valencia Vienna Vilnius York Zurich
    """
)
COUNTRIES = _words(
    """
    Austria Belgium Brazil Canada Chile Croatia Denmark Egypt Estonia Finland France Germany
    Greece Iceland India Ireland Italy Japan Kenya Latvia Mexico Morocco Norway Peru Poland
    Portugal Romania Spain Sweden Switzerland Thailand Turkey Vietnam
    """
)
MONTHS = _words(
    """
    January February March April May June July August September October November December
    """
)
WEEKDAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
COLOURS = _words(
    """
    anthracite beige black blue bronze brown burgundy cream green graphite grey ivory navy olive
    orange pink purple red sand silver teal white yellow
    """
)
PLANS = _words(
    """
    Basic Classic Comfort Family Flex Max Mini Plus Premium Pro Smart Start Student
    """
)
PRODUCTS = _words(
    """
    armchair backpack blender camera coat desk lamp headphones jacket kettle keyboard mattress
    monitor printer raincoat router rug sofa speaker suitcase tablet tent toaster trainers
    """
)
TOPICS = _phrases(
    """
    dogs, cats, horses, elephants, whales, bees, birds, dinosaurs, sharks, penguins, wolves,
    spiders, trees, roses, mushrooms, the rainforest, the desert, the ocean, rivers, mountains,
    volcanoes, earthquakes, snow, autumn, spring, summer, winter, the moon, the sun, Mars, the
    stars, space, black holes, gravity, electricity, magnets, atoms, light, water, gold, glass,
    steel, plastic, climate change, solar energy, nuclear power, electric cars, trains, bicycles,
    planes, ships, rockets, bridges, castles, pyramids, the Romans, the Vikings, the Middle Ages,
    knights, pirates, the French Revolution, democracy, the economy, inflation, taxes, money,
    banks, bitcoin, stocks, blockchain, computers, the internet, smartphones, robots, quantum
    physics, quantum computers, algebra, geometry, statistics, philosophy, psychology, religion,
    love, friendship, happiness, dreams, sleep, memory, the brain, the heart, vitamins, sugar,
    coffee, tea, chocolate, cheese, bread, pizza, pasta, rice, wine, beer, cooking, baking,
    gardening, fishing, hiking, yoga, football, basketball, tennis, chess, swimming, running, the
    Olympics, jazz, rock music, opera, the piano, the guitar, painting, photography, films,
    theatre, poetry, novels, Shakespeare, Einstein, Napoleon, Mozart, Picasso, Paris, London,
    Rome, New York, Japan, Brazil, Africa, Antarctica, Europe, China, India, Germany, Spain,
    languages, Latin, grammar, maps, clocks, fashion, marketing, law, medicine, vaccines, viruses,
    DNA, evolution, photosynthesis, recycling
    """
)
STREETS = _words(
    """
    Abbey Bridge Castle Church Garden High Lake Market Mill Park Station Tower
    """
)
WORDS = _words(
    """
    account billing care contact desk help info office orders returns service team
    """
)


def _digits(rng: Random, n: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(n))


def _letters(rng: Random, n: int) -> str:
    return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(n))


def _company(rng: Random) -> str:
    return f"{rng.choice(STEMS)}{rng.choice(('', ' '))}{rng.choice(TAILS)}"


def _domain(rng: Random) -> str:
    name = f"{rng.choice(STEMS)}{rng.choice(TAILS)}".lower()
    return f"{name}.{rng.choice(('com', 'example', 'net', 'org', 'eu'))}"


def _amount(rng: Random) -> str:
    figure = rng.choice(
        (
            str(rng.randint(1, 99)),
            f"{rng.randint(1, 999)}.{_digits(rng, 2)}",
            f"{rng.randint(1, 9)},{_digits(rng, 3)}",
        )
    )
    return rng.choice((f"${figure}", f"€{figure}", f"£{figure}", f"{figure} euros"))


def _date(rng: Random) -> str:
    day, month = rng.randint(1, 28), rng.randint(1, 12)
    name = MONTHS[month - 1]
    year = rng.randint(2024, 2031)
    return rng.choice(
        (
            f"{day} {name}",
            f"{name} {day}",
            f"{day} {name} {year}",
            f"{day:02}.{month:02}.{year}",
        )
    )


def _time(rng: Random) -> str:
    if rng.random() < 0.5:
        return f"{rng.randint(0, 23):02}:{rng.randrange(0, 60, 5):02}"
    return f"{rng.randint(1, 12)} {rng.choice(('am', 'pm'))}"


def _hours(rng: Random) -> str:
    if rng.random() < 0.5:
        return f"{rng.randint(6, 11)} am to {rng.randint(3, 10)} pm"
    return f"{rng.randint(6, 11):02}:00 to {rng.randint(15, 22)}:{rng.choice(('00', '30'))}"


def _phone(rng: Random) -> str:
    return rng.choice(
        (
            f"0{_digits(rng, 3)} {_digits(rng, 6)}",
            f"+{rng.randint(1, 99)} {_digits(rng, 2)} {_digits(rng, 3)} {_digits(rng, 4)}",
            f"({_digits(rng, 3)}) {_digits(rng, 3)}-{_digits(rng, 4)}",
            f"0800 {_digits(rng, 3)} {_digits(rng, 3)}",
        )
    )


def _email(rng: Random) -> str:
    if rng.random() < 0.5:
        return f"{rng.choice(WORDS)}@{_domain(rng)}"
    return f"{rng.choice(FIRST).lower()}.{rng.choice(LAST).lower()}@{_domain(rng)}"


def _address(rng: Random) -> str:
    return f"{rng.randint(1, 199)} {rng.choice(STREETS)} Street"


def _code(rng: Random) -> str:
    letters, digits = _letters(rng, rng.randint(1, 3)), _digits(rng, rng.randint(2, 4))
    return letters + rng.choice(("", "-")) + digits


def _one(values: list[str]) -> Callable[[Random], str]:
    return lambda rng: rng.choice(values)


def _number(low: int, high: int) -> Callable[[Random], str]:
    return lambda rng: str(rng.randint(low, high))


def _reference(prefixes: tuple[str, ...], low: int, high: int) -> Callable[[Random], str]:
    return lambda rng: rng.choice(prefixes) + _digits(rng, rng.randint(low, high))


GENERATORS: dict[str, Callable[[Random], str]] = {
    "first_name": _one(FIRST),
    "full_name": lambda rng: f"{rng.choice(FIRST)} {rng.choice(LAST)}",
    "company": _company,
    "product": _one(PRODUCTS),
    "topic": _one(TOPICS),
    "order_number": _reference(("", "#", "A", "OR-", "100"), 5, 8),
    "tracking_number": _reference(("JD", "TR", "1Z", "RX"), 8, 11),
    "account_number": _reference(("", "AC", "C-", "K"), 6, 9),
    "booking_code": lambda rng: _letters(rng, 3) + _digits(rng, 1) + _letters(rng, 2),
    "invoice_number": _reference(("INV-", "R", "F-", "20"), 5, 7),
    "ticket_number": _reference(("#", "T-", "CASE-", ""), 5, 7),
    "card_last4": lambda rng: _digits(rng, 4),
    "date": _date,
    "weekday": _one(WEEKDAYS),
    "month": _one(MONTHS),
    "time": _time,
    "hours": _hours,
    "days": _number(2, 60),
    "weeks": _number(2, 12),
    "months": _number(2, 36),
    "years": _number(2, 15),
    "minutes": _number(2, 90),
    "count": _number(2, 40),
    "percent": _number(2, 95),
    "amount": _amount,
    "phone": _phone,
    "email": _email,
    "url": lambda rng: f"{_domain(rng)}/{rng.choice(WORDS)}",
    "city": _one(CITIES),
    "country": _one(COUNTRIES),
    "address": _address,
    "postcode": lambda rng: _digits(rng, 5),
    "plan": lambda rng: rng.choice(PLANS) + rng.choice(("", " S", " M", " L", " 20", " Plus")),
    "device": lambda rng: f"{rng.choice(STEMS)} {rng.choice(('X', 'S', 'Pro '))}{_digits(rng, 2)}",
    "model_code": lambda rng: f"{_letters(rng, 2)}{_digits(rng, 3)}{_letters(rng, 1)}",
    "flight_number": lambda rng: f"{_letters(rng, 2)}{_digits(rng, 3)}",
    "train_number": lambda rng: f"{rng.choice(('IC', 'RE', 'TGV', 'EC'))} {_digits(rng, 3)}",
    "room": _number(100, 899),
    "seat": lambda rng: f"{rng.randint(1, 40)}{rng.choice('ABCDEF')}",
    "gate": lambda rng: f"{rng.choice('ABCDE')}{rng.randint(1, 60)}",
    "branch": lambda rng: f"{rng.choice(STREETS)} Street",
    "code": _code,
    "quantity": _number(2, 30),
    "speed": lambda rng: f"{rng.choice((16, 50, 100, 250, 500, 1000))} Mbit/s",
    "data_volume": lambda rng: f"{rng.randint(1, 200)} GB",
    "weight": lambda rng: f"{rng.randint(1, 40)} kg",
    "size": lambda rng: rng.choice(("S", "M", "L", "XL", str(rng.randint(34, 48)))),
    "colour": _one(COLOURS),
}


class Values:
    """The values of one record: the same slot is the same value everywhere in it."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._drawn: dict[str, str] = {}

    def fill(self, text: str) -> str:
        """Return the text with every slot filled; raises KeyError for an unknown type."""
        return SLOT.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        slot = match.group(0)
        if slot not in self._drawn:
            value = GENERATORS[match.group(1)](self._rng)
            for _ in range(20):
                if value not in self._drawn.values():
                    break
                value = GENERATORS[match.group(1)](self._rng)
            self._drawn[slot] = value
        return self._drawn[slot]
