"""Articles and what finds them, the same on both databases."""

import threading
from datetime import date, timedelta

import numpy as np
import pytest

from store import article_lists, articles, backup, knowledge_uses, passages, stemming
from store.articles import Content, Piece
from store.columns import now
from store.engine import Database
from store.errors import Conflict, NotFound
from tests.support.stored import person

NONE = timedelta(0)


def content(title="Returns", **fields):
    given = {"visibility": "public", "language": "en", "sections": (((), "Send it back."),)}
    return Content(title, **(given | fields))


def piece(text, heading="", start=0):
    return Piece(heading, text, start, len(text.split()))


def put(database, title="Returns", texts=("Send it back within thirty days.",), **fields):
    with database.transaction() as session:
        return articles.create(
            session,
            content(title, **fields),
            [piece(text) for text in texts],
            sha="1",
            author_id=None,
        )


def changed(database, article, texts, title="Returns", sha="2", **fields):
    with database.transaction() as session:
        return articles.change(
            session,
            article,
            content(title, **fields),
            [piece(text) for text in texts],
            sha=sha,
            author_id=None,
        )


def having(database, *stems):
    """Texts of the passages that have one of these stems."""
    with database.reading() as session:
        ids = passages.having(session, list(stems), 100)
        return {row.text for _, row in articles.shown(session, ids.tolist()).values()}


def frequency(database, stem):
    with database.reading() as session:
        return passages.frequencies(session, [stemming.key(stem)]).get(stemming.key(stem), 0)


def vectors(database, kind, name="mini/4", after=0):
    with database.reading() as session:
        return {
            row_id: row.tolist()
            for ids, rows in passages.vectors(session, kind, name, after, 4)
            for row_id, row in zip(ids.tolist(), rows, strict=True)
        }


def ids_of(database, article):
    with database.reading() as session:
        return [one.id for one in articles.pieces_of(session, article)]


def put_vectors(database, kind, ids, name="mini/4"):
    rows = {each: np.arange(4, dtype=np.float32) + each / 8 for each in ids}
    with database.transaction() as session:
        passages.put_vectors(session, kind, name, rows)


def test_reads_back_what_it_holds(database):
    made = put(
        database,
        tags=("refund", "post"),
        owner="Ada",
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
        source="a/returns.md",
    )
    with database.reading() as session:
        found = articles.get(session, made.public_id)
        [version] = articles.versions(session, found)
    assert found == made
    assert (found.version, found.passages, found.deleted_at) == (1, 1, None)
    assert articles.tags_of(found.tags) == ("refund", "post")
    assert (found.valid_from, found.valid_until) == (date(2026, 1, 1), date(2027, 1, 1))
    assert version.content["sections"] == [[[], "Send it back."]]


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "Returning lamps", "return"),
        ("de", "Rücksendungen", "rucksend"),
        ("fr", "Les remboursements", "rembours"),
        ("ja", "返品について", "返品"),
        ("", "Returning", "returning"),
        ("xx", "Half ½ ﬁne Ⅻ", "fine"),
    ],
)
def test_found_by_stems_of_its_language(database, language, text, word):
    put(database, texts=(text,), language=language)
    assert having(database, word) == {text}
    assert having(database, "nothing") == set()


def test_hostile_words_are_words(database):
    text = "it's \"quoted\" AND (near) col:on * \\ back ' OR"
    put(database, texts=(text,))
    found = stemming.stems(text, "en")
    for stem in found:
        assert having(database, stem) == {text}


def test_stems_come_with_their_counts(database):
    made = put(database, title="Lamp", texts=("Lamps and lamps", "A bulb"))
    with database.reading() as session:
        ids, sizes, counted = passages.stems_of(session, np.array(ids_of(database, made)))
        lengths = {row[0]: row[2] for row in passages.lengths(session)}
    rows = dict(zip(ids.tolist(), np.split(counted, np.cumsum(sizes)[:-1]), strict=True))
    first, second = (rows[each] for each in ids_of(database, made))
    lamp = stemming.key("lamp")
    assert first[first["stem"] == lamp]["times"].tolist() == [3]
    assert second[second["stem"] == lamp]["times"].tolist() == [1]
    assert [lengths[each] for each in ids_of(database, made)] == [4, 3]


