"""Fixtures of the browser tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .lab import Lab, Watch, find_chromium, open_browser


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium, or skip (fail if PATCHVIZ_REQUIRE_BROWSER=1)."""
    if found := find_chromium():
        return found
    say = pytest.fail if os.environ.get("PATCHVIZ_REQUIRE_BROWSER") == "1" else pytest.skip
    say("no Chromium or Chrome: install one, or `playwright install chromium`, or set $CHROMIUM")


# By module, not by session: while Playwright runs, asyncio takes the main thread's loop for
# running, and tests elsewhere that start a loop (nbclient) would fail.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with open_browser(chromium) as browser:
        yield browser


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(lab_server: Lab) -> Iterator[Lab]:
    """The session's server; the test's kernels end with the test."""
    yield lab_server
    lab_server.shut_down_kernels()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of 1280 x 800 whose console and network must stay clean."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    watch.attach(page)
    yield page
    context.close()
    assert watch.foreign == []
    assert watch.problems == []
