"""Spans of turns for an OpenTelemetry collector: turn → retrieve, render, model, save.

The one room that knows OpenTelemetry (extra `otel`). Off, which is the default, a span costs a look
at a variable. On, spans are queued and leave by a thread of the library's own. They hold ids, names
and figures, and no text. Names of attributes are those of OpenTelemetry's conventions for
generative AI where there is one (`gen_ai.…`), else `chatbot.…`.

Knows no rows, and not what an answer is made of.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from chatbot import __version__
from chatbot.chain import Renderer
from chatbot.errors import SettingsInvalid

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

    import prompts

PATH = "/v1/traces"
"""Where collectors take spans by HTTP, unless an address names another path."""
EXPORT_TIMEOUT = 5.0
"""Seconds that a collector has to take a batch."""
LEAVE_WITHIN = 3.0
"""Seconds that the last spans have to leave when the server stops."""

MISSING = (
    'CHATBOT_OTEL needs OpenTelemetry, which is not installed: pip install "chatbot[otel]", '
    "or leave CHATBOT_OTEL empty."
)
NO_ADDRESS = "CHATBOT_OTEL is no address of a collector. Such as http://127.0.0.1:4318."

Value = str | int | float | bool


class _On:
    """What is there while spans are made. One of a process, as OpenTelemetry is."""

    tracer: "Tracer | None" = None
    provider: "TracerProvider | None" = None


def begin(address: str, replica: Callable[[], int | None] = lambda: None) -> None:
    """Send spans to the collector at `address` from now on; nothing where it is empty.

    Raises SettingsInvalid: it is no address, or OpenTelemetry is not installed.
    """
    if not address:
        return
    endpoint = endpoint_of(address)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsInvalid(MISSING) from None
    about: dict[str, Value] = {"service.name": "chatbot", "service.version": __version__}
    if (number := replica()) is not None:
        about["service.instance.id"] = str(number)
    end()
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _On.provider, _On.tracer = provider, provider.get_tracer("chatbot", __version__)


def end() -> None:
    """Make no more spans; those that wait leave within some seconds or not at all."""
    provider, _On.provider, _On.tracer = _On.provider, None, None
    if provider is None:
        return
    leaving = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    leaving.start()
    leaving.join(LEAVE_WITHIN)


def endpoint_of(address: str) -> str:
    """Where spans are posted to, of an address that people wrote. Raises SettingsInvalid."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        raise SettingsInvalid(NO_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsInvalid(NO_ADDRESS)
    path = parts.path if parts.path.strip("/") else PATH
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


@contextmanager
def span(name: str, attributes: Mapping[str, Value | None] | None = None) -> Iterator[None]:
    """Time what happens inside, as a part of the span around it; also in threads it starts.

    An exception marks it as failed, by its type alone, and goes on.
    """
    if _On.tracer is None:
        yield
        return
    from opentelemetry.trace import StatusCode

    with _On.tracer.start_as_current_span(
        name, attributes=_known(attributes), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def note(attributes: Mapping[str, Value | None], error: str = "") -> None:
    """Say more of the span that runs. `error`: a word; the span is marked as failed."""
    if _On.tracer is None:
        return
    from opentelemetry.trace import StatusCode, get_current_span

    current = get_current_span()
    current.set_attributes(_known(attributes))
    if error:
        current.set_status(StatusCode.ERROR, error)


def rendering(renderer: Renderer) -> Renderer:
    """The same renderer, each call of which is a span."""
    if _On.tracer is None:
        return renderer

    def rendered(
        prompt: "prompts.Prompt", values: Mapping[str, Any], chosen: Sequence[int] | None
    ) -> Sequence[Mapping[str, str]]:
        with span("render"):
            return renderer(prompt, values, chosen)

    return rendered


def model_called(
    model: str, began: float, tokens: tuple[int | None, int | None], first_at: float | None
) -> None:
    """A call of a model has just ended. `tokens`: read and written; times: monotonic clock."""
    about: dict[str, Value | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
    }
    with past("model", began, about, first_at):
        pass


@contextmanager
def past(
    name: str,
    began: float,
    attributes: Mapping[str, Value | None] | None = None,
    first_at: float | None = None,
) -> Iterator[None]:
    """A span of what has just ended; those made inside are its parts. Times: monotonic clock."""
    if _On.tracer is None:
        yield
        return
    now, clock = time.time_ns(), time.monotonic()

    def moment(at: float) -> int:
        return now - int((clock - at) * 1e9)

    with _On.tracer.start_as_current_span(
        name, start_time=moment(began), attributes=_known(attributes), end_on_exit=False
    ) as current:
        yield
        if first_at is not None:
            current.add_event("first token", timestamp=moment(first_at))
        current.end(now)


def _known(attributes: Mapping[str, Value | None] | None) -> dict[str, Value]:
    return {name: value for name, value in (attributes or {}).items() if value is not None}
