"""Models and looks inside them → what the Models page shows, as JSON. Pure: no models, no widgets.

A token is [id, text, kind]; probabilities and weights are rounded to what can be read.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chatbot.backends.card import Facts
from chatbot.backends.registry import ModelInfo, ModelState
from chatbot.learning.inside.views import Answer, Attention, Piece, Step, Tokens
from chatbot.speeds import Speed

Json = dict[str, Any]


def model(info: ModelInfo, facts: Facts, state: ModelState, runtime: str, server: str) -> Json:
    """A line of the registry. `server`: the address of a model that runs elsewhere."""
    return {
        "label": info.label,
        "where": info.where,
        "about": info.description,
        "context": info.context,
        "tagged": info.trained_on_tags,
        "state": state.state,
        "sentence": state.sentence,
        "runtime": runtime,
        "server": server,
        "size": facts.size,
        "weights": facts.weights,
        "sampling": dict(facts.sampling),
        "figures": [[name, value] for name, value in facts.figures],
        "card": facts.has_card,
    }


def speed(found: Speed | None) -> Json:
    """How quickly a model answers; empty of one that did not lately."""
    if found is None:
        return {"answers": 0, "first": None, "speed": None}
    return {"answers": found.answers, "first": found.first_s, "speed": found.tokens_s}


def tokens(shown: Tokens) -> Json:
    """A text cut into tokens."""
    return {"tokens": _pieces(shown.pieces), "tags": _tags(shown.tags)}


def answer(shown: Answer) -> Json:
    """An answer with what could have stood in its places."""
    return {
        "steps": [_step(step) for step in shown.steps],
        "prompt": shown.prompt_tokens,
        "written": shown.written,
        "cut": shown.cut,
        "tags": _tags(shown.tags),
    }


def attention(shown: Attention) -> Json:
    """One layer; a row of a head ends with the row's own token."""
    return {
        "tokens": _pieces(shown.pieces),
        "layer": shown.layer,
        "layers": shown.layers,
        "heads": [[[round(w, 4) for w in row] for row in head] for head in shown.heads],
        "tags": _tags(shown.tags),
    }


def _step(step: Step) -> Json:
    return {
        "token": _piece(step.piece),
        "p": _share(step.probability),
        "rank": step.rank,
        "likely": [[*_piece(one.piece), _share(one.probability)] for one in step.candidates],
    }


def _pieces(pieces: Iterable[Piece]) -> list[list[Any]]:
    return [_piece(piece) for piece in pieces]


def _piece(piece: Piece) -> list[Any]:
    return [piece.id, piece.text, piece.kind]


def _share(probability: float) -> float:
    return float(f"{probability:.4g}")


def _tags(tags: Mapping[str, str]) -> list[list[str]]:
    return [[tag, value] for tag, value in tags.items()]
