import pytest

from chatbot.backends import memory


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with 8 GiB free, without a container."""
    (tmp_path / "meminfo").write_text("MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    return tmp_path


def contain(machine, limit, used):
    (machine / "memory.max").write_text(f"{limit}\n")
    (machine / "memory.current").write_text(f"{used}\n")


def test_what_the_machine_says(machine):
    assert memory.available_bytes() == 8 * 2**30


@pytest.mark.parametrize(
    ("limit", "used", "available"),
    [("max", 5, 8 * 2**30), (2**30, 2**29, 2**29), (2**30, 2**31, 0), (2**40, 0, 8 * 2**30)],
)
def test_a_container_s_limit_counts(machine, limit, used, available):
    contain(machine, limit, used)
    assert memory.available_bytes() == available


def test_nonsense_is_passed_over(machine):
    contain(machine, "lots", "little")
    (machine / "meminfo").write_text("MemAvailable: many kB\n")
    known = memory.available_bytes()
    assert known is None or known > 0
