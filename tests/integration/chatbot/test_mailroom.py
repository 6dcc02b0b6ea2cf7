"""Mail in → ticket, reply → mail out, against real servers on loopback and both databases."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from chatbot.errors import Conflict, NotAllowed, NotFound
from chatbot.mailbox import Mailbox
from chatbot.mailroom import Mailroom
from chatbot.ticket_files import parse_mail
from store import mail
from store.records import Person
from tests.support.imap_server import USER, ImapServer
from tests.support.mailing import CUSTOMER, desk_of, letter, product_with
from tests.support.smtp_server import smtp_server


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def product(request, tmp_path_factory):
    """One product on each kind of database for all tests here."""
    home = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{home / 'chatbot.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgresql")("mailroom")
    with product_with(home, url) as made:
        yield made


@pytest.fixture
def imap():
    with ImapServer() as server:
        yield server


@pytest.fixture
def smtp():
    with smtp_server() as server:
        yield server


@pytest.fixture
def desk(product, imap, smtp):
    return desk_of(product, imap, smtp_host="127.0.0.1", smtp_port=smtp.port)


def read(raw):
    return message_from_bytes(raw, policy=policy.default)


def texts(ticket):
    return [(each.said.role, each.said.text) for each in ticket.thread]


def test_a_mail_becomes_a_ticket_once(desk):
    assert desk.fetch(letter()) == 1
    ticket = desk.ticket()
    assert texts(ticket) == [("customer", "Is my lamp whole?")]
    assert (ticket.row.subject, ticket.row.customer) == ("My lamp", "Anna Berg")
    assert (ticket.row.channel, ticket.address, ticket.row.state) == ("e-mail", CUSTOMER, "new")
    assert desk.fetch() == 0
    assert len(desk.ticket().thread) == 1
    assert not [flag for mail in desk.imap.inbox.mails for flag in mail.flags]
    state = desk.mailroom.state()
    assert (state.address, state.in_error, state.left_out) == (USER, "", 0)
    assert state.read_at is not None


def test_a_reply_is_received_and_the_answer_finds_its_ticket(desk, smtp):
    desk.fetch(letter(), letter("Another", From="bo@example.com", Message_ID="<b@example.com>"))
    [anna, bo] = desk.tickets()
    said = "It is whole [1].\n.\nGrüße"
    desk.product.desk.send(desk.agent, anna.id, said, draft=None, seconds=3)
    desk.product.desk.send_due()
    assert desk.mailroom.send() == 1
    [(sender, to, raw)] = smtp.mails
    assert (sender, to) == (USER, [CUSTOMER])
    mail = read(raw)
    assert mail["From"] == f"Halden Lamps <{USER}>"
    assert (mail["To"], mail["Subject"]) == (CUSTOMER, "Re: My lamp")
    assert mail["In-Reply-To"] == mail["References"] == "<first@example.com>"
    assert mail["Message-ID"].endswith("@shop.example.com>")
    assert mail.get_content().splitlines() == ["It is whole.", ".", "Grüße"]
    again = letter(
        "Thanks!\n\nOn Fri, 1 May 2026, Halden wrote:\n> It is whole.",
        Message_ID="<second@example.com>",
        References=f"<first@example.com> {mail['Message-ID']}",
        Subject="AW: My lamp",
    )
    desk.fetch(again)
    [anna, bo] = desk.tickets()
    assert texts(anna)[1:] == [("agent", said), ("customer", "Thanks!")]
    assert anna.thread[1].delivery == "sent"
    assert anna.row.state == "open"
    assert len(bo.thread) == 1
    assert desk.mailroom.send() == 0
    assert len(smtp.mails) == 1


def test_nobody_gets_into_the_thread_of_another_address(desk):
    desk.fetch(letter())
    desk.fetch(
        letter(
            "Send it to me",
            From="mallory@example.net",
            Message_ID="<m@example.net>",
            References="<first@example.com>",
        )
    )
    anna, mallory = desk.tickets()
    assert len(anna.thread) == len(mallory.thread) == 1
    assert mallory.address == "mallory@example.net"


def test_html_is_shown_as_text(desk):
    html = "<p>My <b>lamp</b></p><script>steal()</script><img src=https://evil.example/x>"
    desk.fetch(letter(html, Content_Type="text/html; charset=utf-8"))
    [(_, text)] = texts(desk.ticket())
    assert text == "My lamp"


AUTOMATIC = [
    letter(Auto_Submitted="auto-replied"),
    letter(Precedence="bulk"),
    letter(List_Id="<news.example.com>"),
    letter(Return_Path="<>"),
    letter(From=f"Me <{USER.upper()}>"),
    letter(From=None),
]


@pytest.mark.parametrize("raw", AUTOMATIC, ids=["auto", "bulk", "list", "null", "own", "nobody"])
def test_what_no_person_wrote_makes_no_ticket(desk, raw):
    desk.fetch(raw)
    assert desk.tickets() == []
    assert desk.mailroom.state().left_out == (0 if b"ME <DESK" in raw.upper() else 1)


def bounce(message_id, action="failed"):
    return "\n".join(
        [
            "From: MAILER-DAEMON@mx.example.com",
            f"To: {USER}",
            "Subject: Undelivered",
            "Message-ID: <bounce@mx.example.com>",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="B"',
            "",
            "--B",
            "",
            "No such person.",
            "--B",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.com",
            "",
            f"Action: {action}",
            "Status: 5.1.1",
            "--B",
            "Content-Type: text/rfc822-headers",
            "",
            f"Message-ID: {message_id}",
            "--B--",
        ]
    ).encode()


def test_what_came_back_is_shown_on_the_ticket(desk, smtp):
    desk.fetch(letter())
    desk.reply()
    desk.mailroom.send()
    desk.fetch(bounce(read(smtp.mails[0][2])["Message-ID"]))
    state, problem = desk.fate()
    assert state == "failed"
    assert "5.1.1" in problem
    assert len(desk.tickets()) == 1


def test_a_delay_is_no_bounce_and_a_strange_bounce_is_left_out(desk, smtp):
    desk.fetch(letter())
    desk.reply()
    desk.mailroom.send()
    message_id = read(smtp.mails[0][2])["Message-ID"]
    desk.fetch(bounce(message_id, "delayed"))
    assert desk.fate() == ("sent", "")
    desk.fetch(bounce("<not-ours@example.com>").replace(b"<bounce@", b"<bounce2@"))
    assert desk.mailroom.state().left_out == 2


def test_the_first_look_takes_the_last_days_and_leaves_older_mails(desk):
    desk.imap.inbox.put(letter("old"), came=datetime.now(UTC) - timedelta(days=30))
    desk.imap.inbox.put(letter("new", Message_ID="<new@example.com>"))
    desk.fetch()
    assert texts(desk.ticket()) == [("customer", "new")]
    assert desk.fetch() == 0


def test_other_uids_bring_nothing_twice(desk):
    desk.fetch(letter())
    desk.imap.inbox.renumber()
    desk.fetch(letter("More", Message_ID="<more@example.com>", In_Reply_To="<first@example.com>"))
    assert [text for _, text in texts(desk.ticket())] == ["Is my lamp whole?", "More"]


def test_a_mail_that_is_too_large_is_told_and_not_read(desk, monkeypatch):
    monkeypatch.setattr("chatbot.mailroom.fetching.LARGEST_MAIL", 2000)
    desk.fetch(letter("x" * 3000))
    [(_, text)] = texts(desk.ticket())
    assert "larger" in text


def test_mails_are_marked_as_read_when_asked(product, imap):
    desk = desk_of(product, imap, mark_seen=True)
    desk.fetch(letter())
    assert imap.inbox.mails[0].flags == {"\\Seen"}


def test_a_copy_of_what_was_sent_is_kept_once(product, imap, smtp):
    more = {"smtp_host": "127.0.0.1", "smtp_port": smtp.port, "sent_folder": "Sent"}
    desk = desk_of(product, imap, **more)
    desk.fetch(letter())
    desk.reply()
    desk.mailroom.send()
    assert len(imap.sent.mails) == 1
    assert read(imap.sent.mails[0].raw)["Subject"] == "Re: My lamp"


EVIL = "Hello\r\nBcc: victim@example.com\r\n\r\ninjected"


def test_no_header_can_be_put_in(desk, smtp):
    hidden = "=?utf-8?q?Lamp=0D=0ABcc=3A_victim=40example=2Ecom?="
    desk.fetch(
        letter("Hi", Subject=hidden, From="=?utf-8?q?A=0D=0ABcc=3A_v=40x=2Ey?= <a@x.example>")
    )
    desk.reply(EVIL, vouch="victim@example.com")
    desk.mailroom.send()
    [(_, to, raw)] = smtp.mails
    mail = read(raw)
    assert to == ["a@x.example"]
    assert mail["Bcc"] is None
    assert mail.get_content().splitlines() == EVIL.splitlines()


def test_people_settle_a_mail_that_failed(desk, smtp):
    desk.fetch(letter())
    reply = desk.reply()
    smtp.refused[CUSTOMER] = "550 5.1.1 no such person"
    assert desk.mailroom.send() == 0
    state, problem = desk.fate()
    assert (state, "550" in problem) == ("failed", True)
    mailroom = desk.mailroom
    mailroom.settle(desk.agent, reply, again=True)
    smtp.refused.clear()
    assert mailroom.send() == 1
    assert desk.fate() == ("sent", "")
    with pytest.raises(Conflict):
        mailroom.settle(desk.agent, reply, again=True)
    with pytest.raises(NotFound):
        mailroom.settle(desk.agent, "no such reply", again=True)
    with pytest.raises(NotAllowed):
        mailroom.settle(Person(10**6, "x", "Nobody", ()), reply, again=True)


def test_without_a_mailbox_nothing_is_done(product, play):
    play(product.mailroom.keep())
    assert product.mailroom.fetch() == product.mailroom.send() == 0
    assert product.mailroom.state().address == ""


def test_the_mailbox_may_be_for_sending_alone(product, smtp):
    box = Mailbox(address=USER, smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_security="none")
    settings = product.settings.model_copy(update={"mailbox": box})
    mailroom = Mailroom(product.archive, product.desk, settings)
    assert mailroom.fetch() == mailroom.send() == 0
    assert mailroom.state().read_at is None


@pytest.mark.parametrize(
    "poison",
    [
        b"From: " + b"a" * 300_000 + b"\n\nHello",
        b"From: mailer-daemon@example.com\n\n" + b"\n" * 300_000 + b"Hello",
        b"From: a@example.com\n" + b"Content-Type: message/rfc822\n\n" * 2000,
        b"From: a@example.com\n"
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
                   for n in range(1500)),
    ],
    ids=["sender", "report", "forwarded", "parts"],
)  # fmt: skip
def test_a_mail_that_cannot_be_read_keeps_no_other_out(desk, poison):
    assert desk.fetch(poison, letter()) == 2
    assert desk.ticket(text="lamp").row.customer == "Anna Berg"
    assert desk.fetch() == 0


def test_a_mail_that_breaks_a_reader_keeps_no_other_out(desk, monkeypatch):
    def broken(raw, when):
        if b"poison" in raw:
            raise ZeroDivisionError
        return parse_mail(raw, when)

    monkeypatch.setattr("chatbot.mailroom.fetching.parse_mail", broken)
    assert desk.fetch(letter("poison", Message_ID="<p@example.com>"), letter()) == 2
    assert texts(desk.ticket()) == [("customer", "Is my lamp whole?")]
    assert desk.mailroom.state().left_out == 1


def test_a_process_that_lost_a_mail_to_another_neither_sends_nor_frees_it(desk):
    desk.fetch(letter())
    desk.reply()
    main = desk.product.archive.main
    with main.writing() as session:
        slow = mail.claim(session, -1)
    with main.writing() as session:
        assert mail.recover(session, "lost") == 1
        quick = mail.claim(session, 60)
    with pytest.raises(Conflict), main.writing() as session:
        mail.handing_over(session, slow.id, slow.tries, 60)
    with main.writing() as session:
        mail.end_try(session, slow.id, slow.tries, "queued", "late")
        assert mail.claim(session, 60) is None
        mail.handing_over(session, quick.id, quick.tries, 60)
