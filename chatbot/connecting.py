"""Models behind an API that administrators connect while the server runs.

    probe ─▶ who is there? the models that the server lists, one token of one
    connect ─▶ a row; every process that shares the database lists the model within `FRESH` seconds

Knows rows and records of settings; what a model says is the backends' affair. A key is kept as it
is, for it has to be sent, and is never shown, logged or exported again.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from chatbot.archive import Archive
from chatbot.audit import Audit, require_admin
from chatbot.believed import Believed
from chatbot.errors import Conflict, Refused
from chatbot.settings import HostedModel, is_loopback
from store import connected
from store.engine import Session
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.probing import Probe

log = logging.getLogger(__name__)

Kind = Literal["vllm", "sglang", "ray", "llama-server", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CONTINUES = frozenset({"vllm", "sglang", "ray"})
"""Kinds that go on from a final message of the assistant's: `continue_final_message`."""
FRESH = 1.0
"""Seconds for which what the database said is believed."""
LEAST = 256
"""Tokens of the smallest context that a model can have here."""
CONTEXT = 8192
"""Tokens of a context that neither a person nor the server named."""
UNNAMED = "-"
"""The model in a record of a form that names none yet."""
KEPT = "…"
"""In place of a key: the one that is stored stays."""

TAKEN = "{name} is the name of a model that is here already. Choose another one."
OTHER_ADDRESS = "The address is another one now, so the key has to be typed again."
SERVES = "{name} answers in production or is the model of the settings. Let another answer first."


