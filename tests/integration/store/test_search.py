"""Search finds a person's own texts, newest first, whatever is typed, alike on both databases."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from store import conversations, folding, index, messages, search
from tests.support.stored import person, started, turn

SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def owner(database):
    return person(database)


@pytest.fixture
def talk(database, owner):
    return started(database, owner)


def find(database, owner, query, **options):
    with database.reading() as session:
        return search.find(session, owner.id, query, **options)


def say(database, talk, *contents):
    with database.transaction() as session:
        return [
            messages.add_message(session, talk.id, parent_id=None, role="user", content=content)
            for content in contents
        ]


def snippets(hits):
    return ["".join(part for part, _ in hit.snippet) for hit in hits]


def marked(hits):
    return [[part for part, is_hit in hit.snippet if is_hit] for hit in hits]


def test_hit_opens_at_its_message(database, owner, talk):
    question, _ = turn(database, talk, "where is my parcel", "there")
    (hit,) = find(database, owner, "parcel")
    assert (hit.conversation, hit.message) == (talk.public_id, question.public_id)
    assert (hit.role, hit.title) == ("user", "A talk")
    assert hit.snippet == [("where is my ", False), ("parcel", True)]


def test_titles_come_before_messages(database, owner):
    named = started(database, owner, title="Parcel lost")
    say(database, started(database, owner), "my parcel", "another parcel")
    hits = find(database, owner, "parcel")
    assert [hit.message is None for hit in hits] == [True, False, False]
    assert (hits[0].conversation, hits[0].role) == (named.public_id, None)


@pytest.mark.parametrize("limit", [0, -1])
def test_no_hits_are_no_work(database, owner, talk, limit):
    say(database, talk, "word")
    assert find(database, owner, "word", limit=limit) == []


def test_newest_comes_first(database, owner, talk):
    say(database, talk, *(f"word {number}" for number in range(30)))
    assert snippets(find(database, owner, "word", limit=3)) == ["word 29", "word 28", "word 27"]
    assert len(find(database, owner, "word")) == 20


def test_all_words_must_be_there(database, owner, talk):
    say(database, talk, "red apple", "green apple", "red pear")
    assert snippets(find(database, owner, "apple red")) == ["red apple"]
    assert find(database, owner, "apple pear") == []


def test_last_word_may_be_unfinished(database, owner, talk):
    say(database, talk, "parcels arrive")
    assert len(find(database, owner, "parc")) == 1
    assert len(find(database, owner, "parcels arr")) == 1
    assert find(database, owner, "parc arrive") == []


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ("Crème brûlée", "creme BRULEE"),
        ("STRASSE", "straße"),
        ("ﬁnal oﬀer", "final offer"),
        ("ＦＵＬＬ width", "full"),
        ("Ελλάδα", "ελλαδα"),
        ("İstanbul", "istanbul"),
        ("東京都に住んでいます", "東京都"),
        ("東京都に住んでいます", "都に住"),
        ("我在北京大学学习", "北京大学"),
        ("我在北京大学学习", "学"),
        ("ガラスの靴", "ガラス"),
        ("ガラスの靴", "ｶﾞﾗｽ"),
        ("서울에 살아요", "서울"),
        ("สวัสดีครับ", "ดีครับ"),
        ("नमस्ते दुनिया", "दुनिया"),
        ("مُحَمَّد", "محمد"),
        ("done 🎉 today", "🎉"),
        ("order 4711-B", "4711"),
        ("it's don't", "don"),
        ("a" * 300, "a" * 300),
    ],
)
def test_spelling_makes_no_difference(database, owner, talk, said, query):
    say(database, talk, "something else", said)
    assert len(find(database, owner, query)) == 1


@pytest.mark.parametrize(
    ("said", "query"),
    [("京都と東京", "東京都"), ("から", "がら"), ("cat", "cats"), ("cart", "cat"), ("10", "100")],
)
def test_what_differs_is_not_found(database, owner, talk, said, query):
    say(database, talk, said)
    assert find(database, owner, query) == []


@pytest.mark.parametrize(
    "query",
    ["", " ", '"', "*", "OR", "NOT x", "a AND", "NEAR(a b)", "x*y", "-x", "(", "tokens:x", "^x",
     "'", "a & b", "!", "a | b", "<->", ":*", "\\", "%", "_", "42mb0_hello", "\x00", "\ud800",
     "a" * 100_000, "word " * 5_000],
)  # fmt: skip
def test_queries_are_plain_text(database, owner, talk, query):
    say(database, talk, "nothing of it")
    assert find(database, owner, query) == []


def test_operators_are_words(database, owner, talk):
    say(database, talk, "to be OR NOT to be")
    assert marked(find(database, owner, '"or" -not')) == [["OR", "NOT"]]


def test_others_texts_are_not_found(database, owner, talk):
    eve = person(database, "Eve")
    say(database, talk, "secret parcel")
    say(database, started(database, eve, title="Parcel"), "own parcel")
    assert snippets(find(database, eve, "parcel")) == ["Parcel", "own parcel"]
    assert snippets(find(database, owner, "parcel")) == ["secret parcel"]


def test_words_of_the_index_open_no_door(database, owner, talk):
    eve = person(database, "Eve")
    say(database, talk, "secret")
    for kind in ("message", "title"):
        for level in ("block", "volume"):
            inside = index.prefix(owner.id, kind, level, 0) + "secret"
            assert find(database, eve, inside) == []


def test_snippet_is_cut_around_the_hit(database, owner, talk):
    say(database, talk, "x " * 500 + "needle" + " y" * 500)
    (hit,) = find(database, owner, "needle")
    assert ("needle", True) in hit.snippet
    assert (hit.snippet[0], hit.snippet[-1]) == (("…", False), ("…", False))
    assert sum(len(part) for part, _ in hit.snippet) < 200


def test_end_of_a_very_long_text_is_not_indexed(database, owner, talk):
    say(database, talk, "start " + "x " * folding.INDEXED_CHARACTERS + "end")
    assert len(find(database, owner, "start")) == 1
    assert find(database, owner, "end") == []


def test_many_different_words_are_stored(database, owner, talk):
    say(database, talk, " ".join(f"w{number:x}" for number in range(25_000)))
    assert len(find(database, owner, "w1f")) == 1


WHOLE = ["common", "rare", "once", "common rare"]
BEGUN = ["c", "co", "rare co", "rare c", "once c", "c once"]


@pytest.mark.parametrize("query", WHOLE + BEGUN)
def test_many_blocks_are_searched(database, owner, talk, query, monkeypatch):
    monkeypatch.setattr(index, "BLOCK", 2)
    monkeypatch.setattr(index, "VOLUME", 3)
    monkeypatch.setattr(search, "VOLUME", 3)
    contents = [f"common {number}" + " rare" * (number % 17 == 4) for number in range(60)]
    contents[3] += " once"
    say(database, talk, *contents)
    words = [word for word in query.split() if word in ("rare", "once")]
    expected = [each for each in contents if all(word in each for word in words)][::-1]
    if query.startswith("c "):  # whole words are whole: no text has just the letter
        expected = []
    for limit in (1, 2, 7, 99):
        assert snippets(find(database, owner, query, limit=limit)) == expected[:limit]


def test_deleted_talks_leave_room_for_others(database, owner):
    kept = started(database, owner)
    say(database, kept, "parcel kept")
    gone = started(database, owner)
    say(database, gone, *["parcel gone"] * 50)
    with database.transaction() as session:
        conversations.mark_deleted(session, owner.id, gone.public_id)
    assert snippets(find(database, owner, "parcel", limit=5)) == ["parcel kept"]


def test_rebuilt_index_finds_the_same(database, owner, talk):
    say(database, talk, "red apple", "東京都")
    turn(database, talk, "green apple", "pear")
    queries = ("apple", "東京", "talk", "pear")
    before = [find(database, owner, query) for query in queries]
    with database.transaction() as session:
        for table in ("message_words", "title_words", "search_counters"):
            session.execute(text(f"DELETE FROM {table}"))
    assert find(database, owner, "apple") == []
    with database.transaction() as session:
        index.rebuild(session)
    assert [find(database, owner, query) for query in queries] == before


@SLOW
@given(said=st.text(max_size=80), data=st.data())
def test_every_word_of_a_text_is_found(database, said, data):
    with database.transaction() as session:
        session.execute(text("DELETE FROM users"))
    owner = person(database)
    talk = started(database, owner, title="")
    said = said.replace("\x00", "").encode(errors="ignore").decode()
    say(database, talk, said)
    words = folding.runs(folding.fold(said))
    if words:
        word = data.draw(st.sampled_from(words))
        (hit,) = find(database, owner, word)
        assert any(is_hit for _, is_hit in hit.snippet)
        whole = "".join(part for part, _ in hit.snippet)
        assert whole.strip("…") in said or "…" in said


@SLOW
@given(query=st.text(max_size=40))
def test_no_query_breaks(database, owner, talk, query):
    if not find(database, owner, "everything"):
        say(database, talk, "everything")
    assert all(hit.conversation == talk.public_id for hit in find(database, owner, query))