def test_a_new_version_keeps_what_stayed(database):
    made = put(database, texts=("One lamp.", "Two bulbs.", "Three shades."))
    before = ids_of(database, made)
    put_vectors(database, "passage", before)
    put_vectors(database, "article", [made.id])
    new = changed(database, made, ("Two bulbs.", "Four cables.", "One lamp."))
    after = ids_of(database, new)
    assert (new.version, new.passages) == (2, 3)
    assert [after[0], after[2]] == [before[1], before[0]]
    assert after[1] not in before
    assert set(vectors(database, "passage")) == {before[0], before[1]}
    assert set(vectors(database, "article")) == {made.id}
    assert having(database, "shade") == set()
    assert having(database, "cabl") == {"Four cables."}
    assert (frequency(database, "shade"), frequency(database, "lamp")) == (0, 1)


def test_another_title_is_read_anew(database):
    made = put(database, texts=("One lamp.",))
    put_vectors(database, "passage", ids_of(database, made))
    put_vectors(database, "article", [made.id])
    changed(database, made, ("One lamp.",), title="Refunds")
    assert vectors(database, "passage") == vectors(database, "article") == {}
    assert having(database, "refund") == {"One lamp."}
    assert having(database, "return") == set()


def test_the_second_of_two_writers_is_told(database):
    made = put(database)
    changed(database, made, ("New.",))
    with pytest.raises(Conflict):
        changed(database, made, ("Newer.",))
    assert having(database, "newer") == set()


def test_one_article_a_source(database):
    put(database, source="a.md")
    with pytest.raises(Conflict):
        put(database, source="a.md")
    put(database, source="")
    put(database, source="")


def test_removed_restored_purged(database):
    made = put(database, texts=("One lamp.",), source="a.md")
    with database.transaction() as session:
        articles.remove(session, made)
    assert having(database, "lamp") == set()
    with database.transaction() as session:
        articles.restore(session, made.public_id)
        assert articles.purge(session, NONE) == 0
    assert having(database, "lamp") == {"One lamp."}
    with database.transaction() as session:
        articles.remove(session, made)
        assert articles.purge(session, timedelta(days=1)) == 0
        assert articles.purge(session, NONE) == 1
        with pytest.raises(NotFound):
            articles.restore(session, made.public_id)
    assert frequency(database, "lamp") == 0


def test_a_removed_article_does_not_come_back_beside_its_file(database):
    made = put(database, source="a.md")
    with database.transaction() as session:
        articles.remove(session, made)
    put(database, source="a.md")
    with pytest.raises(Conflict), database.transaction() as session:
        articles.restore(session, made.public_id)


def test_sources_are_purged_by_their_beginning(database):
    for source in ("demo:1", "demo:2", "demo_3", "demo"):
        put(database, source=source)
    with database.transaction() as session:
        assert articles.purge_sources(session, "demo:") == 2
        assert articles.purge_sources(session, "demo:") == 0
        assert article_lists.totals(session).public == 2


def test_listing_narrows_and_goes_on(database):
    put(database, title="Über Lampen", tags=("a", "b"), language="de")
    put(database, title="100% glass", tags=("b",), visibility="internal")
    put(database, title="Paper", source="lampen/paper.md")
    with database.reading() as session:

        def titles(**how):
            return [each.title for each in article_lists.listing(session, **how)]

        assert titles() == ["Paper", "100% glass", "Über Lampen"]
        assert titles(text="LAMPEN uber") == ["Über Lampen"]
        assert titles(text="lampen") == ["Paper", "Über Lampen"]
        assert titles(text="0%") == ["100% glass"]
        assert titles(tag="b") == ["100% glass", "Über Lampen"]
        assert titles(tag="%") == []
        assert titles(visibility="internal") == ["100% glass"]
        first = article_lists.listing(session, limit=1)
        assert titles(after=first[0].public_id, limit=1) == ["100% glass"]
        totals = article_lists.totals(session)
    assert (totals.public, totals.internal, totals.passages) == (2, 1, 3)
    assert totals.tags == {"a": 1, "b": 2}
    assert totals.languages == {"de": 1, "en": 2}


