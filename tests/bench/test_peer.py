"""Comparison with a contestant out of a file; the one of PyTorch has its own tests."""

import math

import numpy as np
import pytest
from support.runs import TINY

from minihit import tree
from minihit.bench import peer
from minihit.errors import UserError

FILE = """
from minihit.bench import memory, peer
CONTESTANTS = ("again",)
def check(case, tasks):
    assert tasks
    assert case.real.dtype == "float64", "its images are single"
def tasks(case, name):
    return peer.ours(case)
def peak(case):
    return memory.peak()
"""


def write(path, text=FILE):
    path.write_text(text)
    return path


def test_minihit_against_itself(tmp_path):
    found = peer.compare(write(tmp_path / "again.py"), TINY, rounds=1)
    assert [row.task for row in found["rows"]] == list(peer.TASKS)
    for row in found["rows"]:
        assert set(row.seconds) == {"minihit", "again"} and set(row.ratios) == {"again"}
        assert all(0 < number < math.inf for number in [*row.seconds.values(), *row.ratios.values()])
    assert found["memory"].keys() == {"minihit", "again"} and min(found["memory"].values()) > 2**20


def test_only_what_is_asked_for(tmp_path):
    assert [row.task for row in peer.compare(write(tmp_path / "again.py"), TINY, 1, ("logits",))["rows"]] == ["logits"]


def test_another_result_is_not_timed(tmp_path):
    path = write(tmp_path / "wrong.py", FILE.replace("float64", "float16"))
    with pytest.raises(UserError, match="does not compute what minihit does, so there is nothing to time: its images"):
        peer.compare(path, TINY, rounds=1)


@pytest.mark.parametrize("text, words", [(None, "is no Python file"), ("check = peak = 1", "CONTESTANTS and no tasks")])
def test_a_file_that_cannot_be_used_is_refused(tmp_path, text, words):
    path = tmp_path / "peer.py"
    if text:
        path.write_text(text)
    with pytest.raises(UserError, match=words):
        peer.load(path)


def test_the_checked_case_is_small_double_and_moved():
    here = peer.checked_case(TINY)
    assert len(here.real) == peer.CHECKED and here.preset.recipe.batch == peer.CHECKED
    leaves = dict(tree.items([here.training.networks, here.real, here.draws]))
    assert {leaf.dtype for leaf in leaves.values() if leaf.dtype.kind == "f"} == {np.dtype("float64")}
    assert all(abs(leaf).max() > 0 for path, leaf in leaves.items() if path.endswith("bias"))
    assert all((leaf >= 0).all() for path, leaf in leaves.items() if path.endswith("variance"))
