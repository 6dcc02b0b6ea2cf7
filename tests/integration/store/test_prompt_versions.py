"""Versions are kept under their hash; releases are only added, the newest counts."""

import threading

import pytest

from store import prompts
from store.errors import Conflict, NotFound, UnstorableText

A, B = "a" * 64, "b" * 64


def save(database, sha=A, prompt="support", **changes):
    values = {
        "kind": "chat",
        "source": "---\nname: x\n---\nsystem:\n  Hello {{ name }}\r\n",
        "partials": {"tone": "be kind"},
        "examples": [{"question": "?", "n": 1}],
        "author": "Ada",
        "note": "first",
        "parent": None,
    }
    with database.transaction() as session:
        return prompts.save_version(session, sha=sha, prompt=prompt, **(values | changes))


def publish(database, weights, prompt="support", environment="production", reason="better"):
    with database.transaction() as session:
        return prompts.publish(
            session,
            prompt=prompt,
            environment=environment,
            weights=weights,
            actor="Ada",
            reason=reason,
        )


def current(database, prompt="support", environment="production"):
    with database.reading() as session:
        return prompts.current_release(session, prompt, environment)


def test_version_comes_back_whole(database):
    saved = save(database)
    with database.reading() as session:
        assert prompts.get_version(session, A) == saved
    assert saved.source.endswith("}}\r\n")
    assert (saved.seq, saved.partials, saved.parent) == (1, {"tone": "be kind"}, None)


def test_same_hash_is_kept_once(database):
    first = save(database)
    assert save(database, note="again", author="Bob") == first
    second = save(database, B, parent=A, examples=None)
    assert (second.seq, second.parent, second.examples) == (2, A, None)
    with database.reading() as session:
        assert prompts.versions(session, "support") == [second, first]


def test_hash_of_another_prompt_is_refused(database):
    save(database)
    with pytest.raises(Conflict, match="belongs to the prompt support"):
        save(database, prompt="assistant")
    with database.reading() as session:
        assert prompts.versions(session, "assistant") == []


def test_racing_authors_get_two_numbers(database):
    save(database)
    shas = [f"{number:064x}" for number in range(6)]
    threads = [threading.Thread(target=save, args=(database, sha)) for sha in shas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert [each.seq for each in prompts.versions(session, "support")] == [7, 6, 5, 4, 3, 2, 1]


def test_unknown_version_is_not_found(database):
    with database.reading() as session:
        with pytest.raises(NotFound):
            prompts.get_version(session, A)
        with pytest.raises(NotFound):
            prompts.release(session, 1)
        assert prompts.versions(session, "nothing") == []


def test_newest_release_counts(database):
    save(database)
    save(database, B)
    assert current(database) is None
    first = publish(database, {A: 1})
    assert current(database) == first
    second = publish(database, {A: 1, B: 9})
    back = publish(database, {A: 1}, reason="worse")
    assert current(database) == back
    with database.reading() as session:
        assert prompts.release(session, second.id).weights == {A: 1, B: 9}


def test_environments_are_apart(database):
    save(database)
    staged = publish(database, {A: 1}, environment="staging")
    assert current(database) is None
    assert current(database, environment="staging") == staged


@pytest.mark.parametrize("weights", [{}, {A: 0}, {A: -1}, {A: 1, B: 0}])
def test_bad_weights_are_refused(database, weights):
    save(database)
    save(database, B)
    with pytest.raises(Conflict, match="weight of 1 or more"):
        publish(database, weights)


def test_versions_of_others_cannot_be_released(database):
    save(database)
    save(database, B, prompt="assistant")
    for weights in ({B: 1}, {A: 1, B: 1}, {"f" * 64: 1}):
        with pytest.raises(NotFound):
            publish(database, weights)


def test_unknown_environment_is_refused(database):
    save(database)
    with pytest.raises(Conflict):
        publish(database, {A: 1}, environment="moon")


def test_prompts_are_listed_by_name(database):
    save(database)
    save(database, B, prompt="assistant", kind="task")
    release = publish(database, {A: 1})
    with database.reading() as session:
        assert prompts.prompts(session) == [
            ("assistant", "task", None),
            ("support", "chat", release),
        ]


def test_unstorable_source_is_refused(database):
    for changes in ({"source": "\x00"}, {"partials": {"a": "\ud800"}}, {"note": "\x00"}):
        with pytest.raises(UnstorableText):
            save(database, **changes)
