"""Rows of a file as one checkpoint reads them, and again without the work.

Finding the values of a text takes longer than training on it where the model is small, so what was
read is kept, as bytes. Rows whose made-up values would show in the tokens are read anew each time.
"""

from array import array

from chatbot.backends.chat_tokens import ChatTokens
from chatbot.backends.swapping import Swapping
from chatbot.learning.finetune.encoding import Unfit, encode, masked
from chatbot.learning.finetune.rows import Rows
from chatbot.learning.packing import Encoded
from chatbot.learning.shuffling import dice

KEPT = 64 * 2**20
"""Tokens of rows that are kept, of 4 bytes each."""


class Reader:
    """Reads rows for one checkpoint. `window`: the longest row in tokens, answer included."""

    def __init__(
        self, tokens: ChatTokens, swapping: Swapping | None, window: int, seed: int
    ) -> None:
        self.tokens, self.swapping, self.window = tokens, swapping, window
        self._seed = seed
        self._kept: dict[tuple[str, int], tuple[array[int], int]] = {}
        self._room = KEPT

    def read(self, rows: Rows, index: int, epoch: int = 0) -> Encoded:
        """The tokens of a row and which are learned, the same for the same seed and pass.

        Raises Unfit, also for a row that is too long: none is ever cut.
        """
        key = (rows.name, rows.line(index))
        if key in self._kept:
            ids, prompt = self._kept[key]
            return ids.tolist(), [False] * prompt + [True] * (len(ids) - prompt)
        row = rows[index]
        anew = self.swapping is None and masked(row)
        rng = dice(self._seed, *key, epoch if anew else 0)
        found = encode(row, self.tokens, self.swapping, rng)
        if len(found[0]) > self.window:
            raise Unfit(f"it has {len(found[0]):,} tokens with its answer, and {self.window:,} fit")
        if not anew:
            self._keep(key, found)
        return found

    def _keep(self, key: tuple[str, int], found: Encoded) -> None:
        ids, learn = found
        if len(ids) <= self._room:
            self._room -= len(ids)
            self._kept[key] = array("i", ids), learn.index(True)
