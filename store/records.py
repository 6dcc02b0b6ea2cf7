"""What queries return: plain frozen values, safe to hand to another thread. Never rows.

`id` is the internal number and stays inside chatbot; `public_id` is what people, pages and URLs
see. All times are aware and in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who owns conversations. `roles`: chatter, agent, author, reviewer, admin.

    `program`: who acts by a key, whose own limits count in the place of a person's.
    """

    id: int
    public_id: str
    name: str
    roles: tuple[str, ...]
    program: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A person as administrators see them. `has_identity`: known to another server (OpenID)."""

    person: Person
    login: str | None
    email: str | None
    active: bool
    has_password: bool
    has_identity: bool
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is checked against. `password_hash` None: no password opens this account."""

    user_id: int
    login: str
    password_hash: str | None = field(repr=False)
    active: bool


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A browser in which a person is signed in."""

    id: int
    public_id: str
    user_id: int
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    address: str
    agent: str


LinkKind = Literal["invite", "reset", "first"]


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link that sets a password once. A `first` one has no person yet."""

    kind: LinkKind
    user_id: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """Wrong sign-ins in a row, and the moment until which the next one is refused."""

    count: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class TurnCount:
    """Turns that a person began in a minute and in a day, and when those began."""

    minute_from: datetime
    minute_turns: int
    day_from: datetime
    day_turns: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """A tree of messages. `head_id`: the leaf being shown; `version`: of the prompt, pinned."""

    id: int
    public_id: str
    user_id: int
    channel: str
    title: str
    pinned: bool
    prompt: str
    release_id: int | None
    version: str | None
    model: str
    head_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `sequence` orders a conversation; clocks do not."""

    id: int
    public_id: str
    conversation_id: int
    parent_id: int | None
    sequence: int
    role: str
    content: str
    status: str
    error: str | None
    turn_key: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Siblings:
    """Where a message stands among the versions of it. `index` counts from 1."""

    index: int
    count: int
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """One model call: what was asked of which model, and what it cost. Times in seconds."""

    message_id: int
    attempt: int
    prompt: str
    version: str | None
    release_id: int | None
    model: str
    parameters: dict[str, Any]
    inputs: dict[str, Any]
    rendered_hash: str
    history_ids: list[int] = field(default_factory=list)
    passages: list[Any] = field(default_factory=list)
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    first_token_s: float | None = None
    total_s: float | None = None
    error: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A person's judgement of a reply: `rating` is +1 or -1."""

    message_id: int
    user_id: int
    rating: int
    reasons: tuple[str, ...]
    better: str | None


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """An immutable prompt version, named by the hash of its closure. `seq` counts per prompt."""

    sha: str
    prompt: str
    seq: int
    kind: str
    source: str
    partials: dict[str, str]
    examples: list[Any] | None
    author: str
    note: str
    parent: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """Which versions, with which weights, an environment serves from `created_at` on.

    `previous`: what rolling back returns to; `run`: public id of the test run behind it;
    `override`: why it was published although the gate was closed, "" where it was open.
    """

    id: int
    public_id: str
    prompt: str
    environment: str
    weights: dict[str, int]
    actor: str
    reason: str
    created_at: datetime
    previous: int | None = None
    run: str | None = None
    override: str = ""


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A prompt's name and kind, and how many versions it has had."""

    name: str
    kind: str
    versions: int
    archived: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    """What a list shows of a version: everything but its texts."""

    sha: str
    prompt: str
    seq: int
    kind: str
    author: str
    note: str
    parent: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PromptTests:
    """The test cases of a prompt as written; `sha` names the text, `cases` counts them."""

    sha: str
    prompt: str
    source: str
    cases: int
    author: str
    created_at: datetime


RunStatus = Literal["running", "complete", "stopped", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class TestRun:
    """One run of a suite (`tests`, `injection`). `columns`: `[version, model]`, each.

    `repeat` None: as each case says. `grader` names the version that judged, "" for none. `done` of
    `total` cells (a case under a version and a model) have a result.
    """

    id: int
    public_id: str
    prompt: str
    suite: str
    tests_sha: str
    grader: str
    repeat: int | None
    columns: list[list[str]]
    status: RunStatus
    total: int
    done: int
    actor: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TestResult:
    """One cell of a run. `passes` of `repeats` outputs passed; `outputs` are plain JSON."""

    version: str
    model: str
    case_no: int
    name: str
    critical: bool
    repeats: int
    passes: int
    status: Literal["passed", "failed", "error"]
    outputs: list[Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result. `message` is None when the title matched; the snippet marks what matched."""

    conversation: str
    title: str
    message: str | None
    role: str | None
    snippet: list[tuple[str, bool]]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision of the tables (None: no tables) and the one this program needs."""

    current: str | None
    head: str
    ok: bool


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What `doctor` shows: which library, how commits are made safe, and why so."""

    dialect: str
    library: str
    journal: str
    reason: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whom. People stand in it by public id; their names are None when forgotten.

    `actor_id` None: the program itself. `subject` is a person's public id where `kind` is `person`.
    """

    id: int
    public_id: str
    at: datetime
    actor_id: str | None
    actor: str | None
    action: str
    kind: str
    subject: str
    subject_name: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the workspace. `changed_by` is a name; None when that person is forgotten."""

    name: str
    value: dict[str, Any]
    version: int
    changed_at: datetime
    changed_by: str | None
