"""Mail servers that are down, refuse, hang or lie, and processes that are killed between steps.

A reply is queued with its state, retried, and never lost or sent twice by itself.
"""

import contextlib
import ssl
from datetime import timedelta
from email import message_from_bytes

import pytest

from chatbot import mail
from chatbot.mail import Inbox, NotNow, Server
from chatbot.mailroom import sending
from store import mail as rows
from tests.support import certificates, mail_process
from tests.support.forked import started
from tests.support.imap_server import PASSWORD, USER, ImapServer
from tests.support.mailing import CUSTOMER, desk_of, letter, product_with
from tests.support.smtp_server import Silent, free_port, smtp_server


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def url(home):
    return f"sqlite:///{home / 'chatbot.db'}"


@pytest.fixture(scope="module")
def product(home, url):
    with product_with(home, url) as made:
        yield made


@pytest.fixture
def imap():
    with ImapServer() as server:
        yield server


@pytest.fixture
def silent():
    server = Silent()
    yield server
    server.close()


@pytest.fixture
def desk_at(product, imap):
    """A desk with one queued reply, whose mail goes to a port; more goes to the mailbox."""

    def make(port, **more):
        desk = desk_of(product, imap, smtp_host="127.0.0.1", smtp_port=port, **more)
        desk.fetch(letter())
        desk.reply()
        return desk

    return make


def test_a_server_that_is_down_is_tried_again(desk_at):
    port = free_port()
    desk = desk_at(port)
    assert desk.mailroom.send() == 0
    state, problem = desk.fate()
    assert (state, f"127.0.0.1:{port}" in problem) == ("queued", True)
    assert desk.mailroom.state().out_error == problem
    assert desk.mailroom.send() == 0, "it is not due yet"
    with smtp_server(port=port) as smtp:
        desk.let_time_pass()
        assert desk.mailroom.send() == 1
        assert desk.mailroom.send() == 0
        assert len(smtp.mails) == 1
    assert desk.fate() == ("sent", "")
    assert desk.mailroom.state().out_error == ""


