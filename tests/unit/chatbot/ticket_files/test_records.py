"""CSV and JSON exports become threads; each bad row is named and the rest is read."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.ticket_files import Bad, Incoming, read

SHOP = Path(__file__).parents[4] / "chatbot" / "demo" / "shop" / "tickets.jsonl"


@pytest.fixture
def reading(tmp_path):
    """Write a file and read it: the threads, and what was refused."""

    def read_it(name, content, **more):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = list(read(path, **more))
        bad = [each for each in found if isinstance(each, Bad)]
        return [each for each in found if isinstance(each, Incoming)], bad

    return read_it


def lines(*records):
    return "\n".join(json.dumps(each) for each in records)


def said(thread):
    return [(message.role, message.text) for message in thread.messages]


def test_ten_thousand_rows_with_three_bad_ones(reading):
    rows = ["id,subject,text,email,created_at"]
    rows += [
        f"{n},Lamp {n},My lamp {n} flickers,c{n}@example.com,2026-01-02" for n in range(10_000)
    ]
    rows[18] = '17,Lamp,"never closed,c@example.com,2026-01-02'
    rows[5001] = "5000,Lamp,text,c@example.com,2026-01-02,one,too many"
    rows[9000] = "8999,Lamp,text,c@example.com,the day before yesterday"
    threads, bad = reading("tickets.csv", "\n".join(rows))
    assert len(threads) == 9_997
    assert [each.line for each in bad] == [19, 5002, 9001]
    assert [each.source for each in bad] == [
        "tickets.csv:19",
        "tickets.csv:5002",
        "tickets.csv:9001",
    ]
    assert "CSV" in bad[0].reason or "columns" in bad[0].reason
    assert "7 columns" in bad[1].reason
    assert "the day before yesterday" in bad[2].reason
    assert {thread.external_id for thread in threads}.isdisjoint({"17", "5000", "8999"})


def test_rows_with_one_id_are_one_thread(reading):
    threads, bad = reading(
        "export.csv",
        "Ticket ID;Author Role;Body;Requester Email;Created At\n"
        '7;end-user;"Where is it?\nI wait.";ANNA@example.com;2026-03-01 10:00:00 UTC\n'
        "7;agent;On its way.;ANNA@example.com;2026-03-01T11:00:00Z\n"
        "8;end-user;Hello;bo@example.com;Sun, 01 Mar 2026 12:00:00 +0100\n",
        source="file:zendesk",
    )
    assert not bad
    first, second = threads
    assert said(first) == [("customer", "Where is it?\nI wait."), ("agent", "On its way.")]
    assert (first.external_id, first.address) == ("7", "anna@example.com")
    assert first.source == "file:zendesk"
    assert first.messages[0].at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert second.messages[0].at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert second.customer == "bo@example.com"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(reading, encoding):
    text = "id,text\n" + "".join(
        f"{n},Größe und Maße passen nicht – die Tür schließt über dem Läufer\n" for n in range(9)
    )
    threads, bad = reading("alt.csv", text.encode(encoding))
    assert (len(threads), bad) == (9, [])
    assert threads[0].messages[0].text.startswith("Größe und Maße passen nicht")


def test_zendesk_leaves_private_notes_out(reading):
    threads, _ = reading(
        "zendesk.jsonl",
        lines(
            {
                "ticket": {
                    "id": 35436,
                    "subject": "Dimmer hums",
                    "description": "It hums.",
                    "requester_id": 1,
                    "requester": {"name": "Priya Raman", "email": "priya@example.com"},
                    "via": {"channel": "email"},
                    "locale": "de-AT",
                    "comments": [
                        {"author_id": 1, "body": "It hums.", "public": True},
                        {"author_id": 9, "body": "Difficult one!", "public": False},
                        {"author_id": 9, "body": "Which bulb?", "public": True},
                    ],
                }
            }
        ),
    )
    [thread] = threads
    assert said(thread) == [("customer", "It hums."), ("agent", "Which bulb?")]
    assert (thread.customer, thread.address) == ("Priya Raman", "priya@example.com")
    assert (thread.channel, thread.language, thread.external_id) == ("e-mail", "de", "35436")


def test_freshdesk_puts_the_description_first_and_its_markup_away(reading):
    threads, _ = reading(
        "freshdesk.json",
        json.dumps(
            [
                {
                    "id": 20,
                    "subject": "Broken",
                    "description": "<div>It came <b>broken</b>.<script>x()</script></div>",
                    "email": "tom@example.com",
                    "source": 7,
                    "created_at": "2026-01-01T09:00:00Z",
                    "conversations": [
                        {"body_text": "Sorry!", "incoming": False, "private": False},
                        {"body_text": "psst", "incoming": False, "private": True},
                        {"body_text": "And now?", "incoming": True, "private": False},
                    ],
                }
            ]
        ),
    )
    [thread] = threads
    texts = said(thread)
    assert texts[1:] == [("agent", "Sorry!"), ("customer", "And now?")]
    assert texts[0][0] == "customer"
    assert "broken" in texts[0][1]
    assert not {"<", "x()"} & set(texts[0][1].split())
    assert "script" not in texts[0][1]
    assert thread.channel == "chat"


def test_the_demo_is_read_whole():
    found = list(read(SHOP))
    assert all(isinstance(each, Incoming) for each in found)
    assert len(found) == len(SHOP.read_text("utf-8").splitlines())
    assert {each.channel for each in found} == {"chat", "e-mail", "api"}
    assert {each.language for each in found} == {"en", "de", "es"}


def test_bad_lines_are_named(reading):
    deep = "[" * 100_000
    threads, bad = reading(
        "mixed.jsonl",
        "\n".join(
            [
                '{"text": "good"}',
                "{not json",
                '["no object"]',
                '{"subject": "no text"}',
                '{"text": "x", "thread": "no list"}',
                '{"thread": [{"role": "bot", "text": "?"}]}',
                '{"thread": [{"role": "agent", "text": "nobody asked"}]}',
                deep,
                json.dumps({"text": "x" * 100_001}),
                "",
                '{"text": "good too", "id": 1}',
            ]
        ),
    )
    assert [said(each)[0][1] for each in threads] == ["good", "good too"]
    assert [each.line for each in bad] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert all(each.reason.endswith(".") for each in bad)


def test_a_record_without_an_id_is_known_again(reading):
    once, _ = reading("a.jsonl", lines({"text": "same", "name": "Anna"}))
    again, _ = reading("b.jsonl", lines({"text": "same", "name": "Anna"}))
    other, _ = reading("c.jsonl", lines({"text": "other", "name": "Anna"}))
    assert once[0].external_id == again[0].external_id != other[0].external_id


def test_what_no_database_keeps_is_left_out(reading):
    threads, _ = reading(
        "odd.jsonl", '{"text": "a\\u0000b\\ud800c\\u001b[31m", "name": "N\\u0007"}'
    )
    assert said(threads[0]) == [("customer", "abc[31m")]
    assert threads[0].customer == "N"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("tickets.xlsx", b"PK", "named"),
        ("binary.csv", b"id,text\n\x00\x01", "no text"),
        ("heads.csv", b"number,colour\n1,red\n", "column"),
        ("list.json", b'"text"', "neither"),
        ("broken.json", b"[1,", "JSON"),
        ("large.csv", None, "50 MB"),
    ],
)
def test_files_that_are_none(tmp_path, name, content, says):
    path = tmp_path / name
    with path.open("wb") as file:
        if content is None:
            file.truncate(200_000_000)
        else:
            file.write(content)
    [bad] = read(path)
    assert isinstance(bad, Bad)
    assert says in bad.reason


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path):
    [bad] = read(tmp_path / "nothing.csv")
    assert "no such file" in bad.reason
    (tmp_path / "folder").mkdir()
    [bad] = read(tmp_path / "folder")
    assert "holds no file" in bad.reason


def test_progress_is_told(tmp_path):
    path = tmp_path / "some.jsonl"
    path.write_text(lines(*({"text": f"n {n}"} for n in range(3))))
    told = []
    assert len(list(read(path, tell=lambda done, of: told.append((done, of))))) == 3
    assert told[-1] == (3, 3)
