import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minihit import processes
from minihit.processes import mapping

ROOT = Path(__file__).parents[1]
NUMBER = "__import__('os').getpid()"                                       # of the process that evaluates it
WAITING = """
import time
from minihit.processes import mapping

with mapping(2) as each:
    print(*set(each(eval, ["__import__('os').getpid()"] * 40)), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("count", [0, 1])
def test_one_process_is_this_one(count):
    with mapping(count) as each:
        assert list(each(eval, [NUMBER] * 3)) == 3 * [os.getpid()]


def test_more_are_others_and_keep_the_order():
    with mapping(2) as each:
        assert list(each(abs, [-3, 2, -1])) == [3, 2, 1]
        assert os.getpid() not in each(eval, [NUMBER] * 4)


def test_no_more_is_begun_than_is_asked_for(monkeypatch):
    monkeypatch.setattr(processes, "AHEAD", 3)
    taken = []
    with mapping(2) as each:
        results = each(abs, (taken.append(item) or item for item in range(20)))
        assert taken == []
        for number in range(4):
            assert next(results) == number
            assert len(taken) == 6 + number
        assert list(results) == list(range(4, 20))


def test_an_error_in_one_is_raised_here():
    with pytest.raises(ValueError, match="math domain"), mapping(2) as each:
        list(each(math.sqrt, [1.0, -1.0]))


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_they_end_with_a_parent_that_is_killed():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", WAITING], env=environment, stdout=subprocess.PIPE, text=True)
    workers = [int(word) for word in parent.stdout.readline().split()]
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert workers
    for _ in range(100):
        if not any(map(alive, workers)):
            return
        time.sleep(0.1)
    raise AssertionError(f"{workers} are still there")


def alive(worker):
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{worker}/stat")
    return not (stat.exists() and stat.read_text().split(")")[1].split()[0] == "Z")
