"""A learner's layers, all of them, and folders of a few."""

import pytest
from support.exercises import SOLUTIONS

from minihit.learn import grade, own


@pytest.fixture(scope="module")
def solutions():
    """{name: Own} of all solutions, which test_grade.py grades."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "grade", lambda chapter, path: [grade.Verdict(part, []) for part in chapter.exercise])
        owns, left_out = own.checked(SOLUTIONS)
    assert left_out == []
    return owns


@pytest.fixture(scope="module")
def functions(solutions):
    """{name: {function: callable}} of them."""
    return {name: each.functions for name, each in solutions.items()}


@pytest.fixture
def folder(tmp_path):
    """folder(name=source, ...): a folder with these files."""
    def write(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name.removeprefix('_')}.py").write_text(source)
        return tmp_path
    return write
