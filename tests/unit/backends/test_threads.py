from chatbot.backends.runtimes.threads import RAREST_TRIAL, Threads

IDLE = {1: 4.0, 2: 3.0}
BUSY = {1: 19.0, 2: 95.0}


def run(threads, times, steps, rows=1):
    """What was chosen in so many steps that take such times."""
    chosen = []
    for _ in range(steps):
        chosen.append(threads.choose(rows))
        threads.took(rows, times[chosen[-1]])
    return chosen


def test_begins_with_one():
    assert Threads(2).choose(1) == 1


def test_takes_all_where_that_is_faster():
    chosen = run(Threads(2), IDLE, 500)
    assert chosen.count(2) > 450


def test_keeps_one_where_all_are_slower_and_seldom_tries():
    chosen = run(Threads(2), BUSY, 2000)
    assert chosen.count(2) < 2000 * 4 / RAREST_TRIAL


def test_follows_a_machine_that_changes():
    threads = Threads(2)
    run(threads, IDLE, 200)
    assert run(threads, BUSY, 200)[-20:].count(1) >= 18
    assert run(threads, IDLE, 400)[-20:].count(2) >= 18


def test_each_number_of_rows_by_itself():
    threads = Threads(2)
    run(threads, IDLE, 200, rows=8)
    assert run(threads, BUSY, 200, rows=1)[-1] == 1
    assert run(threads, IDLE, 20, rows=8).count(2) >= 16


def test_a_single_core_tries_nothing():
    assert set(run(Threads(1), {1: 1.0}, 300)) == {1}
