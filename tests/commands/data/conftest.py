"""A working folder with what CelebA's owner has, and a store of it."""

import pytest

from minihit.cli import main
from minihit.data.faces import stand_in


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with a zip of CelebA's layout."""
    monkeypatch.chdir(tmp_path)
    stand_in.write(tmp_path, 6)
    return tmp_path


@pytest.fixture
def store(here):
    assert main(["data", "prepare", "img_align_celeba.zip", "celeba", "--size", "16"]) == 0
    return here / "celeba"
