"""What quoting without a model gives: the best sentences of the passages, by how many and how sure.

    CHATBOT_TEST_DATA=DIR python bench/quoting.py [--cases 160] [--json]

Asks the held-out questions with sources that `chatbot evaluate` asks (rewrites and summaries apart)
and judges the picked sentences, joined in their order, by its rules: the share of values carried,
of replies on topic, and, below a least score at which an honest limit takes their place, of
answerable questions refused. Needs the sentence encoder.
"""

import os
from pathlib import Path

from _report import Report, options

from chatbot.backends.encoder import Encoder, missing, open_encoder
from chatbot.grounding import EARLIER, FITTING, MOST
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.running import Answer
from chatbot.learning.evaluate.suite import Options, gather, judged
from chatbot.learning.evaluate.trials import Judge
from chatbot.learning.starter.reading import TEXT_SKILLS
from chatbot.learning.starter.situations import limits
from chatbot.picking import Picked, pick
from chatbot.settings import load

WAYS = [
    *((most, 0.0) for most in (1, 4, 5, 6, 8)),
    *((MOST, least) for least in (FITTING, 0.2, 0.26)),
]
SHOWN = {"exact": "values", "topic": "on topic", "refused": "refused wrongly"}


def picked(encoder: Encoder, case: Case) -> Picked:
    """As a turn picks them, but more."""
    given = [{"title": title, "text": text} for title, text in case.passages]
    asked = [one["content"] for one in case.thread if one["role"] == "user"]
    return pick(encoder, case.question, given, earlier=asked[-EARLIER:], most=8)


def quoted(found: Picked, most: int, least: float) -> Answer:
    """The best sentences in the order of their passages, or a limit."""
    if found.best < least:
        return Answer(limits()["no source"][0])
    best = Picked(found.sentences[:most]).in_order()
    return Answer(" ".join(one.sentence.text for one in best))


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--cases", type=int, default=160)
    given = parser.parse_args()
    settings = load()
    encoder = open_encoder(settings)
    if encoder is None:
        raise SystemExit(missing(settings))
    data = os.environ.get("CHATBOT_TEST_DATA")
    cases, _ = gather(Options(cases=given.cases, data=Path(data) if data else None))
    cases = [case for case in cases if case.passages and case.skill not in TEXT_SKILLS]
    found = [picked(encoder, case) for case in cases]
    judge = Judge(encoder)
    report = Report("quoting", as_json=given.json)
    report.say(f"{len(cases)} questions with sources")
    for most, least in WAYS:
        answers = [quoted(one, most, least) for one in found]
        measures = {one.key: one for one in judged("", cases, answers, judge, {}).measures}
        for key, name in SHOWN.items():
            report.add(f"best {most}, least score {least:g}: {name}", measures[key].value or 0.0)
    report.finish()


if __name__ == "__main__":
    main()
