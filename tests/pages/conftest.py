"""A site, built once for all tests and all workers, and a browser to open it in."""

import os
import shutil
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
