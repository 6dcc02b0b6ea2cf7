"""The proof of a copy: both models compute the same for the same tokens.

The first one answers greedily; both then read prompt and answer, and their logits are compared at
every place, in float32. Where the second finds the same token likeliest at each place of the answer
it would have given the same answer itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatbot.errors import ModelCorrupt

if TYPE_CHECKING:
    from chatbot.backends.chat_tokens import ChatTokens

TOLERANCE = 1e-3
"""Largest difference of two logits, relative to the largest logit. Float32 sums in another order
differ by some 1e-6; weights of 16 bits that were rounded once more by 1e-3 and above."""
TOKENS = 12
"""Length of the greedy answers that are compared."""
TALKS: tuple[list[dict[str, str]], ...] = (
    [{"role": "user", "content": "Hello, who are you?"}],
    [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "Grüße! My parcel is late. What can I do?"},
    ],
)


@dataclass(frozen=True, slots=True)
class Proof:
    """How alike two models were. `difference`: of logits, relative to the largest one."""

    prompts: int
    tokens: int
    difference: float


def compare(first: Any, second: Any, tokens: "ChatTokens", name: str) -> Proof:
    """See that two models (transformers, float32, on the CPU) answer alike.

    Raises ModelCorrupt with `name` where they do not.
    """
    prompts = [tokens.encode(list(talk)) for talk in TALKS]
    found = [_alike(first, second, prompt, tokens.ends) for prompt in prompts]
    difference = max(one for one, _ in found)
    if difference > TOLERANCE or not all(same for _, same in found):
        raise ModelCorrupt(
            f"{name} does not answer as the model that it was made of (logits differ by "
            f"{difference:.1e} of the largest). It was not kept."
        )
    return Proof(len(prompts), TOKENS, difference)


def _alike(
    first: Any, second: Any, prompt: Sequence[int], ends: frozenset[int]
) -> tuple[float, bool]:
    import torch

    with torch.inference_mode():
        answer = _greedy(first, prompt, ends)
        one, other = (_logits(model, prompt, answer) for model in (first, second))
    if one.shape != other.shape:
        return float("inf"), False
    difference = float((one - other).abs().max() / one.abs().max().clamp_min(1e-9))
    said = range(len(one) - len(answer) - 1, len(one) - 1)
    return difference, all(int(other[at].argmax()) == int(one[at].argmax()) for at in said)


def _greedy(model: Any, prompt: Sequence[int], ends: frozenset[int]) -> list[int]:
    """The likeliest token after the likeliest: nothing of a generation config is asked."""
    answer: list[int] = []
    while len(answer) < TOKENS and not (answer and answer[-1] in ends):
        answer.append(int(_logits(model, prompt, answer)[-1].argmax()))
    return answer


def _logits(model: Any, prompt: Sequence[int], answer: Sequence[int]) -> Any:
    """Logits at each place: of prompt and answer, or of the answer where that is another text."""
    import torch

    if not model.config.is_encoder_decoder:
        return model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0]
    begun = torch.tensor([[model.config.decoder_start_token_id, *answer]])
    return model(input_ids=torch.tensor([list(prompt)]), decoder_input_ids=begun).logits[0]
