"""Messages to tokens by the checkpoint's own chat template, and tokens back to text.

Text can never open a role: control tokens typed by a person, or quoted from a document, are encoded
as the characters they are made of. Knows nothing of weights or sampling.
"""

import copy
import threading
from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from chatbot.errors import BackendRefused, ModelUnavailable

ROLES = ("system", "user", "assistant")
_PROBE = "xyzzy"


class ChatTokens:
    """One tokenizer, safe to use from several threads. `ends` are the tokens that end an answer.

    Raises ModelUnavailable when the tokenizer has no chat template.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, ends: Sequence[int] = ()) -> None:
        if not tokenizer.chat_template:
            raise ModelUnavailable(
                "The checkpoint has no chat template, so it cannot chat. Choose one that was "
                "tuned for conversations."
            )
        self._tokenizer = tokenizer
        self._decoder = copy.deepcopy(tokenizer)
        self._controls = dict(
            zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True)
        )
        self._lock = threading.Lock()  # encoding changes the tokenizer while it runs
        self._takes_system = self._keeps_system()
        self.ends = frozenset({*ends, *self._markers()})

    def encode(self, messages: list[dict[str, str]], *, continue_final: bool = False) -> list[int]:
        """The prompt's tokens; with `continue_final` the last message is left open.

        Raises BackendRefused when the template does not take such messages.
        """
        for message in messages:
            if message["role"] not in ROLES:
                raise BackendRefused(f"The model knows no role named {message['role']!r:.40}.")
        if not self._takes_system:
            messages = _system_in_user(messages)
        going_on = continue_final and bool(messages[-1]["content"])
        if continue_final and not going_on:
            messages = messages[:-1]
        try:
            return self._apply(messages, going_on=going_on)
        except Exception as error:  # a template may raise anything
            raise BackendRefused(
                "The model's chat template does not take these messages: it may want questions "
                "and answers in turn."
            ) from error

    def encode_text(self, text: str) -> list[int]:
        """The tokens of a text alone, control tokens as plain characters."""
        with self._lock:
            ids: list[int] = self._tokenizer.encode(
                text, add_special_tokens=False, split_special_tokens=True
            )
            return ids

    def encode_start(self, text: str) -> list[int]:
        """The tokens of a text that nothing stands before, as the checkpoint begins texts."""
        with self._lock:
            begun: list[int] = self._tokenizer.encode(text, split_special_tokens=True)
        return begun or [self._begin()]

    def _begin(self) -> int:
        """What stands before everything."""
        named = self._tokenizer.bos_token_id
        return int(named if named is not None else min(self.ends, default=0))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these tokens without control tokens. For one thread at a time."""
        return _decoded(self._decoder, ids)

    def control(self, token: int) -> str | None:
        """The name of a control token, such as `<|user|>`; None for a piece of text."""
        return self._controls.get(token)

    def vocabulary(self) -> list[str]:
        """What each entry says alone, in the order of the ids. For one thread at a time."""
        return [self.decode([number]) for number in range(len(self._decoder))]

    def pieces(self) -> list[str]:
        """What each entry adds to a text that goes on: nothing where it is a control token."""
        with self._lock:
            before: list[int] = self._tokenizer.encode(".", add_special_tokens=False)
            start = len(_decoded(self._tokenizer, before))
            numbers = range(len(self._tokenizer))
            return [_decoded(self._tokenizer, [*before, number])[start:] for number in numbers]

    def rules(self) -> str:
        """The tokenizer as a tokenizer.json says it; empty where it is of another make."""
        fast = getattr(self._tokenizer, "backend_tokenizer", None)
        with self._lock:
            return "" if fast is None else str(fast.to_str())

    def _apply(self, messages: list[dict[str, str]], *, going_on: bool = False) -> list[int]:
        with self._lock:
            ids: list[int] = self._tokenizer.apply_chat_template(
                messages,
                add_generation_prompt=not going_on,
                continue_final_message=going_on,
                sanitize_control_tokens=True,
                return_dict=False,
            )
        return ids

    def _keeps_system(self) -> bool:
        """Whether the template shows a system message (Gemma's refuses it, others drop it)."""
        try:
            ids = self._apply([_message("system", _PROBE), _message("user", "a")])
        except Exception:  # noqa: BLE001 (a template may raise anything)
            return False
        return _PROBE in self.decode(ids)

    def _markers(self) -> set[int]:
        """Control tokens that the template writes: an answer that gives one of them is over."""
        ids = self._apply(
            [_message("user", "a"), _message("assistant", "b"), _message("user", "c")]
        )
        return set(ids) & set(self._tokenizer.all_special_ids)


def _decoded(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    text: str = tokenizer.decode(
        list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return text


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _system_in_user(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same with the system text in front of the first user message."""
    system = "\n\n".join(item["content"] for item in messages if item["role"] == "system")
    rest = [dict(item) for item in messages if item["role"] != "system"]
    first = next((item for item in rest if item["role"] == "user"), None)
    if system and first is not None:
        first["content"] = f"{system}\n\n{first['content']}"
    return rest


def named_ends(*sources: Any) -> list[int]:
    """End tokens that configurations name: a number, several, or none."""
    found: list[int] = []
    for source in sources:
        if isinstance(source, int):
            found.append(source)
        elif isinstance(source, (list, tuple)):
            found += [int(one) for one in source]
    return found
