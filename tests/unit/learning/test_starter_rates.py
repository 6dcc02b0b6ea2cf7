"""Plans and learning rates."""

import pytest

from chatbot.learning.starter.plan import FULL, TINY, Stage
from chatbot.learning.starter.training import rate

STAGE = Stage("x", 110, {}, first_rate=1.0, last_rate=0.1, replies_only=True, warm_up=10)


def test_rate_warms_up_then_falls():
    rates = [rate(STAGE, step) for step in range(STAGE.steps)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_rate_ends_at_its_last_value():
    assert rate(STAGE, STAGE.steps) == pytest.approx(0.1)
    assert rate(STAGE, STAGE.steps + 50) == pytest.approx(0.1)


def test_steps_can_be_changed_by_name():
    shorter = FULL.with_steps({"chat": 7})
    assert [stage.steps for stage in shorter.stages] == [
        FULL.stages[0].steps,
        FULL.stages[1].steps,
        7,
        FULL.stages[3].steps,
    ]
    assert shorter.shape == FULL.shape


@pytest.mark.parametrize("plan", [FULL, TINY])
def test_windows_fit_the_context(plan):
    assert all(stage.window <= plan.shape.context for stage in plan.stages)
    assert plan.shape.hidden % plan.shape.heads == 0
