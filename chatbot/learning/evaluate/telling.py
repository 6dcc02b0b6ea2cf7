"""An evaluation as a report that people read: Markdown, or one HTML file without any script.

Texts of customers and models stand in it as text: escaped in HTML, in Markdown inside fences that
are longer than any row of backticks in them. Knows no row, no model and no figure's source.
"""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from chatbot.learning.evaluate.gate import figure, signed
from chatbot.learning.evaluate.views import Evaluation, Pair, Part, Said

GROUPS = {
    "own": "Your own data",
    "general": "General questions: has it forgotten?",
    "tests": "Tests of the prompts",
    "injection": "Attacks",
    "bias": "Bias probes",
}
HOW = (
    "Right means that no fault was found: the answer is whole, on the topic of the approved reply, "
    "in its language, keeps its values, invents none, and does not refuse. Of two answers the one "
    "with fewer faults is better; with as many, the one that is clearly more like the approved "
    "reply. Intervals: 95 %, paired bootstrap. Personal values in it are made up."
)
_COLUMNS = ("Part", "base", "tuned", "change", "95 % interval", "of")
_TICKS = re.compile(r"`+")


def written(
    found: Evaluation,
    better: Sequence[Pair],
    worse: Sequence[Pair],
    as_: Literal["markdown", "html"],
) -> str:
    """The report as the text of a file."""
    if as_ == "html":
        return _html(found, better, worse)
    return "\n".join(_markdown(found, better, worse)) + "\n"


# --- both forms ----------------------------------------------------------------------------------


def _verdict(found: Evaluation) -> str:
    if found.passed is None:
        return found.said or "It goes on."
    if found.passed:
        return "The gate is open: nothing got worse than it may."
    count = len(found.refused)
    return f"The gate is closed by {count} line{'s' if count != 1 else ''}."


def _facts(found: Evaluation) -> str:
    counts = found.counts
    told = [f"{counts.get('own', 0)} turns of {found.dataset or 'a file'} held out"]
    if counts.get("general"):
        told.append(f"{counts['general']} general questions")
    told.append(f"{found.created_at:%d %b %Y, %H:%M} UTC, by {found.actor}")
    if found.seconds is not None:
        told.append(f"{found.seconds:.0f} s")
    return " · ".join(told)


def _groups(found: Evaluation) -> Iterator[tuple[str, list[Part]]]:
    for group, title in GROUPS.items():
        parts = [part for part in found.parts if part.group == group]
        if parts:
            yield title, parts


def cells(part: Part) -> tuple[str, ...]:
    """A line of the table: title, both figures, change, interval, count."""
    change = "–" if part.change is None else signed(part.change, part.unit)
    interval = "–"
    if part.low is not None and part.high is not None:
        interval = f"{signed(part.low, part.unit)} to {signed(part.high, part.unit)}"
    title = f"{part.title} ({part.note})" if part.note else part.title
    if part.higher_is_better is False:
        title += ", lower is better"
    both = figure(part.base, part.unit), figure(part.tuned, part.unit)
    return title, *both, change, interval, str(part.count)


def _judged(said: Said) -> str:
    if said.right:
        return "right"
    return "; ".join(said.faults) or "wrong"


def _sections(
    better: Sequence[Pair], worse: Sequence[Pair]
) -> Iterator[tuple[str, Sequence[Pair]]]:
    yield f"The {len(better)} most improved replies", better
    yield f"The {len(worse)} most worsened replies", worse


# --- Markdown ------------------------------------------------------------------------------------


