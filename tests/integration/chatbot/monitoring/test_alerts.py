"""Alerts begin with enough data, are told once, stay silent while muted, and end."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import NotAllowed, NotFound, Refused
from chatbot.monitoring.views import RuleForm
from store import accounts, models, webhooks
from tests.support.answered import NEW, OLD, Past, monitoring_of
from tests.support.mailing import mailbox
from tests.support.smtp_server import smtp_server

ERRORS = RuleForm("Errors", "errors", "above", 0.2, minutes=60, least=5)
THUMBS = RuleForm("Thumbs", "thumbs", "drop", 0.1, minutes=7 * 1440, least=10)
TIMED_OUT = "The model did not answer in time. Try again."


class Watch:
    """Monitoring of a past, at a time that a test moves."""

    def __init__(self, database, **around):
        self.past = Past(database)
        self.me = self.past.owner
        self.ahead = timedelta()
        self.monitoring = monitoring_of(database, lambda: self.past.now + self.ahead, **around)
        self.look()
        for rule in self.monitoring.rules(self.me):
            self.monitoring.remove_rule(self.me, rule.id)
        with database.transaction() as session:
            hook = {"url": "https://example.com/x", "secret": "s", "by": None}
            self.hook = webhooks.add(session, events=["alert.began", "alert.ended"], **hook).id

    def set(self, form, rule=""):
        return self.monitoring.set_rule(self.me, form, rule).id

    def look(self):
        self.monitoring.refresh(judge=True)
        return [one.subject for one in self.monitoring.overview(self.me).alerts]

    def firing(self):
        (alert,) = self.monitoring.overview(self.me).alerts
        return alert

    def told(self):
        with self.past.database.reading() as session:
            found = webhooks.deliveries(session, self.hook)
        return sorted((one.kind, one.data["subject"]) for one in found)

    def fail(self, count, **of):
        at = self.past.ago(minutes=1) + self.ahead
        self.past.answers(count, at, status="failed", error=TIMED_OUT, **of)


@pytest.fixture
def watch(database):
    return Watch(database)


def test_an_alert_begins_goes_on_and_ends(watch):
    watch.set(ERRORS)
    watch.fail(4)
    assert watch.look() == []  # too few to say anything
    watch.fail(1)
    assert watch.look() == ["All answers"]
    alert = watch.firing()
    assert alert.text == "Errors of all answers: 100 %, above 20 %."
    assert alert.cause == "No answer in time: 5 of 5, most of them with m@1."
    behind = watch.monitoring.answers(
        watch.me, plot=alert.behind.plot, series=alert.behind.series, at=alert.behind.at
    )
    assert len(behind.rows) == 5
    watch.look()
    assert watch.told() == [("alert.began", "All answers")]
    watch.past.answers(21, watch.past.ago(minutes=1))
    assert watch.look() == ["All answers"]  # it may be broken again in a minute
    watch.ahead = timedelta(minutes=5)
    assert watch.look() == []
    assert watch.told() == [("alert.began", "All answers"), ("alert.ended", "All answers")]


def test_a_model_that_fails_is_not_hidden_by_the_others(watch):
    watch.set(ERRORS)
    watch.past.answers(26, watch.past.ago(minutes=2))
    watch.fail(6, model="big@2")
    assert watch.look() == ["support v2 · big@2"]
    watch.fail(10)
    assert watch.look() == ["All answers", "support v2 · big@2"]  # this one is not over
    assert {kind for kind, _ in watch.told()} == {"alert.began"}


def test_silence_ends_an_alert(watch):
    watch.set(ERRORS)
    watch.fail(5)
    assert watch.look() == ["All answers"]
    watch.ahead = timedelta(minutes=30)
    assert watch.look() == ["All answers"]
    watch.ahead = timedelta(hours=3)
    assert watch.look() == []


def test_a_muted_rule_is_told_when_it_speaks_again(watch):
    rule = watch.set(ERRORS)
    watch.fail(5)
    watch.look()
    alert = watch.firing()
    watch.monitoring.mute(watch.me, alert.id, 24)
    assert watch.firing().muted is not None
    watch.past.answers(21, watch.past.ago(minutes=1))
    watch.ahead = timedelta(minutes=5)
    assert watch.look() == []
    assert watch.told() == [("alert.began", "All answers")]  # the end was not told
    watch.fail(10)
    assert watch.look() == ["All answers"]
    assert len(watch.told()) == 1
    watch.monitoring.mute(watch.me, watch.firing().id, 0)
    watch.look()
    assert [kind for kind, _ in watch.told()] == ["alert.began", "alert.began"]
    entries = Audit(Archive(watch.past.database)).entries(watch.me, action="alert_muted")
    assert [entry.subject for entry in entries] == [rule, rule]


def test_a_rule_is_muted_before_it_is_broken(watch):
    rule = watch.set(ERRORS)
    watch.monitoring.mute_rule(watch.me, rule, 24)
    [shown] = watch.monitoring.rules(watch.me)
    assert (shown.muted is not None, shown.firing) == (True, False)
    watch.fail(5)
    assert watch.look() == ["All answers"]
    assert watch.told() == []
    watch.monitoring.mute_rule(watch.me, rule, 0)
    watch.look()
    assert [kind for kind, _ in watch.told()] == ["alert.began"]
    with pytest.raises(Refused):
        watch.monitoring.mute_rule(watch.me, rule, 24 * 31)


def test_a_version_is_compared_with_the_one_before(watch):
    watch.set(THUMBS)

    def thumbs(version, up, down, days):
        for number, rating in ((up, 1), (down, -1)):
            watch.past.answers(number, watch.past.ago(days=days), version, rating=rating)

    thumbs(OLD, 19, 1, days=20)
    thumbs(NEW, 8, 1, days=1)
    assert watch.look() == []  # nine are too few
    thumbs(NEW, 0, 9, days=2)
    assert watch.look() == ["support v2"]
    alert = watch.firing()
    assert alert.text == "Thumbs up of support v2: 44.4 %, below 85 %."
    assert alert.behind.series == f"prompt:{NEW}:support"


def test_a_difference_that_may_be_chance_is_none(watch):
    watch.set(THUMBS)
    for version, up, days in ((OLD, 8, 20), (NEW, 6, 1)):
        for number, rating in ((up, 1), (10 - up, -1)):
            watch.past.answers(number, watch.past.ago(days=days), version, rating=rating)
    assert watch.look() == []


def test_slow_answers_say_how_many_ran_at_once(watch):
    watch.set(RuleForm("Slow", "first_p95", "above", 0.8, minutes=60, least=3))
    watch.past.answers(6, watch.past.ago(minutes=1), first=2.0, total=30.0)
    watch.look()
    assert watch.firing().cause.startswith("m@1 wrote 6 answers at once on ")
    (plot,) = (one for one in watch.monitoring.overview(watch.me).plots if one.key == "first")
    assert (plot.limit.value, plot.limit.text) == (0.8, "alert above 0.8 s")


def test_mail_goes_to_one_address_and_is_tried_again(database):
    with smtp_server() as smtp:
        box = mailbox(smtp_host="127.0.0.1", smtp_port=smtp.port)
        watch = Watch(database, mailbox=box)
        watch.set(RuleForm("Errors", "errors", "above", 0.2, least=5, mail="ops@example.com"))
        watch.fail(5)
        smtp.answers.append("451 later")
        watch.look()
        assert smtp.mails == []
        assert watch.told() == [("alert.began", "All answers")]
        watch.look()
        watch.look()
        [(sender, to, raw)] = smtp.mails
        assert (sender, to) == (box.address, ["ops@example.com"])
        mail = message_from_bytes(raw, policy=policy.default)
        assert mail["Subject"] == "Halden Lamps: Alert: Errors"
        assert "Errors of all answers: 100 %, above 20 %." in mail.get_content()
        watch.ahead = timedelta(hours=3)
        watch.look()
        assert len(smtp.mails) == 2


def test_webhooks_are_told_of_an_end_also_where_no_mail_ever_left(database):
    with smtp_server() as smtp:
        watch = Watch(database, mailbox=mailbox(smtp_host="127.0.0.1", smtp_port=smtp.port))
        rule = watch.set(RuleForm("Errors", "errors", "above", 0.2, least=5, mail="o@example.com"))
        watch.fail(5)
        smtp.answers.append("451 later")
        watch.look()
        assert smtp.mails == []
        watch.monitoring.remove_rule(watch.me, rule)
    assert watch.told() == [("alert.began", "All answers"), ("alert.ended", "All answers")]


def test_the_first_rules_are_made_once(database):
    past, monitoring = Past(database), monitoring_of(database)
    monitoring.refresh(judge=True)
    rules = monitoring.rules(past.owner)
    assert [one.form.how for one in rules] == ["above", "rise", "drop"]
    for rule in rules:
        monitoring.remove_rule(past.owner, rule.id)
    monitoring.refresh(judge=True)
    assert monitoring.rules(past.owner) == []


def test_rules_are_set_by_administrators_and_make_sense(watch):
    with watch.past.database.transaction() as session:
        author = accounts.add_person(session, "Bea", ("author",))
        agent = accounts.add_person(session, "Cy", ("agent",))
    rule = watch.set(ERRORS)
    for ask in (
        lambda: watch.monitoring.set_rule(author, ERRORS),
        lambda: watch.monitoring.remove_rule(author, rule),
        lambda: watch.monitoring.rules(agent),
        lambda: watch.monitoring.mute(agent, rule),
        lambda: watch.monitoring.mute_rule(agent, rule),
    ):
        with pytest.raises(NotAllowed):
            ask()
    assert [one.said for one in watch.monitoring.rules(author)] == [
        "Errors above 20 % in 1 hour, from 5 answers on."
    ]
    wrong = (
        {"name": " "}, {"measure": "x"}, {"how": "x"}, {"minutes": 1}, {"least": -1},
        {"threshold": 0}, {"threshold": 2}, {"threshold": float("nan")}, {"channel": "fax"},
        {"mail": "nobody"}, {"mail": "ops@example.com"},
    )  # fmt: skip
    for one in wrong:
        with pytest.raises(Refused):
            watch.set(RuleForm(**{**form(ERRORS), **one}))
    for unknown in (rule[:-1], "x", ""):
        with pytest.raises(NotFound):
            watch.monitoring.mute(watch.me, unknown)
        with pytest.raises(NotFound):
            watch.monitoring.mute_rule(watch.me, unknown)
    with pytest.raises(NotFound):
        watch.monitoring.remove_rule(watch.me, "x")


def test_a_changed_rule_is_judged_anew(watch):
    rule = watch.set(ERRORS)
    watch.fail(5)
    assert watch.look() == ["All answers"]
    watch.set(RuleForm(**{**form(ERRORS), "least": 50}), rule)
    assert watch.look() == []
    assert watch.told() == [("alert.began", "All answers"), ("alert.ended", "All answers")]
    with watch.past.database.reading() as session:
        assert session.query(models.AlertEvent).count() == 1


def form(rule):
    return {name: getattr(rule, name) for name in RuleForm.__dataclass_fields__}
