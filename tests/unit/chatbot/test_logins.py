"""How logins, names, addresses and roles are spelled."""

import pytest

from chatbot.accounts.logins import NOT_PEOPLE, email_of, login_of, name_of, one_line, roles_of
from chatbot.errors import Refused


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada.L ", "ada.l"),
        ("ADA@Example.org", "ada@example.org"),
        ("Ⅸth", "ixth"),
        ("Straße", "strasse"),
        ("x" * 100, "x" * 100),
    ],
)
def test_logins_have_one_spelling(typed, kept):
    assert login_of(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", " ", "a", ".a", "-rf", "a b", "a\nb", "a\x00b", "a/b", "<a>", "x" * 101, "\ud800a"],
)
def test_what_is_no_login_is_refused(typed):
    with pytest.raises(Refused, match="A login has"):
        login_of(typed)


def test_names_are_one_line():
    assert name_of("  Ada \n Lovelace ") == "Ada Lovelace"


@pytest.mark.parametrize("typed", ["", "\n", "x" * 61, "a\x00", "a\x1b[31m", "a\u202eb", "\ud800"])
def test_what_is_no_name_is_refused(typed):
    with pytest.raises(Refused, match="A name has"):
        name_of(typed)


@pytest.mark.parametrize("name", NOT_PEOPLE)
def test_nobody_is_called_what_stands_for_nobody(name):
    with pytest.raises(Refused, match="stands for something else"):
        name_of(f" {name} ")
    assert one_line(f" {name}\n") == ""


def test_another_servers_name_is_one_line():
    assert one_line(" Ada \x00\n L. ") == "Ada L."
    assert one_line("x" * 100) == "x" * 60


def test_an_address_may_be_left_out():
    assert email_of(None) is None
    assert email_of("  ") is None
    assert email_of(" Ada@Example.ORG ") == "ada@example.org"


@pytest.mark.parametrize(
    "typed", ["ada", "a@b", "a b@c.de", "a@b@c.de", "<a@b.de>", "a" * 250 + "@b.de"]
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(Refused, match="no e-mail address"):
        email_of(typed)


def test_roles_come_in_their_order_once():
    assert roles_of(["admin", "chatter", "admin"]) == ("chatter", "admin")


@pytest.mark.parametrize("given", [[], ["boss"], ["admin", ""]])
def test_unknown_roles_and_none_are_refused(given):
    with pytest.raises(Refused, match="chatter, agent"):
        roles_of(given)
