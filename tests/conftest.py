"""Hypothesis profiles: quick by default, HYPOTHESIS_PROFILE=thorough on demand, the same draws in CI; and fixtures
that several folders of tests use."""

import gc
import os
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from minihit.data.faces import stand_in

IN_CI = bool(os.environ.get("CI"))
settings.register_profile("quick", max_examples=15, deadline=None, derandomize=IN_CI,
                          suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=200)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_collection_finish():
    """imageio collects garbage after every film: without this it would look through 11,000 tests each time."""
    gc.collect()
    gc.freeze()


class ShapesOnly:
    """Stands in for a random generator where only shapes matter: arrays of zeros, whose memory is never touched."""

    def standard_normal(self, shape, dtype):
        return np.zeros(shape, dtype)

    def random(self, shape, dtype):
        return np.zeros(shape, dtype)


@pytest.fixture
def shapes_only():
    return ShapesOnly()


@pytest.fixture(scope="session")
def celeba(tmp_path_factory):
    """Paths of thirty drawn faces in CelebA's layout, `zip` and `folder`, the tables beside both. Not to be changed."""
    root = tmp_path_factory.mktemp("celeba")
    packed = stand_in.write(root, 30)
    with zipfile.ZipFile(packed) as file:
        file.extractall(root)
    return SimpleNamespace(root=root, zip=packed, folder=root / "img_align_celeba", count=30)


@pytest.fixture(scope="module")
def chromium():
    """A headless browser: Playwright's own, or a Chromium of this machine. It has an event loop while it is open."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser: pip install playwright")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with playwright.sync_playwright() as started:
        if not found and not Path(started.chromium.executable_path).exists():
            pytest.skip("no browser: playwright install chromium, or apt-get install chromium")
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium):
    """opened(**options): a page in a context of its own; what it asked of the network, and its errors, are in
    page.asked and page.errors."""
    contexts = []

    def open_page(**options):
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.asked, page.errors = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
