"""POST /v1/embeddings: texts → vectors, by the sentence encoder that knowledge is searched with."""

import base64
import struct

from fastapi import FastAPI
from starlette.responses import Response

from chatbot.bootstrap import Product
from ui.api.answers import Embedding, Embeddings
from ui.api.asked import EmbeddingRequest
from ui.api.calls import Call, Load, answering
from ui.api.errors import json_answer, worded
from ui.api.fields import read

PATH = "/v1/embeddings"


def add(app: FastAPI, product: Product, load: Load) -> None:
    """Add the route to an application."""

    handler = worded(answering(product, load, _answer))
    app.add_api_route(PATH, handler, methods=["POST"], include_in_schema=False)


async def _answer(call: Call) -> Response:
    asked = read(EmbeddingRequest, call.body)
    made = await call.product.completions.embed(
        call.caller, asked.input, asked.dimensions, asked.model
    )
    await call.charge(made.tokens)
    packed = asked.encoding_format == "base64"
    data: list[Embedding] = [
        {"object": "embedding", "index": place, "embedding": _packed(one) if packed else one}
        for place, one in enumerate(made.vectors)
    ]
    answer: Embeddings = {
        "object": "list",
        "data": data,
        "model": made.model,
        "usage": {"prompt_tokens": made.tokens, "total_tokens": made.tokens},
    }
    return json_answer(answer, headers=call.headers)


def _packed(vector: list[float]) -> str:
    """32-bit floats, the lowest byte first, as OpenAI's client unpacks them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
