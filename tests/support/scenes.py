"""Short scenes with a product: ask and wait, read back what is stored."""

from typing import Any

from chatbot.bootstrap import Product
from chatbot.turn import Turn


async def ask(
    product: Product, text: str, conversation: str | None = None, key: str = "k", **more: Any
) -> Turn:
    """Send a message and wait for the end of its answer."""
    turn = await product.chat.start_turn(product.person(), conversation, text, key, **more)
    return await turn.finished()


def texts(product: Product, conversation: str) -> list[tuple[str, str, str]]:
    """Role, text and status of the messages of the current branch."""
    view = product.conversations.open(product.person(), conversation)
    return [(message.role, message.text, message.status) for message in view.messages]
