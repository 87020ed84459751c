import os

import numpy as np
import pytest

from minihit import tree
from minihit.bench import apart
from minihit.errors import UserError


def test_a_function_runs_in_one_other_process():
    with apart.process() as call:
        here, *there = os.getpid(), call(os.getpid), call(os.getpid)
        assert there[0] == there[1] != here
        assert call(tree.size, {"a": np.zeros((2, 3))}) == 6


def test_what_the_function_raises_comes_through():
    with apart.process() as call, pytest.raises(ZeroDivisionError):
        call(divmod, 1, 0)


def test_a_process_that_is_ended_by_the_system_is_one_sentence():
    with apart.process() as call, pytest.raises(UserError, match="ended by the system, most likely for want of memory"):
        call(os.abort)
