"""The keys of one workspace: made, changed and revoked by administrators, counted at each call.

A key acts as a person of its own with the roles it was given; what that person may, it may, within
the models and the limits of the key. Counts are in the database, so all processes count together.
Synchronous: call it from threads. Knows no HTTP and no header.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from chatbot.accounts import ROLES
from chatbot.archive import Archive
from chatbot.audit import Audit, require_admin
from chatbot.errors import Conflict, NotFound, Refused, UnknownModel
from chatbot.keys import limiting
from chatbot.keys.counting import Counting
from chatbot.keys.errors import KeyUnknown, ModelNotAllowed
from chatbot.keys.views import Caller, KeyView, Left, Limits, NewKey, State, Usage
from store import keys
from store.records import Person

LONGEST_NAME = 60
"""Characters."""
MOST_MODELS = 50
LARGEST = 2_000_000_000
"""Largest limit; what databases keep in a whole number."""
PROMPT = "prompt:"
"""What the name of a prompt begins with where a model is asked for."""

TOKEN = re.compile(r"cb-[A-Za-z0-9_-]{43}")
REVOKED = "This key was revoked. Ask an administrator for a new one."
EXPIRED = "This key has expired. Ask an administrator for a new one."
OVER = "This key was revoked for good. Make a new one."
AHEAD = "The day on which a key expires lies ahead. Choose a later one."
TAKEN = "There is a key of this name. Choose another name, or revoke that key first."


class Keys:
    """The keys of one database. Several processes may each have one.

    Args:
        label: the full name of what a model's name stands for; raises UnknownModel.
        published: looks a published prompt up by its name; raises NotFound.
        clock: the present moment, in UTC.
    """

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        label: Callable[[str], str] = str,
        published: Callable[[str], object] = str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._label = label
        self._published = published
        self._clock = clock
        self._counting = Counting(archive, clock)

    def close(self) -> None:
        """Count what waits to be counted: the process ends."""
        self._counting.close()

    # For administrators --------------------------------------------------------------------------

    def add(
        self,
        by: Person,
        *,
        name: str,
        roles: Sequence[str] = ("chatter",),
        models: Sequence[str] = (),
        requests_minute: int = 60,
        tokens_minute: int = 0,
        requests_month: int = 0,
        tokens_month: int = 0,
        stores: bool = True,
        expires_at: datetime | None = None,
    ) -> NewKey:
        """Make a key. It can be read from the result, and never again.

        Raises Refused (name, roles, a limit or the day it expires), UnknownModel, NotFound (a
        prompt), Conflict (the name), NotAllowed.
        """
        limits = Limits(requests_minute, tokens_minute, requests_month, tokens_month)
        name, roles, models = _name(name), _roles(roles), self._known(models)
        given = _limits(limits)
        at = self._clock()
        if expires_at is not None and expires_at <= at:
            raise Refused(AHEAD)
        token = f"cb-{secrets.token_urlsafe(32)}"
        with self._archive.main.writing() as session:
            require_admin(session, by)
            if keys.is_named(session, name):
                raise Conflict(TAKEN)
            key = keys.add(
                session,
                name=name,
                roles=roles,
                token_hash=_hash_of(token),
                ends=token[-4:],
                models=models,
                limits=given,
                stores=stores,
                made_by=by.id,
                at=at,
                expires_at=expires_at,
            )
            self._audit.note_in(
                session,
                by,
                "key_added",
                "key",
                key.public_id,
                roles=", ".join(roles),
                models=", ".join(models),
                stores=stores,
            )
        return NewKey(token, _view(key, roles, None, at))

    def all(self, by: Person) -> list[KeyView]:
        """All keys with what they asked lately, those that are not revoked first, by name.

        Raises NotAllowed, StoreUnavailable.
        """
        self._counting.flush()
        at = self._clock()
        with self._archive.main.reading() as session:
            require_admin(session, by)
            return [_view(*row, at) for row in keys.every(session)]

    def find(self, by: Person, named: str) -> KeyView:
        """A key by its public id, or by the name of one that is not revoked.

        Raises NotFound, NotAllowed.
        """
        found = self.all(by)
        for one in found:
            if one.public_id == named or (one.name == named and one.revoked is None):
                return one
        raise NotFound(f"There is no key {named!r:.80}. `chatbot keys list` shows those there are.")

    def edit(
        self,
        by: Person,
        key: str,
        *,
        models: Sequence[str] | None = None,
        requests_minute: int | None = None,
        tokens_minute: int | None = None,
        requests_month: int | None = None,
        tokens_month: int | None = None,
        expires_at: datetime | Literal["never"] | None = None,
    ) -> KeyView:
        """Change what a key (public id) may, from its next call on. None leaves a thing as it is.

        Names that the key has already may stay where they stand for nothing any more.

        Raises Refused (a limit, the day it expires, a revoked key), UnknownModel, NotFound (the
        key, a prompt), NotAllowed.
        """
        at = self._clock()
        wanted: dict[str, Any] = {
            "requests_minute": requests_minute,
            "tokens_minute": tokens_minute,
            "requests_month": requests_month,
            "tokens_month": tokens_month,
        }
        wanted = {name: value for name, value in wanted.items() if value is not None}
        _limits(Limits(**wanted))
        if isinstance(expires_at, datetime) and expires_at <= at:
            raise Refused(AHEAD)
        if expires_at is not None:
            wanted["expires_at"] = None if isinstance(expires_at, str) else expires_at
        if models is not None:
            with self._archive.main.reading() as session:
                require_admin(session, by)
                had = keys.get(session, key).models
            self._known([name for name in models if name not in had])
            wanted["models"] = list(_few(models))
        with self._archive.main.writing() as session:
            require_admin(session, by)
            found = keys.get(session, key)
            if found.revoked_at is not None:
                raise Refused(OVER)
            changed = {
                name: value for name, value in wanted.items() if value != getattr(found, name)
            }
            if changed:
                keys.change(session, found, changed)
                told = {name: _told(value) for name, value in changed.items()}
                self._audit.note_in(session, by, "key_changed", "key", key, **told)
            roles = keys.owner(session, found).roles
            return _view(keys.get(session, key), roles, None, at)

    def revoke(self, by: Person, key: str) -> KeyView:
        """End a key (public id) for good; what runs for it stops within seconds.

        Raises NotFound, NotAllowed.
        """
        at = self._clock()
        with self._archive.main.writing() as session:
            require_admin(session, by)
            found = keys.get(session, key)
            if found.revoked_at is None:
                keys.revoke(session, found, at)
                self._audit.note_in(session, by, "key_revoked", "key", key)
            roles = keys.owner(session, found).roles
            return _view(keys.get(session, key), roles, None, at)

    def person(self, by: Person, key: str) -> Person:
        """The person as whom a key (public id) acts, for other services.

        Raises NotFound, NotAllowed.
        """
        with self._archive.main.reading() as session:
            require_admin(session, by)
            return keys.owner(session, keys.get(session, key))

    # For doors -----------------------------------------------------------------------------------

    def of_token(self, token: str) -> Caller:
        """Who calls with this key. Raises KeyUnknown: none, unknown, revoked or expired."""
        if not TOKEN.fullmatch(token):
            raise KeyUnknown
        with self._archive.main.reading() as session:
            found = keys.opened(session, _hash_of(token))
        if found is None:
            raise KeyUnknown
        key, person = found
        state = _state(key, self._clock())
        if state != "active":
            raise KeyUnknown(REVOKED if state == "revoked" else EXPIRED)
        return Caller(
            key=key.public_id,
            key_id=key.id,
            name=key.name,
            person=person,
            models=tuple(key.models),
            stores=key.stores,
            limits=_limits_of(key),
        )

    def begin(self, caller: Caller) -> Left:
        """Count a request that begins; what is left of this minute.

        Requests that come at once share a transaction. Raises KeyLimit: it was not counted;
        KeyUnknown: the key was forgotten meanwhile; StoreUnavailable.
        """
        return self._counting.begin(caller.key_id, caller.limits)

    def charge(self, caller: Caller, tokens: int) -> None:
        """Count the tokens of an answer when it has ended: within a second, without waiting."""
        self._counting.later(caller.key_id, tokens=tokens)

    def may_use(self, caller: Caller, model: str) -> None:
        """Let a key pass that may use a model or a prompt of this name.

        Names count for what they stand for: who may use `starter` may name its newest version, and
        who may use a version may say `starter` while that stands for it.

        Raises ModelNotAllowed.
        """
        if not caller.models or model in caller.models:
            return
        asked = self._stands_for(model)
        if asked is None or asked not in map(self._stands_for, caller.models):
            raise ModelNotAllowed(
                f"This key may not use {model!r:.80}. It may use: {', '.join(caller.models)}."
            )

    def holds(self, caller: Caller) -> bool:
        """Whether a key still opens anything. Raises StoreUnavailable."""
        with self._archive.main.reading() as session:
            return keys.holds(session, caller.key_id, self._clock())

    # Steps ---------------------------------------------------------------------------------------

    def _stands_for(self, name: str) -> str | None:
        """The full name of a model; None for a prompt, and for what is not there."""
        if name.startswith(PROMPT):
            return None
        try:
            return self._label(name)
        except UnknownModel:
            return None

    def _known(self, models: Sequence[str]) -> tuple[str, ...]:
        """Names of models and prompts that are there. Raises Refused, UnknownModel, NotFound."""
        models = _few(models)
        for name in models:
            if not name.startswith(PROMPT):
                self._label(name)
            else:
                self._published(name.removeprefix(PROMPT))
        return models


def _view(
    key: keys.Key, roles: tuple[str, ...], counted: keys.Counted | None, at: datetime
) -> KeyView:
    return KeyView(
        public_id=key.public_id,
        name=key.name,
        ends=key.ends,
        state=_state(key, at),
        roles=roles,
        models=tuple(key.models),
        limits=_limits_of(key),
        stores=key.stores,
        created=key.created_at,
        expires=key.expires_at,
        revoked=key.revoked_at,
        used=None if counted is None else counted.used_at,
        usage=Usage() if counted is None else limiting.usage(counted, at),
    )


def _limits_of(key: keys.Key) -> Limits:
    return Limits(key.requests_minute, key.tokens_minute, key.requests_month, key.tokens_month)


def _state(key: keys.Key, at: datetime) -> State:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= at else "active"


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(f"The name of a key has 1 to {LONGEST_NAME} printable characters.")
    return name


def _roles(given: Sequence[str]) -> tuple[str, ...]:
    if not given or set(given) - set(ROLES):
        raise Refused(f"A key has one or more of the roles: {', '.join(ROLES)}.")
    return tuple(role for role in ROLES if role in given)


def _few(models: Sequence[str]) -> tuple[str, ...]:
    """Each once. Raises Refused."""
    if len(models) > MOST_MODELS:
        raise Refused(f"A key names {MOST_MODELS} models at most, or none for all.")
    return tuple(dict.fromkeys(models))


def _told(value: int | list[str] | datetime | None) -> str | int:
    """What a key was given, as the record tells it."""
    if isinstance(value, int):
        return value
    if isinstance(value, list):
        return ", ".join(value) or "all"
    return "never" if value is None else value.isoformat(timespec="seconds")


def _limits(given: Limits) -> tuple[int, int, int, int]:
    found = (
        given.requests_minute,
        given.tokens_minute,
        given.requests_month,
        given.tokens_month,
    )
    if not all(0 <= one <= LARGEST for one in found):
        raise Refused(f"A limit is a whole number from 0, which is none, to {LARGEST:,}.")
    return found


def _hash_of(token: str) -> str:
    """What the database keeps of a key: 256 bits of chance need no salt."""
    return sha256(token.encode()).hexdigest()
