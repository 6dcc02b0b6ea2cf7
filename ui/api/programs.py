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


def add(app: FastAPI, product: Product) -> None:
    """Add the routes."""
    for door in (openai, completions, responses, embeddings, conversations, drafts, metrics):
        door.add(app, product)
    schema.add(app)