def _markdown(found: Evaluation, better: Sequence[Pair], worse: Sequence[Pair]) -> Iterator[str]:
    yield f"# {_line(found.tuned)} against {_line(found.base)}"
    yield f"\n**{_line(_verdict(found))}**\n\n{_line(_facts(found))}\n\n{HOW}"
    yield "\n## Gate\n"
    for line in found.gate:
        yield f"- {'met' if line.passed else '**not met**'}: {_line(line.said)}"
    for note in found.notes:
        yield f"\n{_line(note)}"
    for title, parts in _groups(found):
        yield f"\n## {title}\n"
        yield _table_row(_COLUMNS)
        yield _table_row(["---", *["--:"] * (len(_COLUMNS) - 1)])
        yield from (_table_row([_line(cell) for cell in cells(part)]) for part in parts)
    for title, pairs in _sections(better, worse):
        yield f"\n## {title}"
        for pair in pairs:
            yield f"\n### {pair.number}\n\nQuestion:\n\n{_fenced(pair.question)}"
            yield f"\nApproved reply:\n\n{_fenced(pair.expected)}"
            yield f"\n{_line(found.base)}, {_judged(pair.base)}:\n\n{_fenced(pair.base.text)}"
            yield f"\n{_line(found.tuned)}, {_judged(pair.tuned)}:\n\n{_fenced(pair.tuned.text)}"


def _table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(text: str) -> str:
    """A text in one line in which nothing is markup."""
    plain = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", plain)


def _fenced(text: str) -> str:
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


# --- HTML ----------------------------------------------------------------------------------------

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }}
th, td {{ padding: .3rem .6rem; border-bottom: 1px solid #8884; text-align: right; }}
th:first-child, td:first-child {{ text-align: left; width: 50%; }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin: 1rem 0 2rem; }}
.pair > .wide {{ grid-column: 1 / -1; }}
.pair > div {{ border: 1px solid #8884; border-radius: 8px; padding: .6rem .8rem; }}
.text {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0 0; }}
.no {{ color: #b3261e; }} .yes {{ color: #1a7f4b; }}
@media (max-width: 40rem) {{ .pair {{ grid-template-columns: 1fr; }} }}
</style>
"""


def _html(found: Evaluation, better: Sequence[Pair], worse: Sequence[Pair]) -> str:
    title = _e(f"{found.tuned} against {found.base}")
    kind = "yes" if found.passed else "no"
    lines = [
        _HEAD.format(title=title),
        f"<h1>{title}</h1>",
        f'<p class="{kind}"><strong>{_e(_verdict(found))}</strong></p>',
        f"<p>{_e(_facts(found))}</p>\n<p>{_e(HOW)}</p>",
        "<h2>Gate</h2>\n<ul>",
    ]
    for line in found.gate:
        word, kind = ("met", "yes") if line.passed else ("not met", "no")
        lines.append(f'<li><span class="{kind}">{word}</span>: {_e(line.said)}</li>')
    lines.append("</ul>")
    lines += [f"<p>{_e(note)}</p>" for note in found.notes]
    for group, parts in _groups(found):
        lines.append(f"<h2>{_e(group)}</h2>\n<table>\n{_row_of('th', _COLUMNS)}")
        lines += [_row_of("td", cells(part)) for part in parts]
        lines.append("</table>")
    for section, pairs in _sections(better, worse):
        lines.append(f"<h2>{_e(section)}</h2>")
        lines += [_pair(found, pair) for pair in pairs]
    return "\n".join([*lines, "</html>", ""])


def _row_of(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_e(cell)}</{tag}>" for cell in cells) + "</tr>"


def _pair(found: Evaluation, pair: Pair) -> str:
    sides = ((found.base, pair.base), (found.tuned, pair.tuned))
    answers = "".join(
        f'<div><strong>{_e(label)}</strong> <span class="{"yes" if said.right else "no"}">'
        f'{_e(_judged(said))}</span><p class="text">{_e(said.text)}</p></div>'
        for label, said in sides
    )
    return (
        f'<div class="pair"><div class="wide"><strong>Question {pair.number}</strong>'
        f'<p class="text">{_e(pair.question)}</p><strong>Approved reply</strong>'
        f'<p class="text">{_e(pair.expected)}</p></div>{answers}</div>'
    )


def _e(text: str) -> str:
    return html.escape(text, quote=True)
