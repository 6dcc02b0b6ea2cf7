"""What stands in the way of a program with a key, beside chatbot.errors."""

from typing import Literal

from chatbot.errors import NotAllowed, Refused

Limit = Literal["requests a minute", "tokens a minute", "requests a month", "tokens a month"]


class KeyUnknown(Refused):
    """No key that opens anything: none was sent, or it is unknown, revoked or expired."""

    status, code = 401, "key_unknown"
    sentence = "There is no such key. Check it, or ask an administrator for a new one."


class KeyLimit(Refused):
    """A key asked as much as it may: `most` of `limit`; `retry_after` is in seconds."""

    status, code = 429, "key_limit"

    def __init__(self, sentence: str, most: int, limit: Limit, retry_after: float) -> None:
        super().__init__(sentence)
        self.most = most
        self.limit = limit
        self.retry_after = retry_after


class ModelNotAllowed(NotAllowed):
    """A key names a model or a prompt that it may not use."""

    code = "model_not_allowed"


class RoleMissing(NotAllowed):
    """A key has none of the roles that this needs."""

    code = "role_missing"
