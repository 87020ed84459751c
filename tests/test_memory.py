import sys

import pytest

from minihit import memory


def test_the_memory_of_this_machine_holds_this_process():
    assert memory.memory_size("cpu") is None or memory.memory_size("cpu") > memory.peak_memory()
    assert memory.device_memory("cpu") == 0


@pytest.mark.parametrize("text, expected", [("max\n", 2**33), ("1073741824\n", 2**30), (None, 2**33)])
def test_a_container_may_have_less_than_the_machine(monkeypatch, tmp_path, text, expected):
    monkeypatch.setattr(memory.os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(memory, "_CGROUP_LIMIT", tmp_path / "memory.max")
    if text:
        (tmp_path / "memory.max").write_text(text)
    assert memory.memory_size("cpu") == expected


@pytest.mark.parametrize("line, file", [
    ("0::/", "memory.max"), ("0::/a/b", "a/b/memory.max"), ("0::/a/b", "a/memory.max"),
    ("4:memory:/a/b", "memory/a/b/memory.limit_in_bytes"), ("4:memory:/a/b", "memory/memory.limit_in_bytes"),
    ("9:name=systemd:/x\n4:memory:/a\n0::/", "memory/a/memory.limit_in_bytes"),
])
def test_a_limit_counts_wherever_above_this_process_it_is_set(monkeypatch, tmp_path, line, file):
    monkeypatch.setattr(memory.os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(memory, "_CGROUP_LIMIT", tmp_path / "memory.max")
    monkeypatch.setattr(memory, "_OWN_CGROUPS", tmp_path / "cgroup")
    (tmp_path / "cgroup").write_text(f"{line}\n")
    assert memory.memory_size("cpu") == 2**33
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("700000000\n")
    assert memory.memory_size("cpu") == 700_000_000


def test_the_limit_of_another_group_does_not_count(monkeypatch, tmp_path):
    monkeypatch.setattr(memory.os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(memory, "_CGROUP_LIMIT", tmp_path / "memory.max")
    monkeypatch.setattr(memory, "_OWN_CGROUPS", tmp_path / "cgroup")
    (tmp_path / "cgroup").write_text("0::/a\n")
    for name in ("b", "a/c"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "memory.max").write_text("1000\n")
    assert memory.memory_size("cpu") == 2**33


def test_a_system_without_sysconf_does_not_tell_its_memory(monkeypatch):
    monkeypatch.delattr(memory.os, "sysconf")
    assert memory.memory_size("cpu") is None


def test_peak_memory_is_that_of_a_process_with_numpy_in_it():
    assert memory.peak_memory() > 10 * 2**20 or sys.platform == "win32"
