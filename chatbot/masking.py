"""Hides personal values before a hosted call, and puts them back into the answer.

    mask ─▶ find what is personal in all messages ─▶ one tag for each value ─▶ Masked
    Masked.streaming ─▶ the answer's tags swapped back, as it streams

The hosted backend masks at its door and the preview asks the same door, so what a person is shown
is what leaves. Knows values and messages; nothing of models, people or rows. Which groups are
hidden, and what a workspace adds, is the caller's affair (`Rules`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chatbot.values import Tags
    from chatbot.values.find import Rule
    from chatbot.values.loose import LooseRestorer

Message = dict[str, str]


class Group(NamedTuple):
    """What is switched on or off together: its words, what it holds, and whether it is on."""

    one: str
    many: str
    about: str
    kinds: frozenset[str]
    on: bool = True


GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        "names": Group("name", "names", "People's names", frozenset({"name"})),
        "companies": Group(
            "company name", "company names", "Names of companies", frozenset({"company"}), on=False
        ),
        "emails": Group(
            "e-mail address", "e-mail addresses", "E-mail addresses", frozenset({"email"})
        ),
        "phones": Group("phone number", "phone numbers", "Phone numbers", frozenset({"phone"})),
        "addresses": Group(
            "address line",
            "address lines",
            "Street lines and postcodes",
            frozenset({"street", "postcode", "address"}),
        ),
        "accounts": Group(
            "account number",
            "account numbers",
            "IBANs, cards, account and customer numbers",
            frozenset({"iban", "card", "last4", "account"}),
        ),
        "identities": Group(
            "identity number",
            "identity numbers",
            "National identity, tax and insurance numbers",
            frozenset({"identity"}),
        ),
        "machines": Group(
            "network address",
            "network addresses",
            "IP and MAC addresses",
            frozenset({"ip", "mac"}),
        ),
        "links": Group("web address", "web addresses", "Web addresses", frozenset({"url"})),
        "orders": Group(
            "reference number",
            "reference numbers",
            "Order, booking, invoice and case numbers",
            frozenset({"order", "booking", "invoice", "ticket"}),
        ),
        "tracking": Group(
            "tracking number",
            "tracking numbers",
            "Tracking numbers of parcels",
            frozenset({"tracking"}),
        ),
    }
)
"""Every group that can be masked, in the order in which it is told."""

OWN = Group("own code", "own codes", "Patterns of the workspace", frozenset({"own"}))

_GROUP_OF = {kind: name for name, group in GROUPS.items() for kind in group.kinds}

NOTE = (
    "Tags such as {tag} stand for values that you may not see. "
    "Where you mean such a value, write its tag exactly as it stands."
)
"""Told to the model, in the system message, where anything was masked."""

_AGAIN = frozenset({"order", "booking", "invoice", "ticket", "tracking", "account", "phone"})
"""Kinds that the words beside a value decide: the same value elsewhere may have no such word."""

_LONG_ENOUGH = 5
_MOST_NAMES = 1000
_JOINED_NAME = re.compile(r"(?:Mc|Mac|De|Di|Du|Da|La|Le|Van|Von|Fitz|O)[A-Z][a-z]+\Z")
_PARTICLES = frozenset(
    {"al", "bin", "da", "das", "de", "del", "den", "der", "di", "dos", "du", "el", "la", "le"}
    | {"st", "ter", "van", "von"}
)
"""Parts of names that are no name by themselves."""

_PATTERN_PARTS = re.compile(r"(?P<sign>[#@])(?P<more>\+)?|(?P<other>.)", re.DOTALL)
_MOST_REPEATED = 40
PATTERN_LIMIT = 80
"""Longest pattern of a workspace, in characters."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What to mask: names of `GROUPS`, patterns of the workspace (`pattern`), and what to keep.

    `keep` are names that are no secret, in any case: the workspace's own, its products. `on`
    False masks nothing.
    """

    on: bool = True

    groups: frozenset[str] = frozenset(name for name, group in GROUPS.items() if group.on)
    patterns: tuple[str, ...] = ()
    keep: frozenset[str] = frozenset()


DEFAULT = Rules()


@dataclass(frozen=True, slots=True)
class Hidden:
    """Texts with tags for their values, `tags` that know what they stand for, and `counts` of them.

    `counts`: how many different values of each group are hidden.
    """

    texts: list[str]
    tags: "Tags"
    counts: Mapping[str, int]

    def show(self, text: str) -> str:
        """A text with tags of this numbering swapped back, however they are written."""
        from chatbot.values.loose import show

        return show(self.tags, text)


@dataclass(frozen=True, slots=True)
class Masked:
    """Messages as they leave; `counts` says how many different values of each group are hidden.

    `counts` is None where masking is off for the model.
    """

    messages: list[Message]
    counts: Mapping[str, int] | None = None
    _tags: "Tags | None" = field(default=None, repr=False)

    def streaming(self) -> "LooseRestorer | Unchanged":
        """What swaps the tags of one streamed answer back."""
        if self._tags is None:
            return Unchanged()
        from chatbot.values.loose import LooseRestorer

        return LooseRestorer(self._tags)

    def show(self, text: str) -> str:
        """A whole text with its tags swapped back."""
        restorer = self.streaming()
        return restorer.feed(text) + restorer.close()


class Unchanged:
    """The restorer of an answer to messages that nothing was hidden in."""

    def feed(self, chunk: str) -> str:
        """The chunk."""
        return chunk

    def close(self) -> str:
        """Nothing was held back."""
        return ""


def mask(messages: Sequence[Message], rules: Rules = DEFAULT, people: Sequence[str] = ()) -> Masked:
    """The messages with one tag for each personal value, the same everywhere in them.

    `people`: names that the caller knows of, found where no form gives them away. Work grows with
    the length of the texts. Raises ValueError for a pattern that is none.
    """
    if not rules.on:
        return Masked(list(messages))
    found = hide([message["content"] for message in messages], rules, people)
    hidden = [
        message | {"content": text} for message, text in zip(messages, found.texts, strict=True)
    ]
    first = next(iter(found.tags.table()), None)
    return Masked(
        hidden if first is None else _noted(hidden, first), dict(found.counts), found.tags
    )


def hide(texts: Sequence[str], rules: Rules = DEFAULT, people: Sequence[str] = ()) -> Hidden:
    """The texts with one tag for each personal value, the same in all of them, whatever `on` says.

    `people`: names that the caller knows of, found where no form gives them away. Work grows with
    the length of the texts. Raises ValueError for a pattern that is none.
    """
    from chatbot.values.loose import LOOSE
    from chatbot.values.tags import Tags

    kinds, own = _kinds(rules), _own(rules)
    known = _names(texts, rules, people)
    known |= _found_by_words(texts, kinds, own, known)
    tags = Tags(only=kinds, known=known, own=own)
    hidden = [tags.hide(text) for text in texts]
    counts = Counter(
        _GROUP_OF.get(kind, "own")
        for tag, kind in tags.kinds().items()
        if not LOOSE.fullmatch(tags.meant(tag) or "")
    )
    return Hidden(hidden, tags, dict(counts))


def masked_words(counts: Mapping[str, int]) -> str:
    """The counts in words: "1 name, 2 phone numbers"; empty where nothing was masked."""
    groups = [*GROUPS.items(), ("own", OWN)]
    return ", ".join(
        f"{counts[name]} {group.one if counts[name] == 1 else group.many}"
        for name, group in groups
        if counts.get(name)
    )


def pattern(written: str) -> re.Pattern[str]:
    """What a workspace's pattern means: # is a digit, @ a letter, a + behind either repeats it.

    Everything else is itself, in any case: "KD-######", "@@#+". No regular expression, so that
    no pattern can make a text of any length slow. Raises ValueError with a sentence.
    """
    if not written.strip() or len(written) > PATTERN_LIMIT:
        raise ValueError(f"A pattern has 1 to {PATTERN_LIMIT} characters.")
    if not re.search(r"[#@]", written):
        raise ValueError(f"The pattern {written!r} holds no # (a digit) and no @ (a letter).")
    if re.search(r"\+[#@]", written) or not written.isprintable():
        raise ValueError(f"The pattern {written!r} needs a sign between what repeats and the next.")
    body = "".join(_part(match) for match in _PATTERN_PARTS.finditer(written.strip()))
    return re.compile(rf"(?<![^\W_]){body}(?![^\W_])", re.IGNORECASE)


def _part(match: re.Match[str]) -> str:
    if match["sign"] is None:
        return re.escape(match["other"])
    some = f"{{1,{_MOST_REPEATED}}}+" if match["more"] else ""
    return ("[0-9]" if match["sign"] == "#" else r"[^\W\d_]") + some


def _kinds(rules: Rules) -> frozenset[str]:
    """The kinds of value to hide. Raises ValueError for a group that is none."""
    unknown = sorted(rules.groups - GROUPS.keys())
    if unknown:
        raise ValueError(f"No such group of values: {', '.join(unknown)}.")
    return frozenset({"own"}).union(*(GROUPS[name].kinds for name in rules.groups))


def _own(rules: Rules) -> "tuple[Rule, ...]":
    from chatbot.values.blocks import blocks
    from chatbot.values.loose import typed
    from chatbot.values.national import identities
    from chatbot.values.types import Found

    patterns = [pattern(written) for written in rules.patterns]

    def patterned(twin: str) -> "Iterator[Found]":
        for one in patterns:
            for match in one.finditer(twin):
                yield Found(*match.span(), "own", match[0])

    given: list[Rule] = [typed]
    given += [patterned] if patterns else []
    given += [identities] if "identities" in rules.groups else []
    given += [blocks] if "addresses" in rules.groups else []
    return tuple(given)


def _names(texts: Sequence[str], rules: Rules, people: Sequence[str]) -> dict[str, str]:
    """The names in the texts with their kind, and the parts that may stand for the whole."""
    if not {"names", "companies"} & rules.groups:
        return {}
    from chatbot.values.called import called
    from chatbot.values.english import BEFORE_NAMES, ORDINARY, TIMES
    from chatbot.values.names import names
    from chatbot.values.plain import plain
    from chatbot.values.public import PUBLIC

    kept = {name.casefold() for name in rules.keep} | PUBLIC
    found = {name: kind for name, kind in names(texts, _MOST_NAMES).items() if kind != "street"}
    for text in texts:
        for name in called(plain(text)):
            found.setdefault(name, "name")
    words = kept | BEFORE_NAMES | ORDINARY | TIMES | _PARTICLES
    for name in people if "names" in rules.groups else ():
        if name.strip().casefold() not in words:
            found.setdefault(name.strip(), "name")
    whole = {name: _person(name, kind) for name, kind in found.items() if _is_free(name, kept)}
    parts = {
        part[0].upper() + part[1:]: "name"  # in small letters it may be a word: "mark"
        for name, kind in whole.items()
        if kind == "name" and " " in name
        for part in name.split()
        if part[0].isalpha() and len(part) > 1 and part.casefold() not in words
    }
    return parts | whole


def _is_free(name: str, kept: Iterable[str]) -> bool:
    """Whether a name is none of those to keep; "Google Maps API" begins with one and is one."""
    words = name.casefold().split()
    return not any(" ".join(words[:count]) in kept for count in range(1, len(words) + 1))


def _person(name: str, kind: str) -> str:
    """The kind of a name: "Anna McDonald" is written like a company's name and is none."""
    return "name" if kind == "company" and _JOINED_NAME.search(name) else kind


def _found_by_words(
    texts: Sequence[str],
    kinds: frozenset[str],
    own: "Sequence[Rule]",
    known: Mapping[str, str],
) -> dict[str, str]:
    """Values that words beside them gave away, to be found where they stand without."""
    from chatbot.values.find import find

    wanted = kinds & _AGAIN
    return {
        value.text: value.kind
        for text in (texts if wanted else ())
        for value in find(text, only=wanted, known=known, own=own)
        if value.kind in wanted and len(value.text) >= _LONG_ENOUGH and value.text[0].isalnum()
    }


def _noted(messages: list[Message], tag: str) -> list[Message]:
    """The messages with the note on tags in their system message."""
    note = NOTE.format(tag=tag)
    if messages[0]["role"] != "system":
        return [{"role": "system", "content": note}, *messages]
    first = messages[0]
    return [first | {"content": f"{first['content']}\n\n{note}"}, *messages[1:]]
