"""The application on Ray Serve: a local model behind OpenAI's contract, grown and shrunk by Ray.

serve run chatbot.cluster.app:build model=starter most=4      on a cluster of one's own
chatbot cluster serve                                         on this machine, or --address
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chatbot import settings as configuration
from chatbot.cluster.joining import ray_library
from chatbot.cluster.writing import Door, Writer
from chatbot.errors import Refused

NAME = "chatbot"


class Arguments(BaseModel):
    """How large. `least` and `most`: processes that hold the model. `answers`: how many each is to
    write at a time before Ray starts another. `processors`: of each process.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "starter"
    least: int = Field(1, ge=1, le=10_000)
    most: int = Field(4, ge=1, le=10_000)
    answers: float = Field(8, gt=0, le=10_000)
    processors: float = Field(1, ge=0, le=1024)
    upscale_s: float = Field(10, ge=0, le=3600)
    downscale_s: float = Field(120, ge=0, le=86_400)


def build(given: dict[str, Any] | None = None) -> Any:
    """The application, as `serve run` takes it. Raises Refused, SettingsInvalid."""
    ray_library(at_home=False)
    from ray import serve

    asked = Arguments.model_validate(given or {})
    if asked.least > asked.most:
        raise Refused("`least` is larger than `most`.")
    settings = configuration.load()
    writers = serve.deployment(
        Writer,
        name="Writer",
        ray_actor_options={"num_cpus": asked.processors},
        max_ongoing_requests=max(1, round(asked.answers * 4)),
        autoscaling_config={
            "min_replicas": asked.least,
            "max_replicas": asked.most,
            "target_ongoing_requests": asked.answers,
            "upscale_delay_s": asked.upscale_s,
            "downscale_delay_s": asked.downscale_s,
        },
        graceful_shutdown_timeout_s=30,
    ).bind(
        asked.model,
        str(settings.models_folder),
        settings.runtime,
        str(settings.conversions_folder),
    )
    door = serve.deployment(
        serve.ingress(_application)(Door),
        name="Door",
        ray_actor_options={"num_cpus": 0},
        max_ongoing_requests=10_000,
    )
    return door.bind(writers, settings.cluster_key.get_secret_value())


def _application() -> Any:
    """What Ray Serve calls for the application of a Door."""
    return _asgi


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    """What Ray Serve hands requests to: the Door of this process answers them."""
    from ray import serve

    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await serve.get_replica_context().servable_object.serve(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        told = await receive()
        await send({"type": f"{told['type']}.complete"})
        if told["type"] == "lifespan.shutdown":
            return
