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


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of training on one mix of data.

    `passes` says how often each source goes by in one epoch; the learning rate runs
    from `first_rate` to `last_rate` on a half cosine after `warm_up` steps.
    """

    name: str
    steps: int
    passes: dict[str, float]
    first_rate: float
    last_rate: float
    replies_only: bool
    warm_up: int = 0
    window: int = 512
    batch: int = 8

    @property
    def tokens_a_step(self) -> int:
        """Positions that one step sees, padding included."""
        return self.window * self.batch


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run: the same plan and seed give the same checkpoint.

    The checkpoint is the mean of the weights at the ends of the `averaged` stages.
    """

    shape: Shape
    stages: tuple[Stage, ...]
    averaged: tuple[str, ...]
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
    "bitext": 1.0,
    "passages": 1.0,
    "topical_chat": 0.5,
    "sgd": 0.08,
    "taskmaster": 0.25,
    "handbook": 0.25,
    "web": 0.5,
    "encyclopedia": 0.3,
}
CHAT_MIX = {
    "situations": 0.35,
    "small_talk": 3.0,
    "intents": 0.3,
    "unknowns": 0.4,
    "sourceless": 0.25,
}
POLISH_MIX = {"situations": 0.1, "small_talk": 2.0, "intents": 0.1, "unknowns": 0.1}

FULL = Plan(
    shape=Shape(),
    stages=(
        Stage("language", 1000, LANGUAGE_MIX, 2e-3, 2e-3, replies_only=False, warm_up=60),
        Stage("chat", 950, CHAT_MIX, 1.5e-3, 2e-5, replies_only=True),
        Stage("polish", 100, POLISH_MIX, 6e-4, 1e-5, replies_only=True, warm_up=5),
    ),
    averaged=("chat", "polish"),
)

TINY = Plan(
    shape=Shape(vocabulary=640, hidden=32, layers=2, heads=2, feed_forward=64, context=256),
    stages=(
        Stage("language", 6, {"conversations": 0.05}, 3e-3, 1e-3, False, 2, window=128, batch=2),
        Stage("chat", 6, {"small_talk": 0.1}, 1e-3, 1e-4, replies_only=True, window=128, batch=2),
    ),
    averaged=("language", "chat"),
    save_every=2,
    report_every=1,
    tokenizer_sample=60_000,
)
