"""The JupyterLab in which the tests of this folder show explorers, one after another."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.explorers import IMPORTS, SharedPage
from tests.lab import Lab, open_browser
from tests.traffic import Frames, Watch


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with open_browser(chromium) as browser:
        yield browser


@pytest.fixture(scope="package")
def shared_page(lab_server: Lab, browser: Browser) -> Iterator[SharedPage]:
    shared = SharedPage(lab_server, browser)
    yield shared
    shared.close()


@pytest.fixture
def lab(lab_server: Lab) -> Lab:
    """Return the session's server, with the kernel that all tests share."""
    return lab_server


@pytest.fixture
def page(shared_page: SharedPage, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the page that all tests share."""
    with shared_page.lend(watch, request.session) as page:
        yield page


@pytest.fixture
def spoils_page(page: Page, shared_page: SharedPage) -> Iterator[None]:
    """Give the next test another page, after what can't be undone on this one."""
    yield
    shared_page.close()


@pytest.fixture
def frames(page: Page, shared_page: SharedPage) -> Frames:
    """Return the frames between page and kernel, none as yet."""
    shared_page.frames.clear()
    return shared_page.frames


@pytest.fixture
def show(lab: Lab, page: Page) -> Callable[..., None]:
    """Return a function that runs a cell and waits until `count` explorers show their volume."""

    def show(cell: str, *, count: int = 1) -> None:
        lab.replace_cells(page, [IMPORTS + cell])
        lab.run_all(page)
        lab.wait_until_ready(page, count)

    return show
