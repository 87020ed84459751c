"""Tests in this folder see the definitions, those in fast/ their tuned twins."""

import pytest

from minihit.ops.switch import plain


@pytest.fixture(autouse=True)
def room():
    with plain():
        yield
