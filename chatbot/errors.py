"""The exception tree. Each error has a status and a sentence that a person can act on.

    ChatbotError
    ├── Refused            what was asked cannot be done as asked (4xx)
    │   ├── EmptyText  TextTooLong  UnstorableText  PromptInvalid  SettingsInvalid
    │   ├── NotFound  NotAllowed  Busy  UnknownModel  ContextTooSmall
    │   ├── Conflict  VersionConflict  GateClosed  Handed
    │   ├── WrongLogin  NotSignedIn  TooManyTries  TooManyTurns
    ├── NotSaved           the answer exists, the database did not take it (503)
    ├── StoreUnavailable   the database does not answer (503)
    ├── SchemaMismatch     code and database do not fit (503)
    ├── SignInFailed       another server does not vouch for somebody (502)
    └── BackendError       the model's side (5xx, or 429)
        ├── ModelUnavailable  ModelCorrupt
        ├── BackendRefused  BackendRateLimited  BackendQuota
        └── BackendTimeout  BackendBroken

Doors translate once: `status` for HTTP, `str(error)` for people, `code` for programs. Sentences
hold no conversation text and no secret, so they may be logged.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompts.lint import Problem
    from store.records import PromptVersion


class ChatbotError(Exception):
    """Base of everything a person may be told. `status` is an HTTP status, `code` a stable name."""

    status: int = 500
    code: str = "error"
    sentence: str = "Something went wrong. Try again."

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


class Refused(ChatbotError):
    """The request cannot be carried out as it stands."""

    status, code = 400, "refused"


class EmptyText(Refused):
    """Nothing but white space was sent."""

    code, sentence = "empty_text", "The message is empty. Write something and send it again."


class TextTooLong(Refused):
    """The text is over the limit of one message."""

    status, code = 413, "text_too_long"
    sentence = "The message is too long. Shorten it or send it in parts."


class UnstorableText(Refused):
    """The text holds a NUL or half a surrogate pair, which databases do not keep."""

    code = "unstorable_text"
    sentence = (
        "The message holds a character that cannot be stored (NUL or a broken one). Remove it."
    )


class PromptInvalid(Refused):
    """A template or one of its values is wrong; `problems` are all that were found, by place."""

    status, code, sentence = 422, "prompt_invalid", "The prompt cannot be rendered."

    def __init__(self, sentence: str | None = None, problems: Sequence["Problem"] = ()) -> None:
        super().__init__(sentence)
        self.problems = tuple(problems)


class SettingsInvalid(Refused):
    """A setting is missing or contradicts another."""

    code, sentence = "settings_invalid", "A setting is wrong. `chatbot doctor` says which."


class NotFound(Refused):
    """No such thing, or not this person's: the two are never told apart."""

    status, code, sentence = 404, "not_found", "That does not exist, or it was deleted."


class NotAllowed(Refused):
    """The person has none of the roles that this needs."""

    status, code = 403, "not_allowed"
    sentence = "Your role does not open this page. Ask an administrator for it."


class Busy(Refused):
    """An answer is running and one message waits already."""

    status, code = 409, "busy"
    sentence = "An answer is being written and one message waits. Stop it or wait for it."


class Conflict(Refused):
    """It contradicts what is stored, often because somebody else changed it meanwhile."""

    status, code = 409, "conflict"
    sentence = "Somebody else changed this meanwhile. Load it again, then change it."


class VersionConflict(Conflict):
    """Somebody saved a version (`theirs`) since the one that this change began from."""

    code = "version_conflict"

    def __init__(self, theirs: "PromptVersion") -> None:
        super().__init__(
            f"{theirs.author} saved version {theirs.seq} meanwhile. Nothing was overwritten: "
            "compare the two, then save yours as the next version or take theirs."
        )
        self.theirs = theirs


class Handed(Refused):
    """A person answers in this conversation, so no model does."""

    status, code = 409, "handed"
    sentence = "A colleague answers here. Let the assistant answer again first."


