"""A site, built once for all tests and all workers."""

import os
import time
from pathlib import Path

import pytest

from minihit.pages.build import build

TUTORIALS = Path(__file__).parents[2] / "tutorials"
RUN = {6, 7}                                                              # the chapters whose code runs
LONGEST = 300                                                             # seconds that another worker may build


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    try:
        out.with_name("site-begun").mkdir()
    except FileExistsError:                                               # by another worker; it appears as a whole
        end = time.monotonic() + LONGEST
        while not out.exists() and time.monotonic() < end:
            time.sleep(0.2)
        assert out.exists(), "the worker that builds the site has failed"
        return out
    build(out, TUTORIALS, RUN, address="git+https://example.org/minihit")
    return out
