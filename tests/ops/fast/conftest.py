"""Tests in this folder see the tuned twins."""

import pytest

from minihit.ops.switch import plain


@pytest.fixture(autouse=True)
def room():
    with plain(False):
        yield