class GateClosed(Conflict):
    """What production asks of a version or a model is not met; `reasons` are sentences."""

    code = "gate_closed"

    def __init__(self, reasons: Sequence[str], outcome: str = "Not published.") -> None:
        super().__init__(f"{outcome} {' '.join(reasons)}")
        self.reasons = tuple(reasons)


class WrongLogin(Refused):
    """Name and password do not open an account. One sentence for every cause."""

    status, code = 401, "wrong_login"
    sentence = "Name or password is wrong."


class NotSignedIn(Refused):
    """Nobody is logged in, or no longer."""

    status, code = 401, "not_signed_in"
    sentence = "You are not logged in, or no longer. Log in, then try again."


class TooManyTries(Refused):
    """Too many wrong passwords; `retry_after` is in seconds."""

    status, code = 429, "too_many_tries"
    sentence = "Too many tries."

    def __init__(self, sentence: str | None = None, retry_after: float = 60) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class TooManyTurns(Refused):
    """A person asks more than the workspace allows; `retry_after` is in seconds."""

    status, code = 429, "too_many_turns"
    sentence = "You asked a lot in a short time. Wait a minute, then send this again."

    def __init__(self, sentence: str | None = None, retry_after: float = 60) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class UnknownModel(Refused):
    """No model of that name."""

    status, code = 404, "unknown_model"
    sentence = "There is no such model. `chatbot models list` shows those there are."


class ContextTooSmall(Refused):
    """System text, passages and the last message alone exceed the model's context."""

    status, code = 413, "context_too_small"
    sentence = "The message does not fit this model. Shorten it or choose a larger model."


class NotSaved(ChatbotError):
    """The answer stands on the page only."""

    status, code = 503, "not_saved"
    sentence = "Not saved. Keep this page open and choose Save again."


class StoreUnavailable(ChatbotError):
    """The database does not answer, is locked or is full."""

    status, code = 503, "store_unavailable"
    sentence = "The database does not answer. Nothing was lost; try again in a moment."


class SchemaMismatch(ChatbotError):
    """The schema is older or newer than the code."""

    status, code = 503, "schema_mismatch"
    sentence = "The database does not fit this version. Run `chatbot db upgrade`."


class SignInFailed(ChatbotError):
    """Another server (OpenID Connect) did not vouch for somebody.

    `why` is a word of ours: what did not fit, or `silent` when the server did not answer.
    """

    status, code = 502, "sign_in_failed"
    sentence = "The sign-in failed. Try again."

    def __init__(self, *, why: str) -> None:
        super().__init__()
        self.why = why


class BackendError(ChatbotError):
    """Something on the model's side."""

    status, code, sentence = 502, "backend_error", "The model failed. Try again."


class ModelUnavailable(BackendError):
    """The model cannot be loaded or is not there."""

    status, code = 503, "model_unavailable"
    sentence = "The model cannot be loaded. `chatbot doctor` says why."


class ModelCorrupt(BackendError):
    """A file of the checkpoint does not have its checksum."""

    status, code = 503, "model_corrupt"
    sentence = "The model's files are damaged (checksum). Install it again."


class BackendRefused(BackendError):
    """The endpoint is not there, or does not take our request."""

    code, sentence = (
        "backend_refused",
        "The model's server refused the request. Check its settings.",
    )


class BackendRateLimited(BackendError):
    """Too many requests; `retry_after` is in seconds where the server said so."""

    status, code = 429, "rate_limited"
    sentence = "The model's server is busy. Try again in a moment."

    def __init__(self, sentence: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class BackendQuota(BackendError):
    """The account with the provider is used up: trying again does not help."""

    status, code = 402, "quota"
    sentence = "The provider's quota is used up. Choose another model or ask your administrator."


class BackendTimeout(BackendError):
    """No first token, or no next one, within the limit."""

    status, code, sentence = 504, "timeout", "The model did not answer in time. Try again."


class BackendBroken(BackendError):
    """The stream broke off or made no sense."""

    code, sentence = "broken", "The connection to the model broke off. Try again."
