"""Hypothesis' settings, and what browser tests stand on: a Chromium, a JupyterLab, a page."""

import os
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, expect

from tests.lab import TIMEOUT, VIEWPORT, Lab, find_chromium, open_browser
from tests.traffic import Watch

# a loaded machine is no failure
expect.set_options(timeout=TIMEOUT)
settings.register_profile(
    "patchviz", deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patchviz")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run what the command names in this process; share all tests among the usual number."""
    return None if config.args_source is pytest.Config.ArgsSource.TESTPATHS else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser: ``-m "not browser"`` leaves it out."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    return accept_or_fail((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    return accept_or_fail((yield))


def accept_or_fail(
    report: pytest.CollectReport | pytest.TestReport,
) -> pytest.CollectReport | pytest.TestReport:
    """Where ``PATCHVIZ_MAY_SKIP`` is set, let a test fail that skips for another reason."""
    accepted = os.environ.get("PATCHVIZ_MAY_SKIP")
    if accepted is not None and report.skipped and not re.search(accepted, report.longrepr[2]):
        report.outcome = "failed"
        report.longrepr = f"{report.longrepr[2]}, but PATCHVIZ_MAY_SKIP is {accepted!r}"
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium; without one skip."""
    if found := find_chromium():
        return found
    pytest.skip(
        "no Chromium or Chrome found: install one, or run `playwright install chromium`, "
        "or set CHROMIUM"
    )


# Not by session: until Playwright stops, no other asyncio loop can run in this thread, and tests
# in other modules (of notebooks, say) need one.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with open_browser(chromium) as browser:
        yield browser


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(lab_server: Lab) -> Lab:
    """Return the session's server, without the kernels of the tests before."""
    lab_server.shut_down_kernels()
    return lab_server


@pytest.fixture
def watch() -> Watch:
    """Return what pages did; a test that provokes an error empties `watch.messages`."""
    return Watch()


@pytest.fixture
def new_page(browser: Browser, watch: Watch) -> Iterator[Page]:
    """Yield a new page; it must ask this machine only, and leave its console clean."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    with watch.over(page), context:
        yield page


@pytest.fixture
def page(new_page: Page) -> Page:
    """Return a new page; the tests of a folder may have another."""
    return new_page
