"""Asks a model's server who it is: the models that it lists, and one token of one of them.

What it says is data of a stranger: read up to a limit, and taken as names and numbers alone.
Knows no rows; never shows a key.
"""

import asyncio
import json
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from chatbot.backends.base import Ask
from chatbot.backends.cancel import CancelToken
from chatbot.backends.hosted import HostedChat, host_of, http_client
from chatbot.backends.provider_errors import classify
from chatbot.errors import BackendBroken, ChatbotError
from chatbot.settings import HostedModel

MOST_BYTES = 1 << 20
"""Bytes of the list of models that are read."""
MOST_MODELS = 200
PATIENCE = 10.0
"""Seconds that the list, and then the token, may take."""
_CONTEXTS = ("max_model_len", "context_length", "context_window", "n_ctx", "n_ctx_train")
"""Where servers say the context of a model: vLLM and SGLang, others, llama-server."""
_LONGEST_NAME = 200


class _Status(Exception):
    """An answer that is no list, in the form that `classify` reads."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status_code = status


@dataclass(frozen=True, slots=True)
class Offered:
    """A model that a server lists. `context` in tokens, where it says so."""

    name: str
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server told. `models` None: it lists none, `unlisted` says why.

    `model`: which one was asked; "" for none. `first_s`: seconds until it said something; None
    where it said nothing, and `wrong` why.
    """

    model: str
    models: tuple[Offered, ...] | None
    unlisted: str = ""
    first_s: float | None = None
    wrong: ChatbotError | None = None

    @property
    def answers(self) -> bool:
        """Whether the model said something."""
        return self.first_s is not None

    def context(self, model: str) -> int | None:
        """The context that the server says this model has; None where it does not say."""
        return next((one.context for one in self.models or () if one.name == model), None)


async def probe(record: HostedModel, model: str) -> Probe:
    """Ask for the list, then one token of `model`; "": of the only one that is listed.

    Takes twice PATIENCE at most; raises nothing.
    """
    models, unlisted = None, ""
    try:
        models = await asyncio.wait_for(_listed(record), PATIENCE)
    except Exception as error:  # noqa: BLE001  whatever a stranger's server brings about
        unlisted = str(classify(error, record.name, host_of(record)).error)
    if not model and models is not None and len(models) == 1:
        model = models[0].name
    if not model:
        return Probe("", models, unlisted)
    patient = {"retries": 0, "first_token_timeout": PATIENCE, "gap_timeout": PATIENCE}
    first_s, wrong = await _token(record.model_copy(update={"model": model, **patient}))
    return Probe(model, models, unlisted, first_s, wrong)


async def _token(record: HostedModel) -> tuple[float | None, ChatbotError | None]:
    """Seconds until a model said something, or why it did not."""
    try:
        model = await asyncio.to_thread(HostedChat.of, record)
        model.prepare()
        begun = time.monotonic()
        try:
            async with aclosing(model.deltas(_ask())) as deltas:
                async for _ in deltas:
                    return time.monotonic() - begun, None
        finally:
            await model.release()
    except Exception as error:  # noqa: BLE001
        return None, classify(error, record.name, host_of(record)).error
    return None, BackendBroken()


def _ask() -> Ask:
    hello = [{"role": "user", "content": "Hello"}]
    return Ask(hello, 1, (), CancelToken(), continue_final=False, options={})


async def _listed(record: HostedModel) -> tuple[Offered, ...]:
    """The models that the server lists. Raises whatever went wrong."""
    key = record.api_key.get_secret_value().strip()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    headers |= {name: value.get_secret_value() for name, value in record.headers.items()}
    address = f"{(record.base_url or '').rstrip('/')}/models"
    async with http_client(PATIENCE) as http, http.stream("GET", address, headers=headers) as came:
        if came.status_code != 200:
            raise _Status(came.status_code)
        read = bytearray()
        async for piece in came.aiter_bytes():
            read += piece
            if len(read) > MOST_BYTES:
                raise BackendBroken(f"{host_of(record)} lists more models than are read.")
    return _models(bytes(read), host_of(record))


def _models(text: bytes, host: str) -> tuple[Offered, ...]:
    """The names in an OpenAI list of models. Raises BackendBroken."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    lines = given.get("data") if isinstance(given, dict) else None
    if not isinstance(lines, list):
        raise BackendBroken(f"{host} does not list its models in OpenAI's form.")
    found = [_offered(line) for line in lines[:MOST_MODELS] if isinstance(line, dict)]
    return tuple(one for one in found if one.name)


def _offered(line: dict[str, Any]) -> Offered:
    name = line.get("id")
    meta = line.get("meta")
    places = (line, meta if isinstance(meta, dict) else {})
    said = [place.get(key) for key in _CONTEXTS for place in places]
    contexts = [one for one in said if isinstance(one, int) and 0 < one < 2**31]
    kept = name if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME else ""
    return Offered(kept, next(iter(contexts), None))
