"""What people are called and by which address they are reached: changed by them or for them.

An e-mail address opens an account: it logs in like the login, and another server's word for it may
join that server's person to the account. So nobody gets one that is somebody's already, and where
such a server is set up nobody gives themselves one: they could wait for its owner to come.
"""

from chatbot.accounts.links import ADDRESS_TAKEN, Links
from chatbot.accounts.logins import email_of, name_of
from chatbot.accounts.views import PersonView, Profile, view
from chatbot.errors import Conflict, Refused
from store import accounts, forgetting
from store.engine import Session
from store.records import Account, Person

CHANGED = "Name or e-mail address were changed meanwhile. Load them again, then change them."
NOT_YOURS = "Your e-mail address lets you in by another server. Ask an administrator to change it."


class Profiles(Links):
    """Sessions, links, and what their people are called."""

    def set_own(self, person: Person, name: str, email: str | None, was: Profile) -> PersonView:
        """Replace one's own name and e-mail address; `was`: what they were.

        Raises Refused (name or address, or addresses are an administrator's to give), Conflict
        (somebody has the address, or it is not `was` any more), NotFound (the local person).
        """
        with self.archive.main.writing() as session:
            own = accounts.account(session, person.public_id)
            if self.joins_addresses and email_of(email) != own.email:
                raise Refused(NOT_YOURS)
            self.rewrite(session, person, own, Profile(name, email), was)
            return view(accounts.account(session, person.public_id))

    def rewrite(
        self, session: Session, by: Person, whom: Account, new: Profile, was: Profile
    ) -> None:
        """Replace somebody's name and address, and the name where it stands in texts."""
        name, email = name_of(new.name), email_of(new.email)
        user_id, old = whom.person.id, whom.person.name
        if email and email != whom.email and accounts.is_taken(session, email, but=user_id):
            raise Conflict(ADDRESS_TAKEN)
        if not accounts.set_profile(session, user_id, name, email, (was.name, was.email)):
            raise Conflict(CHANGED)
        if name != old and not accounts.is_called(session, old):
            forgetting.rename(session, old, name)
        differs = {"name": name != old, "email": email != whom.email}
        changed = ", ".join(key for key, differs_so in differs.items() if differs_so)
        if changed:
            subject = whom.person.public_id
            self.audit.note_in(session, by, "person_changed", "person", subject, changed=changed)
