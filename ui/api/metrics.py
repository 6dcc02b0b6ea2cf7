"""`/metrics` for Prometheus: open to this machine, elsewhere with an administrator's key.

What comes through a proxy is from elsewhere, also where the proxy stands on this machine. Counts,
names of models and prompts; nothing of a conversation.
"""

import asyncio
from ipaddress import ip_address

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError
from ui.api.keyed import keyed

PATH = "/metrics"
PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers by which a proxy says for whom it asks."""


def add(app: FastAPI, product: Product) -> None:
    """Add the route to an application."""

    async def metrics(request: Request) -> Response:
        try:
            if not from_here(request):
                await keyed(product, request, ("admin",))
        except ChatbotError as error:
            bearer = {"www-authenticate": "Bearer"} if error.status == 401 else None
            return PlainTextResponse(f"{error}\n", error.status, headers=bearer)
        accept = request.headers.get("accept", "")
        body, kind = await asyncio.to_thread(product.monitoring.metrics, accept)
        return Response(body, media_type=kind, headers={"cache-control": "no-store"})

    app.add_api_route(PATH, metrics, methods=["GET"], include_in_schema=False)


def from_here(request: Request) -> bool:
    """Whether somebody on this machine asks, and for themselves."""
    if request.client is None or any(name in request.headers for name in PASSED_ON):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
