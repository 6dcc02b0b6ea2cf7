"""What can stand in the way at the desk, beside chatbot.errors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot.errors import Conflict, Refused

if TYPE_CHECKING:
    from chatbot.drafting import Mark


class TextConflict(Conflict):
    """Somebody wrote meanwhile: `theirs` is the text, `who` wrote it, `version` names it."""

    code = "text_conflict"

    def __init__(self, theirs: str, who: str | None, version: int, *, sent: bool = False) -> None:
        name = who or "Somebody"
        did = "answered this ticket" if sent else "changed this text"
        super().__init__(f"{name} {did} meanwhile. Read it, then decide what to send.")
        self.theirs, self.who, self.version, self.sent = theirs, who, version, sent


class Blocked(Refused):
    """Something in a reply must be confirmed or filled in before it may leave; `marks` say what."""

    status, code = 422, "reply_blocked"

    def __init__(self, marks: Sequence["Mark"]) -> None:
        what = ", ".join(dict.fromkeys(mark.text for mark in marks))
        super().__init__(f"Not sent. Fill in or confirm first: {what}.")
        self.marks = tuple(marks)
