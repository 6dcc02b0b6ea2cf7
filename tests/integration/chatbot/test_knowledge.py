"""Knowledge from outside: articles in, passages out, on both databases, by words and by meaning."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.documents import Bad, Parsed, Section
from chatbot.errors import Conflict, EmptyText, NotAllowed, NotFound, Refused
from chatbot.knowledge import Knowledge
from store import accounts
from tests.support.stored import person

TODAY = date.today()  # noqa: DTZ011
DAY = timedelta(days=1)
LAMP = "Lamps can be returned within thirty days."
BULB = "A bulb lasts for ten thousand hours."


class Signs:
    """A sentence encoder whose meaning is the letters that a text begins its words with."""

    name, width = "signs", 26

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked.extend(texts)
        rows = np.full((len(texts), self.width), 0.01, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                if "a" <= word[0] <= "z":
                    row[ord(word[0]) - ord("a")] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def archive(database):
    return Archive(database)


@pytest.fixture
def signs():
    return Signs()


@pytest.fixture
def by_meaning(archive, signs):
    return Knowledge(archive, Audit(archive), lambda: signs)


@pytest.fixture
def by_words(archive):
    return Knowledge(archive, Audit(archive), lambda: None)


@pytest.fixture
def agent(database):
    return with_roles(database, "Ada", "agent")


def with_roles(database, name, *roles):
    made = person(database, name)
    with database.transaction() as session:
        accounts.set_roles(session, made.id, roles)
    with database.reading() as session:
        return accounts.person(session, made.id)


def parsed(title="Returns", text=LAMP, **fields):
    given = {"source": f"{title}.md", "visibility": "public", "language": "en"}
    return Parsed(title, (Section((), text),), **(given | fields))


def found(knowledge, question, **how):
    return [hit.title for hit in knowledge.search(question, **how)]


def test_import_knows_a_file_again(by_words, agent):
    first = by_words.add(agent, [parsed(), parsed("Bulbs", BULB), Bad("x.pdf", "It is broken.")])
    assert (first.new, first.refused) == (2, (("x.pdf", "It is broken."),))
    again = by_words.add(agent, [parsed(), parsed("Bulbs", "A bulb is a bulb.")])
    assert (again.new, again.changed, again.unchanged) == (0, 1, 1)
    assert again.articles == first.articles
    versions = by_words.article(agent, first.articles[1]).versions
    assert [(each.number, each.author) for each in versions] == [(2, "Ada"), (1, "Ada")]
    assert found(by_words, "hours") == []


def test_what_cannot_be_kept_is_named_and_the_rest_goes_on(by_words, agent):
    told = []
    added = by_words.add(
        agent,
        [parsed("Bad\x00", "Nul \x00 in it."), parsed("Empty", "  "), parsed()],
        lambda done, of: told.append((done, of)),
    )
    assert (added.new, [source for source, _ in added.refused]) == (1, ["Bad\x00.md", "Empty.md"])
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_new_articles_are_internal_unless_said(by_words, agent):
    silent = parsed(visibility=None)
    [one] = by_words.add(agent, silent).articles
    assert found(by_words, "lamps") == []
    assert found(by_words, "lamps", internal=True) == ["Returns"]
    by_words.set_visibility(agent, one, "public")
    assert found(by_words, "lamps") == ["Returns"]
    by_words.add(agent, replace(silent, tags=("new",)))
    assert by_words.article(agent, one).row.visibility == "public"
    [other] = by_words.add(agent, parsed("B", BULB, visibility=None), visibility="public").articles
    assert by_words.article(agent, other).row.visibility == "public"


def test_filters_come_before_ranking(by_words, agent):
    crowd = [parsed(f"Inside {n}", "lamp " * 9, visibility="internal") for n in range(30)]
    by_words.add(agent, [*crowd, parsed(tags=("post", "refund"))])
    assert found(by_words, "lamp", most=1) == ["Returns"]
    assert found(by_words, "lamp", most=1, internal=True) != ["Returns"]
    assert found(by_words, "lamp", internal=True, tags=["post", "refund"]) == ["Returns"]
    assert found(by_words, "lamp", internal=True, tags=["post", "other"]) == []
    assert found(by_words, "lamp", language="de") == []


def test_only_what_is_valid_today(by_words, agent):
    by_words.add(
        agent,
        [
            parsed("Over", valid_until=TODAY - DAY),
            parsed("Coming", valid_from=TODAY + DAY),
            parsed("Now", valid_from=TODAY - DAY, valid_until=TODAY),
        ],
    )
    assert found(by_words, "lamps") == ["Now"]


def test_stems_of_each_language(by_words, agent):
    german = parsed("Rücksendungen", "Lampen können zurückgeschickt werden.", language="de")
    by_words.add(agent, [parsed(), german])
    assert found(by_words, "RETURNING it") == ["Returns"]
    assert found(by_words, "rucksendung der Lampe")[0] == "Rücksendungen"


def test_language_is_told_from_the_text(by_words, agent):
    text = "Wo ist mein Paket, und wann kommt es endlich bei mir an? Ich warte schon lange darauf."
    [one] = by_words.add(agent, parsed("Pakete", text, language="")).articles
    assert by_words.article(agent, one).row.language == "de"


def test_meaning_finds_without_a_common_word(by_meaning, agent):
    by_meaning.add(agent, [parsed("One", "zebra zoo"), parsed("Two", "apple art")])
    assert found(by_meaning, "ape ant") == []
    assert by_meaning.embed() == 2
    [best, *_] = by_meaning.search("ape ant")
    assert (best.title, best.text_rank, best.meaning_rank) == ("Two", None, 1)
    assert best.score == pytest.approx(best.meaning + best.words)
    assert by_meaning.search("ape ant", least=2.0) == []


def test_an_article_is_found_by_its_title(by_meaning, agent):
    text = "xylophone " * 40
    by_meaning.add(agent, [parsed("quick quiet questions", text), parsed("Other", "quarrel xray")])
    by_meaning.embed()
    assert found(by_meaning, "quarter quota quest")[0] == "quick quiet questions"


def test_turns_before_help(by_words, agent):
    by_words.add(agent, [parsed(), parsed("Bulbs", BULB)])
    hits = by_words.search("how long?", earlier=["I bought a bulb", "It lasts"])
    assert hits[0].title == "Bulbs"
    assert by_words.search("  ") == []
    assert by_words.search("lamps", most=0) == []


def test_changes_reach_another_process(archive, agent, signs):
    writing, reading = (Knowledge(archive, Audit(archive), lambda: signs) for _ in range(2))
    [one] = writing.add(agent, [parsed(), parsed("Bulbs", BULB)][:1]).articles
    writing.embed()
    assert found(reading, "lamps") == ["Returns"]
    writing.add(agent, parsed("Bulbs", BULB))
    writing.embed()
    assert found(reading, "bulb hours")[0] == "Bulbs"
    writing.remove(agent, one)
    assert "Returns" not in found(reading, "lamps")
    writing.restore(agent, one)
    assert found(reading, "lamps returned")[0] == "Returns"


def test_vectors_are_computed_once_and_go_on(by_meaning, agent, signs):
    by_meaning.add(agent, [parsed(f"T{n}", f"text {n}") for n in range(70)])
    told = []
    assert by_meaning.embed(lambda done, of: told.append((done, of)), lambda: len(told) == 1) == 64
    assert by_meaning.state().waiting == 6
    assert by_meaning.embed() == 6
    assert told == [(64, 70)]
    asked = len(signs.asked)
    assert by_meaning.embed() == 0
    assert len(signs.asked) == asked
    by_meaning.add(agent, parsed("T1", "text one"))
    assert by_meaning.embed() == 1


def test_another_encoder_computes_anew(by_meaning, archive, agent):
    by_meaning.add(agent, parsed())
    by_meaning.embed()
    other = Signs()
    other.name = "other"
    later = Knowledge(archive, Audit(archive), lambda: other)
    assert later.state().waiting == 1
    assert found(later, "lamps") == ["Returns"]
    assert later.embed() == 1
    assert later.state().waiting == 0


def test_without_an_encoder_it_says_so(by_words, by_meaning, agent):
    assert by_words.empty()
    by_words.add(agent, parsed())
    assert not by_words.empty()
    state = by_words.state()
    assert (state.articles, state.passages, state.by_meaning) == (1, 1, False)
    assert "words" in state.why_not
    assert by_words.embed() == 0
    assert (by_meaning.state().by_meaning, by_meaning.state().why_not) == (True, "")
    assert (by_meaning.state().waiting, by_words.article(agent, by_words.articles(agent).rows[0].id)
            .pieces[0].embedded) == (1, False)  # fmt: skip


def test_written_in_an_editor(by_words, agent):
    fields = {
        "visibility": "public",
        "tags": [" Post ", "post", ""],
        "language": "en",
        "valid_from": None,
        "valid_until": None,
    }
    made = by_words.write(
        agent, None, title="New", text="Intro.\n\n## How\n\nBy post.", base_version=None, **fields
    )
    assert (made.row.version, made.row.tags) == (1, ("Post",))
    assert [(each.heading, each.text) for each in made.pieces] == [
        ("", "Intro."),
        ("How", "By post."),
    ]
    again = by_words.write(
        agent, made.row.id, title="New", text=made.text, base_version=1, **fields
    )
    assert (again.row.version, again.text, again.pieces) == (2, made.text, made.pieces)
    with pytest.raises(Conflict):
        by_words.write(agent, made.row.id, title="New", text="X.", base_version=1, **fields)
    with pytest.raises(EmptyText):
        by_words.write(agent, None, title="New", text=" ", base_version=None, **fields)
    with pytest.raises(Refused):
        by_words.write(
            agent, None, title="N", text="X.", base_version=None,
            **(fields | {"valid_from": TODAY, "valid_until": TODAY - DAY}),
        )  # fmt: skip
    with pytest.raises(Refused):
        by_words.set_visibility(agent, made.row.id, "everybody")


def test_what_was_edited_stays_until_its_file_changes(by_words, agent):
    [one] = by_words.add(agent, parsed()).articles
    by_words.write(
        agent, one, title="Returns", text="Edited.", visibility="public", tags=(), language="en",
        valid_from=None, valid_until=None, base_version=1,
    )  # fmt: skip
    assert by_words.add(agent, parsed()).unchanged == 1
    assert by_words.article(agent, one).text == "Edited."
    assert by_words.add(agent, parsed(text="From the file.")).changed == 1
    assert by_words.article(agent, one).row.version == 3


def test_who_may(by_words, database, agent):
    [one] = by_words.add(agent, parsed()).articles
    chatter = with_roles(database, "Bob", "chatter")
    reviewer = with_roles(database, "Cleo", "reviewer")
    assert by_words.may_see_internal(reviewer)
    assert not by_words.may_see_internal(chatter)
    assert by_words.article(reviewer, one).row.title == "Returns"
    for call in (
        lambda: by_words.articles(chatter),
        lambda: by_words.article(chatter, one),
        lambda: by_words.passage(chatter, one),
        lambda: by_words.lacking(chatter),
        lambda: by_words.add(reviewer, parsed()),
        lambda: by_words.remove(reviewer, one),
        lambda: by_words.restore(reviewer, one),
        lambda: by_words.set_visibility(reviewer, one, "internal"),
        lambda: by_words.drop_lack(reviewer, one),
    ):
        with pytest.raises(NotAllowed):
            call()
    for call in (
        lambda: by_words.article(agent, "no id"),
        lambda: by_words.passage(agent, one),
        lambda: by_words.remove(agent, "01a22b46-9162-7770-9e80-a20a9c1f972f"),
        lambda: by_words.drop_lack(agent, one),
    ):
        with pytest.raises(NotFound):
            call()


def test_a_citation_opens_its_passage(by_words, agent):
    [one] = by_words.add(agent, parsed(text=f"{LAMP}\n\n{'More about it. ' * 80}")).articles
    first = by_words.article(agent, one).pieces[0]
    [hit] = by_words.search("thirty days", most=1)
    assert hit.passage == first.passage
    by_words.note_cited([hit.passage, "gone"], "chat")
    article, number = by_words.passage(agent, hit.passage)
    assert (article.row.id, number, article.cited, article.row.cited_30d) == (one, 1, 1, 1)
    by_words.add(agent, parsed(text="Quite another text."))
    article, number = by_words.passage(agent, hit.passage)
    assert (article.row.id, number) == (one, None)


def test_lists_go_on(by_words, agent):
    by_words.add(agent, [parsed(f"T{n}", tags=("odd",) if n % 2 else ()) for n in range(5)])
    page = by_words.articles(agent, limit=3)
    assert [row.title for row in page.rows] == ["T4", "T3", "T2"]
    rest = by_words.articles(agent, limit=3, after=page.after)
    assert [row.title for row in rest.rows] == ["T1", "T0"]
    assert rest.after is None
    assert (page.counts.all, page.counts.passages, page.counts.tags) == (5, 5, (("odd", 2),))
    assert by_words.articles(agent, text="t3").rows[0].is_valid(TODAY)


@pytest.mark.parametrize("encoder", ["words", "meaning"])
def test_lacks_are_masked_and_clustered(request, agent, encoder):
    knowledge = request.getfixturevalue(f"by_{encoder}")
    for question in (
        "Do you sell gift cards?",
        "do you sell gift cards",
        "Is the museum open? Call me at +49 171 2345678 or mail bo@example.com",
    ):
        knowledge.lacked(question, "chat")
    first, second = knowledge.lacking(agent)
    assert (first.times, second.times) == (2, 1)
    assert "gift" in first.question
    assert "2345678" not in second.question
    assert "example.com" not in second.question
    knowledge.drop_lack(agent, first.id)
    assert [each.question for each in knowledge.lacking(agent)] == [second.question]


def test_removed_sources_and_tidying(by_words, agent):
    by_words.add(agent, [parsed(source="demo:1"), parsed("B", BULB, source="own.md")])
    assert by_words.clear("demo:") == 1
    assert found(by_words, "lamps") == []
    assert found(by_words, "bulb") == ["B"]
    by_words.tidy()
    assert found(by_words, "bulb") == ["B"]


def test_searching_while_others_write(by_meaning, agent):
    by_meaning.add(agent, [parsed(f"T{n}", f"lamp {n}") for n in range(20)])
    by_meaning.embed()
    failures, done = [], threading.Event()

    def search():
        try:
            while not done.is_set():
                assert by_meaning.search("lamp", most=5)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for n in range(10):
            by_meaning.add(agent, parsed(f"T{n}", f"lamp changed {n}"))
            by_meaning.embed()
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_question_fits_before_vectors_are_computed_too(by_meaning, by_words, agent):
    by_meaning.add(agent, [parsed(), parsed("Bulbs", BULB)])
    question = "Within how many days can lamps be returned?"
    early, alone = by_meaning.search(question), by_words.search(question)
    assert [hit.score for hit in early] == [hit.score for hit in alone]
    assert by_meaning.is_fitting(early)
    by_meaning.embed()
    assert by_meaning.is_fitting(by_meaning.search(question))
