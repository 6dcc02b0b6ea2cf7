"""Who people are and what they may: logins, sessions, one-time links, and their administration.

`Accounts` is all of it. It is synchronous, and slow where a password is hashed: call it from
threads. Knows no HTTP, no cookie and no page.
"""

from chatbot.accounts.service import Accounts
from chatbot.accounts.views import Link, LinkView, PersonView, Profile, SessionView, SignedIn
from store.accounts import ROLES

__all__ = [
    "ROLES",
    "Accounts",
    "Link",
    "LinkView",
    "PersonView",
    "Profile",
    "SessionView",
    "SignedIn",
]
