"""What an item of the review can be filtered by, as facets: short texts such as `rating:-1`.

An item has several; filters say which it must have and which it must not. `review_bits` keeps them
and looks them up. How far an agent changed a draft is known in steps of 1/20.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from store.review_records import Filters, State

STEPS = 20
"""Steps of a distance from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Facets of the items that are wanted: one of each of `groups`, and none of `without`."""

    groups: tuple[tuple[str, ...], ...]
    without: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Every facet that is looked at."""
        return [*(name for group in self.groups for name in group), *self.without]


def facets(item: Any) -> set[str]:
    """The facets of an item: of its row, or of a record with the same names."""
    found = {
        f"state:{item.state}",
        f"rating:{item.rating}",
        f"kind:{item.kind}",
        *(f"tag:{tag}" for tag in item.tags),
        *(f"{name}:yes" for name in ("flagged", "second", "split") if getattr(item, name)),
    }
    for name in ("model", "prompt", "mood", "topic"):
        if value := getattr(item, name):
            found.add(f"{name}:{value}")
    for name in ("number", "verdict"):
        if (value := getattr(item, name)) is not None:
            found.add(f"{name}:{value}")
    if item.distance is not None:
        found.add(f"edit:{_step(item.distance):02}")
    return found


def asked(filters: Filters, states: Sequence[State]) -> Asked:
    """What filters ask for; times are no facets."""
    groups = [tuple(f"state:{state}" for state in states)]
    for name in ("tag", "model", "prompt", "kind", "mood", "topic"):
        groups += [(f"{name}:{value}",)] if (value := getattr(filters, name)) else []
    for name in ("rating", "number", "verdict"):
        value = getattr(filters, name)
        groups += [] if value is None else [(f"{name}:{value}",)]
    if filters.least_distance is not None:
        first = _step(filters.least_distance)
        groups.append(tuple(f"edit:{step:02}" for step in range(first, STEPS + 1)))
    flags = {name: getattr(filters, name) for name in ("flagged", "second")}
    groups += [(f"{name}:yes",) for name, value in flags.items() if value]
    return Asked(
        tuple(groups), tuple(f"{name}:yes" for name, value in flags.items() if value is False)
    )


def _step(distance: float) -> int:
    return math.floor(max(0.0, min(1.0, distance)) * STEPS + 1e-9)
