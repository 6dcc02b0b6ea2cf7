"""Figures are right after everything that changes them, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from chatbot.errors import NotAllowed, NotFound, Refused
from chatbot.monitoring import lists
from store import accounts, answered, conversations, hours, models, tickets
from store.hours import hour_of
from tests.support.answered import DAY, HOUR, NEW, OLD, Past, monitoring_of


@pytest.fixture
def past(database):
    return Past(database)


@pytest.fixture
def monitoring(database):
    return monitoring_of(database)


def figures(monitoring, past, **asked):
    monitoring.refresh()
    return {one.key: one for one in monitoring.overview(past.owner, **asked).figures}


def plots(monitoring, past, **asked):
    monitoring.refresh()
    return {one.key: one for one in monitoring.overview(past.owner, **asked).plots}


def test_six_figures_stand_against_the_period_before(past, monitoring):
    for number in range(4):
        past.answer(past.ago(hours=2, minutes=number), rating=1 if number else -1, first=0.4)
    past.answer(past.ago(hours=3), status="failed", error="The model did not answer in time.")
    past.broken(past.ago(hours=3))
    past.answer(past.ago(hours=40), rating=1, first=0.1)
    shown = figures(monitoring, past, period="24h")
    assert (shown["answers"].value, shown["answers"].before) == (6, 1)
    assert (shown["thumbs"].value, shown["thumbs"].before) == (0.75, 1)
    assert shown["errors"].value == pytest.approx(2 / 6)
    assert shown["first"].value == pytest.approx(0.4, rel=0.07)
    assert shown["first"].before == pytest.approx(0.1, rel=0.07)
    assert shown["unchanged"].value is None


def test_a_thumb_and_a_verdict_of_today_change_the_hour_of_their_answer(past, monitoring):
    reply = past.answer(past.ago(days=3))
    assert figures(monitoring, past)["thumbs"].answers == 0
    past.rate(reply, 1)
    assert figures(monitoring, past)["thumbs"].value == 1
    past.rate(reply, -1)
    assert figures(monitoring, past)["thumbs"].value == 0
    past.judge(reply, 1)
    shown = plots(monitoring, past)["verdicts"]
    points = [point for point in shown.series[0].points if point.count]
    assert [(point.value, point.count) for point in points] == [(1, 1)]
    assert points[0].at <= past.ago(days=3) < points[0].at + DAY


def test_what_is_withdrawn_or_removed_counts_no_longer(past, monitoring):
    kept = past.answer(past.ago(days=2), rating=1)
    gone = past.answer(past.ago(days=2), rating=1)
    broken = past.broken(past.ago(days=2))
    shown = figures(monitoring, past)
    assert (shown["answers"].value, shown["thumbs"].answers) == (3, 2)
    past.withdraw(kept)
    assert figures(monitoring, past)["thumbs"].answers == 1
    past.forget(gone)
    past.forget(broken)
    shown = figures(monitoring, past)
    assert (shown["answers"].value, shown["thumbs"].answers, shown["errors"].value) == (1, 0, 0)
    past.forget(kept)
    assert figures(monitoring, past)["answers"].value == 0
    with past.database.reading() as session:
        assert hours.of_hours(session, past.ago(days=9), past.now + HOUR) == []
        assert hours.of_days(session, past.ago(days=9), past.now + HOUR) == []
        assert hours.stale(session, 10).ids == ()


def test_replies_say_how_far_drafts_were_changed(past, monitoring):
    past.reply(past.ago(hours=1), past.draft(past.ago(hours=1)), distance=0.0)
    past.reply(past.ago(hours=1), past.draft(past.ago(hours=1)), distance=0.5)
    past.reply(past.ago(hours=1))
    shown = figures(monitoring, past)
    assert (shown["unchanged"].value, shown["unchanged"].answers) == (0.5, 2)
    assert shown["distance"].value == 0.25
    assert shown["answers"].value == 2
    (line,) = monitoring.overview(past.owner).lines
    assert (line.name, line.replies, line.distance) == ("support v2", 2, 0.25)


def test_lines_stand_for_versions_models_channels_and_arms(past, monitoring):
    past.answer(past.ago(hours=1), NEW, rating=1)
    past.answer(past.ago(hours=1), NEW, rating=1, model="big@2")
    past.answer(past.ago(hours=1), OLD, rating=-1, channel="api")
    monitoring.refresh()

    def names(group):
        shown = monitoring.overview(past.owner, group=group)
        thumbs = next(plot for plot in shown.plots if plot.key == "thumbs")
        return [(one.name.partition(" since")[0], one.role) for one in thumbs.series]

    assert names("prompt") == [("support v2", "main"), ("v1, mean", "before")]
    assert names("model") == [("m@1", "main"), ("big@2", "share")]
    assert names("channel") == [("Chat", "main"), ("API", "share")]
    assert names("arm") == [("support v2, 80 %", "main"), ("support v1, 20 %", "share")]
    shown = monitoring.overview(past.owner)
    assert {(line.name, line.model, line.arm) for line in shown.lines} == {
        ("support v2", "m@1", "80 %"),
        ("support v2", "big@2", "80 %"),
        ("support v1", "m@1", "20 %"),
    }
    assert shown.channels == ("chat", "api")
    only = monitoring.overview(past.owner, channel="api")
    assert [line.name for line in only.lines] == ["support v1"]


def test_points_lead_to_the_answers_behind_them(past, monitoring):
    slow = past.answer(past.ago(minutes=5), first=9.0)
    past.answers(25, past.ago(minutes=10))
    failed = past.answer(past.ago(minutes=6), status="failed", error="The connection broke off.")
    broken = past.broken(past.ago(minutes=7))
    stopped = past.answer(past.ago(minutes=8), status="stopped")
    lost = past.answer(past.ago(minutes=9), lacked=True, text="I don't know that.")
    good = past.answer(past.ago(minutes=11), rating=1)
    monitoring.refresh()
    at = past.ago(minutes=5)

    def behind(plot, series="", **more):
        page = monitoring.answers(past.owner, plot=plot, series=series, at=at, **more)
        return [row.turn for row in page.rows], page

    assert behind("first", "p99")[0] == [slow.public_id]
    assert behind("errors", "broken")[0] == [failed.public_id]
    assert behind("errors")[0] == [failed.public_id, broken.public_id]
    assert behind("stops", "stopped")[0] == [stopped.public_id]
    assert behind("misses", "misses")[0] == [lost.public_id]
    assert behind("misses", "refusals")[0] == [lost.public_id]
    thumbs = f"prompt:{NEW}:support"
    rows, page = behind("thumbs", thumbs)
    assert rows == [good.public_id]
    assert (page.rows[0].thumb, page.rows[0].number) == (1, 2)
    assert page.rows[0].conversation
    assert page.rows[0].item
    assert behind("thumbs", f"prompt:{OLD}:support")[0] == []
    seen, page = behind("answers", "answers", limit=10)
    while page.more:
        more, page = behind("answers", "answers", limit=10, after=page.after)
        seen += more
    assert len(seen) == len(set(seen)) == 31
    for plot, series, after in (("x", "y", None), ("thumbs", "x", None), ("answers", "", "1|2")):
        with pytest.raises(NotFound):
            behind(plot, series, after=after)


def test_texts_behind_refusals_are_read_together(past, monitoring, monkeypatch):
    past.answers(3, past.ago(minutes=5))
    past.answer(past.ago(minutes=5), text="I don't know.")
    read, asked = answered.texts, []
    monkeypatch.setattr(answered, "texts", lambda *told: asked.append(told[1]) or read(*told))
    behind = {"plot": "misses", "series": "refusals", "at": past.ago(minutes=5), "period": "24h"}
    found = monitoring.answers(past.owner, **behind)
    assert (len(found.rows), found.more) == (1, False)
    assert [len(ids) for ids in asked] == [4]
    monkeypatch.setattr(lists, "READ_AT_ONCE", 2)
    monkeypatch.setattr(lists, "MOST_READ", 2)
    pages, after = [], None
    while not pages or after:
        found = monitoring.answers(past.owner, **behind, after=after)
        pages, after = [*pages, len(found.rows)], found.after
    assert sum(pages) == 1, "what is left comes with the next page, also after an empty one"
    assert len(pages) == 3


def test_drafts_replies_and_tickets_stand_behind_their_points(past, monitoring):
    drafted = past.draft(past.ago(minutes=9), sources=())
    past.reply(past.ago(minutes=5), drafted, distance=0.3)
    past.ticket(past.ago(minutes=4), mood="angry", topic="get_refund")
    shown = plots(monitoring, past)
    assert [one.name for one in shown["moods"].series] == ["Angry"]
    assert [one.name for one in shown["topics"].series] == ["Get refund"]
    asked = {"at": past.ago(minutes=4), "period": "24h"}
    series = f"prompt:{NEW}:support"
    found = monitoring.answers(past.owner, plot="distance", series=series, **asked)
    assert [(row.status, row.distance) for row in found.rows] == [("sent", 0.3)]
    for plot, name in (("moods", "angry"), ("topics", "get_refund")):
        (row,) = monitoring.answers(past.owner, plot=plot, series=name, **asked).rows
        assert row.ticket
        assert not row.turn
    (row,) = monitoring.answers(past.owner, plot="misses", series="misses", **asked).rows
    assert row.channel == "desk"


def test_a_ticket_that_comes_or_is_read_late_counts_when_it_was_written(past, monitoring):
    def series(plot):
        return [one.name for one in plots(monitoring, past)[plot].series]

    assert "moods" not in plots(monitoring, past) or series("moods") == []
    told = {"channel": "e-mail", "subject": "s", "customer": "c", "at": past.ago(hours=5)}
    with past.database.transaction() as session:
        made = tickets.add(session, source="mail", external_id="1", **told)
        tickets.mark(session, made.id, mood="angry")
    assert series("moods") == ["Angry"]
    with past.database.transaction() as session:
        tickets.mark(session, made.id, mood="happy", intent="get_refund")
    assert series("moods") == ["Happy"]
    assert series("topics") == ["Get refund"]
    with past.database.transaction() as session:
        tickets.change(session, made, at=past.ago(hours=4), mood="angry")
    assert series("moods") == ["Angry"]


def test_the_table_leaves_as_csv(past, monitoring):
    past.answer(past.ago(hours=1), rating=1)
    monitoring.refresh()
    head, line = list(monitoring.csv(past.owner))
    row = dict(zip(head.strip().split(","), line.strip().split(","), strict=True))
    assert (row["prompt"], row["version"], row["answers"], row["thumbs_up"]) == (
        ("support", "2", "1", "1.0")
    )


def test_figures_are_for_some_roles_and_some_words(past, monitoring):
    with past.database.transaction() as session:
        agent = accounts.add_person(session, "Bea", ("agent", "chatter"))
    for ask in (monitoring.overview, monitoring.rules, monitoring.csv):
        with pytest.raises(NotAllowed):
            ask(agent)
    with pytest.raises(NotAllowed):
        monitoring.answers(agent, plot="answers", series="answers", at=past.now)
    for wrong in ({"period": "1y"}, {"group": "x"}, {"channel": "fax"}):
        with pytest.raises(Refused):
            monitoring.overview(past.owner, **wrong)


def test_an_hour_is_made_again_only_where_something_changed(past, monitoring):
    past.answer(past.ago(hours=30))
    past.answer(past.ago(hours=5))
    assert monitoring.refresh() == 2
    assert monitoring.refresh() == 0
    past.answer(past.ago(minutes=1))
    assert monitoring.refresh() >= 1
    with past.database.reading() as session:
        found = hours.of_hours(session, past.ago(days=2), past.now + HOUR)
    assert {one.at for one in found} == {
        hour_of(past.ago(hours=30)),
        hour_of(past.ago(hours=5)),
        hour_of(past.ago(minutes=1)),
    }


def kept(past):
    """What is kept of the last day: figures by hour and kind, and by day."""
    since, until = past.ago(days=1), past.now + 3 * HOUR
    with past.database.reading() as session:
        by_hour, by_day = (
            hours.of_hours(session, since, until),
            hours.of_days(session, since, until),
        )
        return sorted(map(repr, by_hour)), sorted(map(repr, by_day))


def test_what_is_added_bit_by_bit_is_what_is_made_at_once(past):
    ahead = timedelta()
    watching = monitoring_of(past.database, lambda: past.now + ahead)
    replies = []
    for minutes in range(0, 100, 7):
        ahead = timedelta(minutes=minutes)
        refused = "I am sorry, I do not know that." if minutes % 3 else "Until six."
        at = past.now + ahead - timedelta(seconds=30)
        replies.append(past.answer(at, text=refused, rating=1 if minutes % 2 else None))
        if minutes % 4 == 1:
            past.rate(replies[len(replies) // 2], -1)
        if minutes == 63:
            with past.database.transaction() as session:
                conversations.purge_idle(session, past.now - DAY)
                session.delete(session.get(models.Conversation, replies.pop(3).conversation_id))
        watching.refresh()
    together = kept(past)
    again = monitoring_of(past.database, lambda: past.now + ahead)
    with past.database.transaction() as session:
        hours.forget(session, past.now + DAY)
        session.execute(delete(models.Reading))
    again.refresh()
    assert kept(past) == together
    assert len(together[0]) == 3


def test_a_look_reads_minutes_however_many_answers_the_hour_has(past, monkeypatch):
    read = []

    def heard(session, since, until):
        found = list(answers(session, since, until))
        read.append(len(found))
        return iter(found)

    answers = answered.answers
    monkeypatch.setattr(answered, "answers", heard)
    ahead = timedelta()
    watching = monitoring_of(past.database, lambda: past.now + ahead)
    for minute in range(25):
        past.answers(4, past.ago(minutes=minute))
    watching.refresh()
    ahead = timedelta(seconds=15)
    read.clear()
    past.answers(3, past.now + ahead)
    watching.refresh()
    assert 3 <= sum(read) < 60


def test_what_another_process_read_is_read_again(past):
    """The server that keeps figures may change, and the first may be asked again later."""
    ahead = timedelta()
    first, second = (monitoring_of(past.database, lambda: past.now + ahead) for _ in range(2))
    past.answer(past.ago(minutes=9))
    first.refresh()
    ahead = timedelta(minutes=3)
    past.answer(past.now + ahead)
    second.refresh()
    ahead = timedelta(minutes=10)
    second.refresh()
    ahead = timedelta(minutes=20)
    past.answer(past.now + ahead)
    first.refresh()
    shown = {one.key: one for one in first.overview(past.owner).figures}
    assert shown["answers"].value == 3
