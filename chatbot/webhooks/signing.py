"""What goes over the wire: an event as JSON, signed so that its receiver can tell it is ours.

As Standard Webhooks has it (standardwebhooks.com, version 1: `webhook-id`, `webhook-timestamp`,
`webhook-signature`), so that its libraries, and OpenAI's, check what is sent here. The id stays the
same however often an event is sent: whoever remembers ids takes each event once.
"""

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A secret to sign by, as the standard writes it."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def body_of(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """An event as it is sent; `at`: when it happened."""
    told = {"type": kind, "timestamp": at.isoformat(timespec="milliseconds"), "data": dict(data)}
    return json.dumps(told, separators=(",", ":")).encode("ascii")


def headers_of(secret: str, message_id: str, moment: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt. `moment`: when it is made, in seconds since 1970."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{moment}.".encode("ascii") + body
    signature = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{signature}",
    }
