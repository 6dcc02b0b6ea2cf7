"""How well heads on the sentence encoder read mood, intents and names, on rows they never saw.

    python bench/heads.py --data DATA [--train] [--more FOLDER] [--json]

DATA holds the public sets (vader_gt, clinc150, banking77, wnut17, ner_wikigold_btc). Without
`--train`, the heads that ship are read: polarity of Amazon snippets (every fifth, |score| > 0.3)
and whole entities of wnut17's development rows; and what a message costs. With `--train`, the heads
of clinc150 (its own validation rows) and banking77 (every fifth of its training rows) are trained
as `chatbot train classifier` does, which takes half an hour of two cores and goes on after a kill.
With `--more`, the folder hutto_ICWSM_2014 of vaderSentiment's source package, the heads that ship
are trained again as well, into bench/out/heads.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _report import OUT, Report, median, options

from chatbot.analysis import Analysis, Said
from chatbot.analysis.service import SHIPPED
from chatbot.backends.encoder import Encoder, missing, open_encoder
from chatbot.backends.heads import Heads, Task
from chatbot.learning.classify import recipe
from chatbot.learning.classify.rows import read
from chatbot.learning.classify.tasks import work_of
from chatbot.learning.classify.training import train
from chatbot.learning.classify.tuning import Plan
from chatbot.settings import load

FOLDER = OUT / "heads"
PLANS = {
    "clinc150": Plan(epochs=3, lower=3, rank=16, batch=48),
    "banking77": Plan(epochs=5, lower=3, rank=16, batch=48),
    "names": Plan(epochs=4, lower=3),
    "sentiment": Plan(epochs=2, lower=3, longest=48),
}
TASKS: dict[str, Task] = {"sentiment": "sentiment", "names": "entities"}
WANTED = {
    "sentiment polarity": 0.89,
    "clinc150 none found at 0.955 kept": 0.80,
    "banking77 accuracy": 0.94,
    "names F1": 0.45,
}
ROUNDS = 40
MESSAGE = (
    "Hello, the opal glass shade of my Tilda (HL-20418) has a crack from top to bottom. The box "
    "itself looked fine. We have guests on Friday and the table is dark."
)


def trained(report: Report, encoder: Encoder, name: str, task: Task, *, into: Path) -> None:
    """Train on a set's rows, and report its figures on the held-out ones."""
    rows, held = FOLDER / f"{name}.jsonl", FOLDER / f"{name}.held.jsonl"
    told = [time.monotonic()]

    def tell(done: int, steps: int, loss: float) -> None:
        if time.monotonic() - told[0] > 30 or done == steps:
            told[0] = time.monotonic()
            report.say(f"{name}: {done} of {steps} steps, loss {loss:.3f}")

    found = train(encoder, task, rows, into, test=held, plan=PLANS[name], tell=tell)
    for score, value in found.scores.items():
        figure(report, f"{name} {score}", value)


def again(report: Report, encoder: Encoder, data: Path) -> None:
    """The last step of the mood's head: the Amazon snippets alone, twice more."""
    rows = recipe.write(FOLDER / "amazon.jsonl", recipe.sentiment(data, None)[0])
    plan = Plan(epochs=2, rate=4e-4, longest=48, start=FOLDER / "again-sentiment")
    held = FOLDER / "sentiment.held.jsonl"
    found = train(encoder, "sentiment", rows, FOLDER / "again-last", test=held, plan=plan)
    for score, value in found.scores.items():
        report.add(f"sentiment again {score}", value)


def shipped(report: Report, encoder: Encoder, name: str, folder: str) -> None:
    """Figures of a head that ships, on the rows held out of its training."""
    examples, _ = read(FOLDER / f"{name}.held.jsonl", TASKS[name])
    heads = Heads(encoder)
    heads.add(folder, SHIPPED / folder)
    outputs = heads.read([example.text for example in examples], [folder])[folder]
    work = work_of(TASKS[name], examples)
    if TASKS[name] == "entities":
        work = work_of("entities", read(FOLDER / f"{name}.jsonl", "entities")[0])
    for score, value in work.score(outputs, examples)[0].items():
        figure(report, f"{name} {score}", round(value, 4))


def figure(report: Report, name: str, value: float) -> None:
    """Keep a figure; beside those that must reach something, whether they do."""
    least = WANTED.get(name)
    remark = "" if least is None else f"{'ok' if value >= least else 'SHORT'}, least {least:g}"
    report.add(name, value, "", remark)


def moods(report: Report, analysis: Analysis, tickets: Path) -> None:
    """How often the mood of the demo's tickets is the one their author gave them."""
    rows = [json.loads(line) for line in tickets.read_text("utf-8").splitlines()]
    words = ("angry", "unhappy", "neutral", "content", "happy")
    apart = []
    for row in rows:
        said = [Said(one["role"], one["text"]) for one in row["thread"]]
        mood = analysis.card(said).mood
        if mood is not None:
            apart.append(abs(words.index(mood.word) - words.index(row["mood"])))
    report.add("demo tickets: mood as given", float(np.mean(np.asarray(apart) == 0)))
    report.add("demo tickets: at most one word away", float(np.mean(np.asarray(apart) <= 1)))


def costs(report: Report, analysis: Analysis) -> None:
    """Milliseconds of a message and of a card of four messages that were never seen."""
    analysis.card([Said("customer", MESSAGE)])
    one: list[float] = []
    whole: list[float] = []
    for number in range(ROUNDS):
        text = f"{MESSAGE} It is number {number}."
        one.append(timed(lambda text=text: analysis.mood(text)))
        thread = [Said("customer", f"{MESSAGE} {number} {part}") for part in range(4)]
        whole.append(timed(lambda thread=thread: analysis.card(thread)))
    report.add("a message, all heads, median", round(median(one) * 1000, 1), "ms")
    report.add("a card of four messages, median", round(median(whole) * 1000, 1), "ms")


def timed(call: Callable[[], object]) -> float:
    """Seconds of a call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def main() -> None:
    """Measure."""
    parser = options(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--train", action="store_true", help="train clinc150 and banking77")
    parser.add_argument("--more", type=Path, help="folder hutto_ICWSM_2014: train what ships")
    asked = parser.parse_args()
    settings = load()
    encoder = open_encoder(settings)
    if encoder is None:
        raise SystemExit(missing(settings))
    report = Report("heads", as_json=asked.json)
    sets = {name: make(asked.data) for name, make in recipe.SETS.items()}
    sets["sentiment"] = recipe.sentiment(asked.data, asked.more)
    for name, (rows, held) in sets.items():
        recipe.write(FOLDER / f"{name}.jsonl", rows)
        recipe.write(FOLDER / f"{name}.held.jsonl", held)
    shipped(report, encoder, "sentiment", "sentiment")
    shipped(report, encoder, "names", "entities")
    analysis = Analysis(lambda: encoder)
    demo = Path(__file__).parents[1] / "chatbot" / "demo" / "shop" / "tickets.jsonl"
    moods(report, analysis, demo)
    costs(report, analysis)
    if asked.train:
        for name in ("clinc150", "banking77"):
            trained(report, encoder, name, "intent", into=FOLDER / name)
    if asked.more is not None:
        for name, task in TASKS.items():
            trained(report, encoder, name, task, into=FOLDER / f"again-{name}")
        again(report, encoder, asked.data)
    report.finish()


if __name__ == "__main__":
    main()
