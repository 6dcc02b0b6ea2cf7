"""Lists of versions and releases read what they show, however much there is."""

import json

import pytest
from sqlalchemy import event, insert, text

from store import prompts, testing
from store.models import Prompt, PromptTests, PromptVersion, Release
from tests.integration.store.test_prompt_versions import publish, save

MANY = 3_000


def sha(n):
    return f"{n:064x}"


@pytest.fixture
def many(database):
    """A prompt with many versions, releases and texts of tests beside one with a few."""
    save(database, "a" * 64, "other")
    publish(database, {"a" * 64: 1}, "other")
    with database.transaction() as session:
        session.execute(insert(Prompt), [{"name": "support", "kind": "chat", "versions": MANY}])
        numbers = range(1, MANY + 1)
        common = {"prompt": "support", "source": "x", "author": "Ada"}
        session.execute(
            insert(PromptVersion),
            [
                common
                | {"sha": sha(n), "seq": n, "kind": "chat", "partials": {}, "note": f"note {n}"}
                for n in numbers
            ],
        )
        session.execute(
            insert(Release),
            [
                {
                    "prompt": "support",
                    "environment": "production" if n % 2 else "staging",
                    "weights": {sha(n): 1},
                    "actor": "Ada",
                    "reason": "",
                }
                for n in numbers
            ],
        )
        session.execute(
            insert(PromptTests), [common | {"sha": sha(n), "cases": n} for n in numbers[:-1]]
        )
        testing.save_tests(
            session, prompt="support", sha=sha(MANY), source="y", cases=MANY, author="Ada"
        )
    if database.dialect == "postgresql":
        with database.transaction() as session:
            session.execute(text("ANALYZE"))
    return database


QUESTIONS = {
    "newest page": lambda s: prompts.history(s, "support", limit=20),
    "page in the middle": lambda s: prompts.history(s, "support", before=1500, limit=20),
    "newest version": lambda s: prompts.newest(s, "support"),
    "newest of every prompt": prompts.newest_lines,
    "by number": lambda s: prompts.version_of(s, "support", "17"),
    "by the hash's beginning": lambda s: prompts.version_of(s, "other", "aaaaaaaa"),
    "newest releases": lambda s: prompts.releases(s, "support", limit=20),
    "releases in the middle": lambda s: prompts.releases(s, "support", before=1500, limit=20),
    "what serves now": prompts.live,
    "what one environment serves": lambda s: prompts.current_release(s, "support", "staging"),
    "current tests": lambda s: testing.current_tests(s, "support"),
    "current tests of every prompt": testing.tests_states,
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_list_reads_what_it_shows(many, question):
    assert rows_read(many, question) <= 100


def test_pages_follow_one_another(many):
    with many.reading() as session:
        before, seen = None, []
        while page := prompts.history(session, "support", before=before, limit=700):
            seen += [line.seq for line in page]
            before = page[-1].seq
        assert seen == list(range(MANY, 0, -1))
        first = prompts.releases(session, "support", limit=5)
        second = prompts.releases(session, "support", before=first[-1].id, limit=5)
        assert [each.weights for each in first + second] == [
            {sha(n): 1} for n in range(MANY, MANY - 10, -1)
        ]


def test_newest_of_everything_is_the_newest(many):
    with many.reading() as session:
        assert prompts.newest_lines(session)["support"].seq == MANY
        live = prompts.live(session)
        assert live["support", "staging"].weights == {sha(MANY): 1}
        assert live["support", "production"].weights == {sha(MANY - 1): 1}
        assert ("other", "staging") not in live
        assert testing.tests_states(session)["support"].cases == MANY


def rows_read(database, question):
    """How many rows the database looks at: all of a table where it is scanned without an index."""
    asked = []

    def hear(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    engine = database._readers
    event.listen(engine, "before_cursor_execute", hear)
    try:
        with database.reading() as session:
            question(session)
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    queries = [(query, given) for query, given in asked if query.startswith("SELECT")]
    assert queries
    looked = looked_at_in_sqlite if database.dialect == "sqlite" else looked_at_in_postgresql
    with database.reading() as session:
        connection = session.connection()
        return sum(looked(connection, query, given) for query, given in queries)


def looked_at_in_sqlite(connection, query, given):
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", given)
    tables = ("prompt_versions", "releases", "prompt_tests")
    scans = [
        row.detail for row in plan if row.detail.startswith(tuple(f"SCAN {t}" for t in tables))
    ]
    return MANY * len(scans)


def looked_at_in_postgresql(connection, query, given):
    found = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", given).scalar()
    [plan] = found if isinstance(found, list) else json.loads(found)
    return _rows_of(plan["Plan"])


def _rows_of(node):
    filtered = node.get("Rows Removed by Filter", 0)
    own = (node["Actual Rows"] + filtered) * node["Actual Loops"] if "Relation Name" in node else 0
    return own + sum(_rows_of(child) for child in node.get("Plans", ()))
