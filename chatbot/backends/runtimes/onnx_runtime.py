"""The fast runtime on a CPU: a converted model in 8-bit (or other) weights, run by onnxruntime.

Prompts are computed in pieces between the steps of the others; all requests that are past their
prompt take their steps in one batch, each at its own length. Which folder holds the model and how
it came there is `converting.py`'s affair. Knows nothing of text, messages or threads of callers.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from chatbot.backends.runtimes.base import Request, Stepped
from chatbot.backends.runtimes.drawing import Drawing, draw_all
from chatbot.backends.runtimes.graph import Graph
from chatbot.backends.runtimes.prefixes import Prefixes
from chatbot.backends.runtimes.rows import Rows
from chatbot.backends.runtimes.threads import Threads

SMALL_MODEL = 100 * 2**20
"""Bytes of weights below which a step is short, and more threads may cost more than they gain."""

MOST_THREADS = 4
"""For a small model."""

PIECE_SECONDS = 0.25
"""What a piece of a prompt may take: so long the others wait, and Stop for the next step."""

FIRST_PIECE, LEAST_PIECE, MOST_PIECE = 128, 32, 1024
"""Tokens of a piece: the first of all, and the limits of later ones."""


@dataclass(slots=True)
class _Filling:
    """A request whose prompt is being computed, in a row of its own."""

    request: Request
    drawing: Drawing
    row: Rows


class OnnxRuntime:
    """`folder` holds the converted model. `context`: tokens it was made for. `threads`: at most.

    `keep_bytes`: for caches of ended requests. Raises graph.UnsuitableGraph.
    """

    def __init__(
        self, folder: Path, precision: str, *, context: int, threads: int, keep_bytes: int
    ) -> None:
        small = sum(file.stat().st_size for file in folder.iterdir()) < SMALL_MODEL
        self._most_threads = min(threads, MOST_THREADS) if small else threads
        counts = {1, self._most_threads} if small else {self._most_threads}
        self._graphs = {count: Graph(folder, count) for count in counts}
        self._threads = Threads(self._most_threads) if small else None
        self._context = context
        self._graph = self._graphs[self._most_threads]
        self._piece = FIRST_PIECE
        self._filling: list[_Filling] = []
        self._decoding: list[tuple[Request, Drawing]] = []
        self._spare: Rows | None = None
        self._rows = self._new_rows()
        self._prefixes = Prefixes(keep_bytes)
        self.name = f"onnxruntime, {precision}, cpu"

    def start(self, request: Request) -> None:
        """Take a request in, with what is already computed of its prompt."""
        drawing = Drawing(request, self._graph.vocabulary)
        _, kept = self._prefixes.longest(request.prompt[:-1])
        row = self._new_rows()
        row.add(kept, room=len(request.prompt))
        self._filling.append(_Filling(request, drawing, row))

    def step(self) -> list[Stepped]:
        """One token for each request past its prompt, and a piece of the oldest prompt."""
        stepped = self._decode() if self._decoding else []
        if self._filling:
            filling = self._filling[0]
            try:
                stepped += self._fill(filling)
            except Exception as error:  # noqa: BLE001 (told to this request alone)
                stepped.append(Stepped(filling.request, error=error))
        return stepped

    def stop(self, request: Request) -> None:
        """Free the request's place and keep its cache for the next turn."""
        self._filling = [one for one in self._filling if one.request is not request]
        requests = [one for one, _ in self._decoding]
        if request not in requests:
            return
        index = requests.index(request)
        tokens = self._decoding[index][1].tokens
        self._decoding[index] = self._decoding[-1]
        self._decoding.pop()
        self._prefixes.put(tokens[: self._rows.lengths[index]], self._rows.row(index))
        self._rows.remove(index)
        if not self._decoding:
            self._spare, self._rows = self._rows, Rows(self._graph.shapes, self._context)

    def reset(self) -> None:
        """Drop every request and every kept cache."""
        self._filling, self._decoding, self._spare = [], [], None
        self._rows = self._new_rows()
        self._prefixes.clear()

    def _new_rows(self) -> Rows:
        """Empty; in memory that was used before where there is some, for new pages cost more."""
        spare, self._spare = self._spare, None
        return spare if spare is not None else Rows(self._graph.shapes, self._context)

    def _fill(self, filling: _Filling) -> list[Stepped]:
        """Compute the next piece of a prompt; the last piece gives the first token."""
        prompt, done = filling.request.prompt, filling.row.lengths[0]
        piece = list(prompt[done : done + self._piece])
        graph = self._graph_for(piece)
        begun = time.perf_counter()
        logits = graph.fill(filling.row, piece)
        if len(piece) >= LEAST_PIECE:
            affordable = len(piece) * PIECE_SECONDS / (time.perf_counter() - begun)
            self._piece = int(min(max(affordable, LEAST_PIECE), MOST_PIECE))
        if done + len(piece) < len(prompt):
            return []
        (token,) = draw_all(logits, [filling.drawing])
        self._filling.remove(filling)
        if self._decoding:
            self._rows.add(filling.row.view(0))
        else:
            self._rows = filling.row
        self._decoding.append((filling.request, filling.drawing))
        return [Stepped(filling.request, token, likely=filling.drawing.likely)]

    def _graph_for(self, piece: list[int]) -> Graph:
        """All threads for a long piece, for a short one those that steps do best with."""
        if self._threads is not None and len(piece) < LEAST_PIECE:
            return self._graphs[self._threads.latest]
        return self._graph

    def _decode(self) -> list[Stepped]:
        """One token for every row."""
        begun = time.perf_counter()
        count = len(self._decoding)
        graph = self._graphs[self._threads.choose(count)] if self._threads else self._graph
        logits = graph.step(self._rows, [drawing.tokens[-1] for _, drawing in self._decoding])
        if self._threads is not None:
            self._threads.took(count, time.perf_counter() - begun)
        tokens = draw_all(logits, [drawing for _, drawing in self._decoding])
        pairs = zip(self._decoding, tokens, strict=True)
        return [
            Stepped(request, token, likely=drawing.likely) for (request, drawing), token in pairs
        ]


def bytes_needed(folder: Path) -> int:
    """What loading takes: the weights in onnxruntime's own order beside the file, per session."""
    stored = sum(file.stat().st_size for file in folder.iterdir())
    return stored * 3 if stored < SMALL_MODEL else stored * 2
