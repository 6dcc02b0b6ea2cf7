"""The sizes, stages and rates of a run of the recipe; knows no data and no tensors."""

from dataclasses import dataclass, replace

SEED = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """The model's shape (Llama style, tied embeddings); all sizes in units of their own."""

    vocabulary: int = 8192
    hidden: int = 384
    layers: int = 6
    heads: int = 6
    feed_forward: int = 1024
    context: int = 1024
    rope_theta: float = 100_000.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of training on one mix of data.

    `passes` says how often each source goes by in one epoch; the learning rate runs
    from `first_rate` to `last_rate` on a half cosine after `warm_up` steps. A stage with
    `exercises` has no sources: so many steps make an epoch, and after `easy` epochs the
    exercises become harder for as many. In a stage with sources, `practice` is the share of
    windows that hold exercises: without them looking up is unlearned (LOG.md).
    """

    name: str
    steps: int
    passes: dict[str, float]
    first_rate: float
    last_rate: float
    replies_only: bool
    warm_up: int = 0
    window: int = 512
    batch: int = 16
    exercises: int = 0
    easy: int = 1
    practice: float = 0.0

    @property
    def tokens_a_step(self) -> int:
        """Positions that one step sees, padding included."""
        return self.window * self.batch


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run: the same plan and seed give the same checkpoint."""

    shape: Shape
    stages: tuple[Stage, ...]
    seed: int = SEED
    save_every: int = 100
    report_every: int = 10
    tokenizer_sample: int = 4_000_000

    @property
    def steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stages)

    def with_steps(self, steps: dict[str, int]) -> "Plan":
        """Return the plan with other numbers of steps for the named stages."""
        stages = tuple(replace(s, steps=steps.get(s.name, s.steps)) for s in self.stages)
        return replace(self, stages=stages)


LANGUAGE_MIX = {
    "conversations": 1.0,
    "bitext": 0.6,
    "passages": 1.0,
    "topical_chat": 0.5,
    "sgd": 0.08,
    "taskmaster": 0.15,
    "handbook": 0.25,
    "web": 0.5,
    "encyclopedia": 0.3,
    "quotations": 1.0,
    "public_quotations": 0.5,
    "recalls": 0.5,
}
CHAT_MIX = {
    "situations": 1.0,
    "small_talk": 1.0,
    "quotations": 1.0,
    "public_quotations": 0.6,
    "recalls": 0.6,
    "unknowns": 0.1,
    "sourceless": 0.15,
}

POLISH_MIX = {
    "situations": 0.6,
    "small_talk": 2.0,
    "recalls": 0.6,
    "quotations": 0.2,
    "public_quotations": 0.1,
    "unknowns": 0.15,
    "sourceless": 0.1,
}

FULL = Plan(
    shape=Shape(),
    stages=(
        Stage(
            "copying", 240, {}, 1.5e-3, 1e-3, True, 10, window=256, batch=64, exercises=10, easy=5
        ),
        Stage("language", 250, LANGUAGE_MIX, 1.2e-3, 1.2e-3, False, warm_up=10, practice=0.3),
        Stage("chat", 450, CHAT_MIX, 1.0e-3, 2e-5, replies_only=True, practice=0.2),
        Stage("polish", 380, POLISH_MIX, 9e-4, 1e-5, replies_only=True, warm_up=10, practice=0.15),
    ),
)

TINY = Plan(
    shape=Shape(vocabulary=640, hidden=40, layers=3, heads=5, feed_forward=64, context=256),
    stages=(
        Stage("copying", 4, {}, 3e-3, 1e-3, True, 2, window=64, batch=2, exercises=2),
        Stage("language", 4, {"conversations": 0.05}, 3e-3, 1e-3, False, 2, window=128, batch=2),
        Stage("chat", 4, {"small_talk": 0.1}, 1e-3, 1e-4, True, window=128, batch=2, practice=0.2),
    ),
    save_every=2,
    report_every=1,
    tokenizer_sample=60_000,
)