def test_vectors_wait_and_come_back(database):
    made = put(database, texts=("One.", "Two."))
    ids = ids_of(database, made)
    with database.reading() as session:
        assert [each.id for each in passages.waiting(session, "passage", "mini/4", 9)] == ids
        assert [each.title for each in passages.waiting(session, "article", "mini/4", 9)] == [
            "Returns"
        ]
        before = passages.changes(session)
    put_vectors(database, "passage", [ids[1], 999_999])
    with database.reading() as session:
        assert [each.text for each in passages.waiting(session, "passage", "mini/4", 9)] == ["One."]
        assert passages.count_waiting(session, "mini/4") == 1
        assert passages.count_waiting(session, "other/4") == 2
    assert vectors(database, "passage", after=before) == {
        ids[1]: (np.arange(4, dtype=np.float32) + ids[1] / 8).tolist()
    }
    assert vectors(database, "passage", after=before + 1) == {}
    put_vectors(database, "passage", [ids[1]], name="other/4")
    assert vectors(database, "passage") == {}


def test_writers_wait_for_each_other(database):
    made = [put(database, texts=(f"Lamp {number}.",)) for number in range(4)]
    failures = []

    def work(article):
        try:
            for text in ("Bulb one.", "Lamp and bulb.", "Shade."):
                article = changed(database, article, (text,))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (frequency(database, "shade"), frequency(database, "lamp")) == (4, 0)
    with database.reading() as session:
        assert passages.changes(session) == 16
        assert {each.id for each in articles.changed(session, 4)} == {each.id for each in made}


def test_citations_count(database):
    made = put(database, texts=("One.", "Two."))
    with database.reading() as session:
        one, two = (each.public_id for each in articles.pieces_of(session, made))
    with database.transaction() as session:
        nobody = "00000000-0000-7000-8000-000000000000"
        assert knowledge_uses.cite(session, [one, one, nobody], "chat", None) == 1
        assert knowledge_uses.cite(session, [one, two], "desk", None) == 2
    changed(database, made, ("Two.",))
    with database.reading() as session:
        recent = now() - timedelta(days=1)
        assert knowledge_uses.cited(session, [made.id], recent) == {made.id: 3}
        assert knowledge_uses.cited_passages(session, made.id, recent) == {one: 2, two: 1}
        assert knowledge_uses.judged(session, made.id) == (3, 0)
        assert articles.passage(session, one) is None
        assert knowledge_uses.article_cited_as(session, one) == made.public_id


def test_lacks_come_and_go(database):
    with database.transaction() as session:
        for number in range(3):
            knowledge_uses.lack(session, f"Question {number}?", "chat")
    with database.transaction() as session:
        found = knowledge_uses.lacks(session, now() - timedelta(days=1), 2)
        assert [each.question for each in found] == ["Question 2?", "Question 1?"]
        knowledge_uses.drop_lacks(session, [found[0].id])
        assert knowledge_uses.forget_lacks(session, now() + timedelta(days=1)) == 2


def test_an_author_who_leaves_leaves_the_article(database):
    ada = person(database)
    with database.transaction() as session:
        made = articles.create(session, content(), [piece("Text.")], sha="", author_id=ada.id)
    with database.transaction() as session:
        from store import forgetting

        forgetting.erase_person(session, ada.id, keep=False)
    with database.reading() as session:
        assert articles.get(session, made.public_id).title == "Returns"
        assert [each.author for each in articles.versions(session, made)] == [""]


def test_a_backup_brings_articles_back(database, tmp_path):
    made = put(database, texts=("One lamp.",), valid_until=date(2030, 1, 1), source="a.md")
    put_vectors(database, "passage", ids_of(database, made))
    file = tmp_path / "backup"
    backup.backup(database, file)
    backup.restore(f"sqlite:///{tmp_path}/copy.db", file)
    copy = Database(f"sqlite:///{tmp_path}/copy.db")
    with copy.reading() as session:
        found = articles.get(session, made.public_id)
        assert (found.title, found.valid_until) == ("Returns", date(2030, 1, 1))
    assert having(copy, "lamp") == {"One lamp."}
    copy.close()
