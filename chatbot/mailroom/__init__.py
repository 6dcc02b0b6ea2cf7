"""Mail ↔ tickets: new mails come to the desk, replies go out once. Speaks no protocol itself.

service.py (one door, the server's task) ─▶ fetching · sending
checking.py is the doctor's look.
"""

from chatbot.mailroom.service import Mailroom, MailState

__all__ = ["MailState", "Mailroom"]