class Form(BaseModel):
    """What an administrator fills in. `context` 0: what the server says. `key` "…": as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)
    address: str = Field(min_length=1, max_length=500)
    model: str = Field("", max_length=200)
    kind: Kind = "other"
    key: str = Field("", max_length=2000, repr=False)
    context: int = Field(0, ge=0, le=100_000_000)
    max_tokens: int = Field(1024, ge=1, le=1_000_000)
    mask: bool = True

    @property
    def is_open(self) -> bool:
        """Whether what is sent to the address can be read on the way."""
        parts = urlsplit(self.address)
        return parts.scheme == "http" and not is_loopback(parts.hostname or "")

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return checked(value)


@dataclass(frozen=True, slots=True)
class ConnectedModel:
    """A connected model as administrators see it: without its key. `context` in tokens."""

    name: str
    model: str
    kind: Kind
    address: str
    context: int
    max_tokens: int
    mask: bool
    has_key: bool
    made_by: str | None
    changed_at: datetime

    @property
    def label(self) -> str:
        """`name@model`."""
        return f"{self.name}@{self.model}"


def checked(address: str) -> str:
    """The base address of a server, without a slash at its end. Raises ValueError.

    A private or loopback address is allowed, for that is where model servers are; a link-local one
    is not, for there the clouds keep the secrets of their machines.
    """
    address = address.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("The address is none. Write it as http://host:8000/v1.") from None
    if parts.scheme not in ("http", "https") or not host or not address.isprintable():
        raise ValueError("The address begins with http:// or https://, as http://host:8000/v1.")
    if parts.username is not None or parts.query or parts.fragment or " " in address:
        raise ValueError("The address has no user name, no ? and no #. The key goes beside it.")
    if _is_link_local(host):
        raise ValueError("No model answers at a link-local address.")
    return address


def read(**given: Any) -> Form:
    """A form. Raises Refused with a sentence about the first thing that is wrong."""
    try:
        return Form(**given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        reason = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        where = str(first["loc"][0]) if first["loc"] else "the model"
        own = first["type"] == "value_error"
        raise Refused(f"{reason}." if own else f"{where}: {reason}.") from None


class Connecting:
    """Connects models and tells which there are. Methods may be called from any thread.

    `others`: names of the models that are not connected here. `needed`: names of those that answer
    unless another is chosen.
    """

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        *,
        others: Callable[[], Collection[str]] = tuple,
        needed: Callable[[], Collection[str]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._others = others
        self._needed = needed
        self._known: Believed[tuple[HostedModel, ...]] = Believed(self._ask, (), FRESH, clock)

    def records(self) -> tuple[HostedModel, ...]:
        """The connected models as the registry takes them, at most `FRESH` seconds old.

        While the database does not answer they are what they were.
        """
        return self._known.get()

    def all(self, by: Person) -> list[ConnectedModel]:
        """The connected models, by name. Raises NotAllowed, StoreUnavailable."""
        with self._archive.main.reading() as session:
            require_admin(session, by)
            return [_view(row) for row in connected.every(session)]

    async def probe(self, by: Person, form: Form) -> "Probe":
        """What the server in a form says now; nothing is stored, seconds may pass.

        Raises NotAllowed, StoreUnavailable.
        """
        from chatbot.backends.probing import probe

        record = await asyncio.to_thread(self._record, by, form)
        return await probe(record, form.model)

    async def connect(self, by: Person, form: Form) -> ConnectedModel:
        """Connect a model, or change the one of this name. The server is asked what is left open.

        Raises:
            Refused: no model was named and the server does not list exactly one, or the key that is
                stored is that of another address.
            Conflict: the name is another model's.
            NotAllowed, StoreUnavailable: nothing was stored.
        """
        if not (form.model and form.context):
            form = completed(form, await self.probe(by, form))
        return await asyncio.to_thread(self._store, by, form)

    def disconnect(self, by: Person, name: str) -> None:
        """Take a model off the list; its server is not touched.

        Raises NotFound, NotAllowed, StoreUnavailable, or Conflict: it is the one that answers.
        """
        if name in self._needed() and any(one.name == name for one in self.all(by)):
            raise Conflict(SERVES.format(name=name))
        with self._archive.main.writing() as session:
            require_admin(session, by)
            connected.remove(session, name)
            self._audit.note_in(session, by, "model_disconnected", "model", name)
        self._known.forget()

    def _store(self, by: Person, form: Form) -> ConnectedModel:
        if form.name in self._others():
            raise Conflict(TAKEN.format(name=form.name))
        kept = form.model_dump(exclude={"name", "key"})
        secret = None if form.key == KEPT else form.key.strip()
        with self._archive.main.writing() as session:
            require_admin(session, by)
            if secret is None and _stored_key(session, form) is None:
                raise Refused(OTHER_ADDRESS)
            connected.save(session, form.name, kept, secret, by.id)
            host = urlsplit(form.address).netloc
            self._audit.note_in(
                session, by, "model_connected", "model", form.name, host=host, server=form.kind
            )
            made = next(row for row in connected.every(session) if row.name == form.name)
        self._known.forget()
        return _view(made)

    def _record(self, by: Person, form: Form) -> HostedModel:
        """The form as a record, with the stored key where the form keeps it."""
        with self._archive.main.reading() as session:
            require_admin(session, by)
            stored = _stored_key(session, form)
        return _hosted(form, (stored or "") if form.key == KEPT else form.key)

    def _ask(self) -> tuple[HostedModel, ...]:
        with self._archive.main.reading() as session:
            return records_of(session)


def _stored_key(session: Session, form: Form) -> str | None:
    """The key that is stored for the address of a form; None where another address has it.

    Else whoever may connect could send the stored key to a server of their own.
    """
    stored = next((row for row in connected.every(session) if row.name == form.name), None)
    same = stored is not None and stored.settings.get("address") == form.address
    return stored.secret if stored is not None and same else None


def records_of(session: Session) -> tuple[HostedModel, ...]:
    """The connected models as the registry takes them."""
    found = map(_known, connected.every(session))
    return tuple(record for record in found if record is not None)


def completed(form: Form, found: "Probe") -> Form:
    """The form with the model and the context that the server named. Raises Refused."""
    model = form.model or found.model
    if not model:
        shown = ", ".join(one.name for one in (found.models or ())[:5])
        reason = f"It lists {shown}" if shown else found.unlisted or "It lists none"
        raise Refused(f"Say which model of the server is meant. {reason.rstrip('.')}.")
    context = max(LEAST, form.context or found.context(model) or CONTEXT)
    longest = min(form.max_tokens, context // 2)
    return form.model_copy(update={"model": model, "context": context, "max_tokens": longest})


def _hosted(form: Form, key: str) -> HostedModel:
    return HostedModel(
        name=form.name,
        model=form.model or UNNAMED,
        base_url=form.address,
        api_key=SecretStr(key.strip()),
        context=max(LEAST, form.context or CONTEXT),
        max_tokens=form.max_tokens,
        mask=form.mask,
        prefill=form.kind in CONTINUES,
    )


def _known(row: connected.Connected) -> HostedModel | None:
    """The record of a row; None where another version wrote it in a way that is not understood."""
    try:
        return _hosted(Form(name=row.name, **row.settings), row.secret)
    except (ValidationError, TypeError):
        log.warning("the connected model %s cannot be read; connect it again", row.name)
        return None


def _view(row: connected.Connected) -> ConnectedModel:
    form = Form.model_construct(name=row.name, **row.settings)
    return ConnectedModel(
        name=row.name,
        model=form.model,
        kind=form.kind,
        address=form.address,
        context=form.context,
        max_tokens=form.max_tokens,
        mask=form.mask,
        has_key=bool(row.secret),
        made_by=row.made_by,
        changed_at=row.changed_at,
    )


def _is_link_local(host: str) -> bool:
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        try:  # one number, hexadecimal or with parts left out, as resolvers read it too
            found = ip_address(socket.inet_aton(host))
        except OSError:
            return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_link_local)