def test_waits_grow_and_end(desk_at):
    waits = [sending.wait_after(tries) for tries in range(1, 100)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
    desk = desk_at(free_port())
    desk.mailroom.send()
    desk.age(days=5)
    desk.let_time_pass()
    desk.mailroom.send()
    state, problem = desk.fate()
    assert (state, "Given up after 2 tries" in problem) == ("failed", True)


@pytest.mark.parametrize(
    ("answer", "state"),
    [("451 4.3.0 try later", "queued"), ("554 5.7.1 spam", "failed")],
)
def test_the_servers_answer_to_the_text_decides(desk_at, answer, state):
    with smtp_server() as smtp:
        smtp.answers.append(answer)
        desk = desk_at(smtp.port)
        assert desk.mailroom.send() == 0
        assert (desk.fate()[0], answer[:3] in desk.fate()[1]) == (state, True)
        desk.let_time_pass()
        assert desk.mailroom.send() == (state == "queued")
        assert len(smtp.mails) == (state == "queued")


def test_a_login_that_is_refused_loses_nothing(desk_at):
    with smtp_server(login=True) as smtp:
        desk = desk_at(smtp.port, smtp_user=USER, smtp_password="wrong")
        assert desk.mailroom.send() == 0
        state, problem = desk.fate()
        assert (state, "login" in problem, PASSWORD in problem) == ("queued", True, False)


def test_no_answer_after_the_text_is_unsure_and_never_repeated(desk_at, silent):
    silent.end.set()  # it hangs up as soon as it has the text
    desk = desk_at(silent.port)
    assert desk.mailroom.send() == 0
    state, problem = desk.fate()
    assert (state, "may have gone out" in problem) == ("unsure", True)
    with smtp_server() as smtp:
        again = desk.with_port(smtp.port)
        desk.let_time_pass()
        assert again.send() == 0
        again.fetch()
        assert smtp.mails == []
    assert desk.fate()[0] == "unsure"


def test_an_unsure_mail_is_found_among_the_sent_ones(desk_at, silent):
    silent.end.set()
    desk = desk_at(silent.port, sent_folder="Sent")
    desk.mailroom.send()
    assert desk.fate()[0] == "unsure"
    desk.mailroom.fetch()
    assert desk.fate()[0] == "unsure", "it is not there"
    desk.imap.sent.put(silent.text)
    desk.mailroom.fetch()
    assert desk.fate() == ("sent", "")
    assert len(desk.imap.sent.mails) == 1


def test_killed_while_the_text_is_handed_over(desk_at, silent, home, url):
    desk = desk_at(silent.port)
    with started(mail_process.main, home, url, silent.port):
        assert silent.taken.wait(60)
    assert b"It is whole." in silent.text
    desk.let_time_pass()
    with smtp_server() as smtp:
        assert desk.with_port(smtp.port).send() == 0
        assert smtp.mails == []
    state, problem = desk.fate()
    assert (state, "may have gone out" in problem) == ("unsure", True)


def test_killed_before_the_text_left(desk_at, home, url):
    with contextlib.closing(Silent(greets=False)) as mute:
        desk = desk_at(mute.port)
        with started(mail_process.main, home, url, mute.port):
            assert mute.called.wait(60)
    assert desk.fate()[0] == "sending"
    with smtp_server() as smtp:
        after = desk.with_port(smtp.port)
        assert after.send() == 0, "the dead process may still be at it"
        desk.let_time_pass()
        assert after.send() == 1
        assert len(smtp.mails) == 1
    assert desk.fate() == ("sent", "")


def test_the_same_message_id_in_every_try(desk_at):
    with smtp_server() as smtp:
        smtp.answers += ["451 later", "250 OK"]
        desk = desk_at(smtp.port)
        desk.mailroom.send()
        first = desk.message_ids()
        desk.let_time_pass()
        desk.mailroom.send()
        [(_, _, raw)] = smtp.mails
        assert [message_from_bytes(raw)["Message-ID"]] == first == desk.message_ids()


def test_two_processes_send_one_mail(desk_at, product):
    with smtp_server() as smtp:
        desk = desk_at(smtp.port)
        other = desk.with_port(smtp.port)
        with product.archive.main.writing() as session:
            assert rows.claim(session, 60) is not None
        assert desk.mailroom.send() == other.send() == 0
        assert smtp.mails == []


def test_an_inbox_that_is_down_is_said_and_looked_at_again(product, imap):
    desk = desk_of(product, imap)
    gone = desk_of(product, imap, imap_folder="Gone")
    assert gone.mailroom.fetch() == 0
    assert "Gone" in gone.mailroom.state().in_error
    desk.mailroom._fetching._server = server(free_port())
    assert desk.mailroom.fetch() == 0
    assert "cannot be reached" in desk.mailroom.state().in_error
    desk.mailroom._fetching._server = server(imap.port)
    assert desk.fetch(letter()) == 1
    assert desk.mailroom.state().in_error == ""


def test_a_crash_between_the_desk_and_the_mark_brings_nothing_twice(product, imap, monkeypatch):
    desk = desk_of(product, imap)
    desk.fetch()
    with monkeypatch.context() as broken:
        broken.setattr("store.mail.note_seen", crash)
        with pytest.raises(RuntimeError):
            desk.fetch(letter())
    assert len(desk.tickets()) == 1
    assert desk.fetch() == 1, "it is met again"
    assert len(desk.ticket().thread) == 1


@pytest.mark.parametrize("mode", ["tls", "starttls"])
def test_certificates_are_verified(certificate, mode):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with ImapServer(tls=context, mode=mode) as imap:
        with pytest.raises(NotNow, match="certificate"):
            Inbox(server(imap.port, security=mode))
        with Inbox(server(imap.port, security=mode, ca_file=certificate[0])) as inbox:
            assert inbox.select("INBOX") == 1
    with smtp_server(**{mode: context}) as smtp:
        with pytest.raises(NotNow, match="certificate"):
            mail.check(server(smtp.port, security=mode, user=""), USER)
        told = server(smtp.port, security=mode, user="", ca_file=certificate[0])
        mail.send(told, b"Subject: x\r\n\r\nHello\r\n", USER, CUSTOMER)
        assert len(smtp.mails) == 1


def test_a_server_without_starttls_gets_no_password(imap):
    with pytest.raises(NotNow):
        Inbox(server(imap.port, security="starttls"))
    assert not [each for each in imap.commands if each.startswith("LOGIN")]


def server(port, **more):
    values = {"user": USER, "password": PASSWORD, "security": "none", "timeout": 5.0}
    return Server(host="127.0.0.1", port=port, **{**values, **more})


def crash(*_):
    raise RuntimeError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Files with a certificate for 127.0.0.1 and its key."""
    return certificates.made_in(tmp_path_factory.mktemp("tls"))
