"""kill -9 in the middle of answers: nothing acknowledged is lost or doubled, on both databases."""

import asyncio
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from chatbot.bootstrap import Product, build
from chatbot.settings import Settings
from chatbot.turn import Turn
from store.engine import Database
from tests.support import turn_process
from tests.support.forked import Forked, start


def until(process: Forked, word: str, least: int = 0) -> list[str]:
    """Read lines up to the first of this word (whose number is at least `least`)."""
    for line in process.lines:
        parts = line.split()
        if parts[0] == word and (least == 0 or int(parts[1]) >= least):
            return parts
    raise AssertionError(f"the process ended before it said {word!r}")


@pytest.mark.parametrize(
    "kills",
    [20, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
)
def test_kills_lose_and_double_nothing(database: Database, tmp_path: Path, kills: int):
    url = database.url.render_as_string(hide_password=False)
    dice = random.Random(7)
    conversation, acknowledged = "-", []
    for n in range(kills):
        process = start(
            turn_process.main,
            tmp_path,
            url,
            conversation,
            f"key {n}",
            f"!tokens 2000 !rate 200 {n}",
        )
        _, conversation, _ = until(process, "saved")
        acknowledged.append(f"!tokens 2000 !rate 200 {n}")
        if dice.random() < 0.7:
            until(process, "text", least=dice.randint(1, 300))
        process.kill()

    product = build(Settings(home=tmp_path, database_url=url, model="scripted"))
    product.recover()
    view = product.conversations.open(product.person(), conversation, limit=10 * kills)
    asked = [message.text for message in view.messages if message.role == "user"]
    answers = [message for message in view.messages if message.role == "assistant"]
    product.close()

    assert asked == acknowledged
    assert Counter(message.status for message in answers) == {"interrupted": kills}
    assert all("Answer again" in message.note for message in answers)


def test_a_kill_keeps_what_was_saved_of_the_answer(database: Database, tmp_path: Path):
    url = database.url.render_as_string(hide_password=False)
    process = start(turn_process.main, tmp_path, url, "-", "key", "!tokens 4000 !rate 300 x")
    _, conversation, _ = until(process, "saved")
    until(process, "text", least=6000)
    process.kill()

    product = build(Settings(home=tmp_path, database_url=url, model="scripted"))
    product.recover()
    answer = product.conversations.open(product.person(), conversation).messages[1]
    product.close()

    assert answer.status == "interrupted"
    assert len(answer.text) > 1000


def test_the_same_key_after_a_kill_is_the_same_turn(database: Database, tmp_path: Path):
    url = database.url.render_as_string(hide_password=False)
    process = start(turn_process.main, tmp_path, url, "-", "key", "!hang")
    _, conversation, reply = until(process, "saved")
    process.kill()

    again = start(turn_process.main, tmp_path, url, conversation, "key", "!hang")
    assert until(again, "saved")[1:] == [conversation, reply]
    assert until(again, "done")[1] == "interrupted"
    again.kill()


DIES_BEFORE_IT_TELLS = """
import asyncio, os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from chatbot.archive import Place
from chatbot.bootstrap import Product, build
from chatbot.settings import Settings

class Dying(Place):
    @contextmanager
    def writing(self):
        with super().writing() as session:
            yield session
        os.kill(os.getpid(), signal.SIGKILL)

product = build(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2], model="scripted"))
product.replicas.begin()
product.archive.main = Dying(product.archive.main.database, lasting=True)
asyncio.run(product.chat.start_turn(product.person(), None, "!say once", "key"))
print("told")
"""


def test_a_retry_after_a_kill_before_the_answer_came_is_one_turn(
    database: Database, tmp_path: Path
):
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", DIES_BEFORE_IT_TELLS, str(tmp_path), url]
    died = subprocess.run(command, stdout=subprocess.PIPE)
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, b"")

    product = build(Settings(home=tmp_path, database_url=url, model="scripted"))
    assert product.recover() == 1
    retried = asyncio.run(retry(product))
    [item] = product.conversations.recent(product.person())
    view = product.conversations.open(product.person(), item.id)
    product.close()

    assert retried.conversation == item.id
    assert [(one.role, one.text) for one in view.messages] == [
        ("user", "!say once"),
        ("assistant", ""),
    ]
    assert view.messages[1].status == "interrupted"


async def retry(product: Product) -> Turn:
    turn = await product.chat.start_turn(product.person(), None, "!say once", "key")
    return await turn.finished()
