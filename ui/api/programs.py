"""Every door for programs, added to an application: /v1, /api, their document, /metrics."""

from fastapi import FastAPI

from chatbot.bootstrap import Product
from ui.api import (
    completions,
    conversations,
    drafts,
    embeddings,
    metrics,
    openai,
    responses,
    schema,
)
from ui.api.calls import Load


def add(app: FastAPI, product: Product) -> None:
    """Add the routes."""
    load = Load()
    for model_door in (openai, completions, responses, embeddings, drafts):
        model_door.add(app, product, load)
    for door in (conversations, metrics):
        door.add(app, product)
    schema.add(app)
