"""What Prometheus reads: counters of the process, gauges that are read when it asks."""

from prometheus_client.parser import text_string_to_metric_families

from chatbot.monitoring.metrics import GAUGES, PROCESS, Metrics, TurnEnd


def read(metrics, accept=""):
    body, kind = metrics.exposed(accept)
    assert kind.startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.values())] = sample.value
    return found


def test_ends_of_turns_are_counted():
    metrics = Metrics(dict, dict)
    key = ("chatbot_turns_total", "chat", "complete", "m@of-a-test", "support")
    before = read(metrics).get(key, 0)
    PROCESS.ended(TurnEnd("chat", "m@of-a-test", "support", "complete", 0.25, 1.5, 300, 40))
    PROCESS.ended(TurnEnd("chat", "", "", "failed"))
    found = read(metrics)
    assert found[key] == before + 1
    assert found["chatbot_turns_total", "chat", "failed", "none", "none"] >= 1
    assert found["chatbot_first_word_seconds_count", "chat", "m@of-a-test"] == before + 1
    assert found["chatbot_first_word_seconds_bucket", "0.2", "chat", "m@of-a-test"] == 0
    assert found["chatbot_tokens_total", "in", "m@of-a-test"] == 300 * (before + 1)
    assert ("process_resident_memory_bytes",) in found


def test_a_database_that_does_not_answer_is_told_and_the_rest_as_well():
    def broken():
        raise OSError

    now = dict.fromkeys(("turns_running", "turns_waiting"), 2.0)
    found = read(Metrics(lambda: now, broken))
    assert found["chatbot_database_up",] == 0
    assert found["chatbot_turns_running",] == 2
    assert ("chatbot_tickets_waiting",) not in found


def test_the_database_is_not_asked_at_every_scrape():
    asked = []

    def stored():
        asked.append(1)
        return {name: 1.0 for name in GAUGES if name != "database_up"}

    metrics = Metrics(dict, stored)
    for _ in range(3):
        assert read(metrics)["chatbot_alerts_firing",] == 1
    assert len(asked) == 1


def test_open_metrics_are_spoken_to_whom_asks_for_them():
    body, kind = Metrics(dict, dict).exposed("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
