"""Mails become threads: HTML is text, history is folded, broken ones are read as far as they go."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.ticket_files import Bad, Incoming, Unreadable, parse_mail, read
from chatbot.ticket_files.mails import LARGEST_MAIL
from chatbot.ticket_files.quoting import folded

WHEN = datetime(2026, 5, 1, 12, tzinfo=UTC)


def mail(body=b"Hello", head=b"", **fields):
    named = {"From": "Anna Berg <anna@example.com>", "Subject": "Lamp", "Message-ID": "<1@x>"}
    named |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [f"{name}: {value}".encode() for name, value in named.items() if value is not None]
    return b"\r\n".join([*lines, *head.split(b"\n"), b"", body] if head else [*lines, b"", body])


def test_a_plain_mail():
    parsed = parse_mail(
        mail(
            Subject="=?utf-8?q?Gr=C3=B6=C3=9Fe?=",
            Date="Fri, 01 May 2026 10:00:00 +0200",
            In_Reply_To="<0@x>",
            References="<a@x> <0@x>",
        ),
        WHEN,
    )
    assert (parsed.name, parsed.address) == ("Anna Berg", "anna@example.com")
    assert (parsed.subject, parsed.text) == ("Größe", "Hello")
    assert (parsed.message_id, parsed.references) == ("<1@x>", ("<a@x>", "<0@x>"))
    assert parsed.root == "<a@x>"
    assert parsed.at == datetime(2026, 5, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "at"),
    [("nonsense", WHEN), (None, WHEN), ("Mon, 01 Jan 1900 00:00:00 +0000", WHEN)],
)
def test_times_that_are_none(date, at):
    assert parse_mail(mail(Date=date), WHEN).at == at


def test_a_mail_from_the_future_came_now():
    parsed = parse_mail(mail(Date="Fri, 01 May 2099 10:00:00 +0200"), WHEN)
    assert parsed.at <= datetime.now(UTC)


def test_html_is_text():
    html = (
        b"<html><head><style>p{color:red}</style></head><body><p>The <b>lamp</b> is broken &amp; "
        b"cold.</p><script>alert(1)</script><img src='http://evil.example/x.gif'>"
        b"<a href='javascript:x()'>here</a></body></html>"
    )
    text = parse_mail(mail(html, b"Content-Type: text/html; charset=utf-8"), WHEN).text
    assert "The lamp is broken & cold." in text
    for never in ("<", "alert", "color:red", "evil", "javascript"):
        assert never not in text


def test_plain_text_goes_before_html_and_attachments_are_named():
    body = b"\r\n".join(
        [
            b"--B",
            b"Content-Type: multipart/alternative; boundary=C",
            b"",
            b"--C",
            b"Content-Type: text/plain; charset=utf-8",
            b"",
            b"See the photo.",
            b"--C",
            b"Content-Type: text/html",
            b"",
            b"<p>See the <i>photo</i>.</p>",
            b"--C--",
            b"--B",
            b"Content-Type: image/jpeg",
            b'Content-Disposition: attachment; filename="../crack\r\n .jpg"',
            b"Content-Transfer-Encoding: base64",
            b"",
            b"////",
            b"--B",
            b"Content-Type: text/plain",
            b"Content-Disposition: attachment; filename=notes.txt",
            b"",
            b"secret notes",
            b"--B--",
        ]
    )
    parsed = parse_mail(mail(body, b'Content-Type: multipart/mixed; boundary="B"'), WHEN)
    assert parsed.text == "See the photo."
    assert len(parsed.attachments) == 2
    assert parsed.said.startswith("See the photo.\n\n[Attached: ")
    assert "secret notes" not in parsed.said
    assert "\n" not in parsed.attachments[0]


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("utf-8", "Grüße".encode()),
        ("iso-8859-1", "Grüße".encode("latin-1")),
        ("utf-8", "Grüße".encode("cp1252")),
        ("no-such-charset", "Grüße".encode()),
        ("us-ascii", "Grüße".encode()),
    ],
)
def test_broken_charsets_survive(charset, raw):
    head = f"Content-Type: text/plain; charset={charset}".encode()
    assert parse_mail(mail(raw, head), WHEN).text == "Grüße"


def test_flowed_lines_are_joined():
    head = b"Content-Type: text/plain; format=flowed"
    parsed = parse_mail(mail(b"One long \r\nline.\r\n\r\nNext", head), WHEN)
    assert parsed.text == "One long line.\n\nNext"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"no mail at all",
        mail(From=None),
        mail(From="nobody"),
        mail(b"", Subject=""),
        b"x" * (LARGEST_MAIL + 1),
    ],
)
def test_what_is_no_mail(raw):
    with pytest.raises(Unreadable):
        parse_mail(raw, WHEN)


@given(st.binary(max_size=400))
def test_no_mail_breaks_the_reader(noise):
    for raw in (
        noise,
        mail(noise),
        mail(b"x", b"X-" + noise.replace(b"\n", b"")),
        b"From: " + noise,
    ):
        with contextlib.suppress(Unreadable):
            parse_mail(raw, WHEN)


GERMAN = "Am Mo., 4. Mai 2026 um 10:11 Uhr schrieb Halden Lamps <\nhelp@example.com>:\n\n> Hallo"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\nOn Mon, 4 May 2026 at 10:11, Halden <h@x.y> wrote:\n> Is it?\n> Best", "Yes."),
        ("Yes.\n\nOn Mon, 4 May 2026 at 10:11, Halden Lamps\n<h@x.y> wrote:\n\n> Is it?", "Yes."),
        (f"Ja.\n\n{GERMAN}", "Ja."),
        ("Sí.\n\nEl lun, 4 may 2026 a las 10:11, Halden (<h@x.y>) escribió:\n> Hola", "Sí."),
        (
            "Yes.\n________________________________\nFrom: Halden <h@x>\nSent: Monday\nTo: A\n\nHi",
            "Yes.",
        ),
        ("Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: Halden", "Ja."),
        ("Yes.\n\n> Is it?\n> Best", "Yes."),
        ("> Is it whole?\nNo.\n> Which one?\nTilda.", "> Is it whole?\nNo.\n> Which one?\nTilda."),
        ("Thanks!\n-- \nAnna Berg\n+44 20 7946 0000", "Thanks!"),
        ("Thanks!\n\nSent from my iPhone", "Thanks!"),
        ("Danke\n\nVon meinem iPhone gesendet", "Danke"),
        ("> only a quote", "> only a quote"),
        ("-- \nonly a signature", "-- \nonly a signature"),
        ("He wrote:\nplease help", "He wrote:\nplease help"),
        ("From: my flat\nTo: the shop\nis it far?", "From: my flat\nTo: the shop\nis it far?"),
        ("", ""),
    ],
)
def test_history_and_signatures_are_folded_away(text, own):
    assert folded(text) == own


def test_history_in_html_has_no_marks():
    text = "Yes.\n\nOn Mon, 4 May 2026 at 10:11, Halden <h@x.y> wrote:\nIs it?\nBest"
    assert folded(text, marked=False) == "Yes."
    assert folded(text) == text


@given(st.text(max_size=500))
def test_something_is_left_of_every_text(text):
    assert bool(folded(text)) == bool(text.replace("\r\n", "\n").strip())


MBOX = b"\n".join(
    [
        b"From anna@example.com Fri May  1 10:00:00 2026",
        mail(b"First question\n>From here", Date="Fri, 1 May 2026 10:00:00 +0000"),
        b"",
        b"From desk@shop.example.com Fri May  1 11:00:00 2026",
        mail(
            b"Our answer",
            From="Shop <Desk@shop.example.com>",
            Message_ID="<2@x>",
            In_Reply_To="<1@x>",
            Date="Fri, 1 May 2026 11:00:00 +0000",
        ),
        b"",
        b"From nobody Fri May  1 11:00:00 2026",
        mail(From=None),
        b"",
        b"From anna@example.com Fri May  1 12:00:00 2026",
        mail(
            b"Thanks\nFrom the heart",
            Message_ID="<3@x>",
            References="<1@x> <2@x>",
            Date="Fri, 1 May 2026 12:00:00 +0000",
        ),
        b"",
        b"From bo@example.com Fri May  1 12:00:00 2026",
        mail(b"Another", From="bo@example.com", Message_ID="<9@x>"),
    ]
)


def test_an_mbox_is_put_together_to_threads(tmp_path):
    path = tmp_path / "box.mbox"
    path.write_bytes(MBOX)
    found = list(read(path, own=["desk@shop.example.com"]))
    [bad] = [each for each in found if isinstance(each, Bad)]
    assert bad.source.startswith("box.mbox:")
    first, second = (each for each in found if isinstance(each, Incoming))
    assert [(each.role, each.text) for each in first.messages] == [
        ("customer", "First question\nFrom here"),
        ("agent", "Our answer"),
        ("customer", "Thanks\nFrom the heart"),
    ]
    assert first.external_id == "<1@x> anna@example.com"
    assert [each.message_id for each in first.messages] == ["<1@x>", "<2@x>", "<3@x>"]
    assert (second.customer, second.channel) == ("bo@example.com", "e-mail")


def test_a_folder_of_mails_is_put_together_too(tmp_path):
    (tmp_path / "b.eml").write_bytes(mail(b"First"))
    (tmp_path / "a.eml").write_bytes(mail(b"Then", Message_ID="<2@x>", In_Reply_To="<1@x>"))
    (tmp_path / "c.eml").write_bytes(b"")
    (tmp_path / "readme.txt").write_text("no mail")
    found = list(read(tmp_path))
    [bad] = [each for each in found if isinstance(each, Bad)]
    assert (bad.source, "empty" in bad.reason) == ("c.eml", True)
    [thread] = (each for each in found if isinstance(each, Incoming))
    assert len(thread.messages) == 2


def test_what_is_no_mbox(tmp_path):
    path = tmp_path / "box.mbox"
    path.write_bytes(b"Hello\n")
    [bad] = read(path)
    assert "mbox" in bad.reason


def test_a_mail_over_the_limit_is_named_and_the_next_one_is_read(tmp_path):
    path = tmp_path / "box.mbox"
    large = b"From a@x Fri May  1 10:00:00 2026\n" + mail(b"y" * 70 + b"\n") + b"x" * LARGEST_MAIL
    path.write_bytes(large + b"\n\nFrom bo@x Fri May  1 10:00:00 2026\n" + mail(b"Short"))
    bad, thread = read(path)
    assert "30 MB" in bad.reason
    assert thread.messages[0].text == "Short"


MANY = 300_000


@pytest.mark.parametrize(
    "raw",
    [
        mail(From="a " * MANY + "<anna@example.com>"),
        mail(b"x<" + b"@" * MANY),
        mail(b"a \n" * MANY, b"Content-Type: text/plain; format=flowed"),
        mail(b"<p>" + b" " * MANY + b"x", b"Content-Type: text/html"),
        mail(b"<div>" * 5000 + b"<" * MANY, b"Content-Type: text/html"),
        mail(b"", b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
                          for n in range(1500))),
    ],
    ids=["header", "line", "flowed", "spaces", "signs", "parts"],
)  # fmt: skip
def test_a_mail_that_is_made_to_keep_a_reader_busy_is_read_soon_or_not_at_all(raw):
    with contextlib.suppress(Unreadable):
        assert len(parse_mail(raw, WHEN).said) < 2 * MANY


def test_flowed_lines_are_joined_to_one():
    head = b"Content-Type: text/plain; format=flowed"
    parsed = parse_mail(mail(b"One \r\n two\r\n\r\n> quoted \r\nown \r\n\r\nend", head), WHEN)
    assert parsed.text == "One two\n\n> quoted \nown end"
