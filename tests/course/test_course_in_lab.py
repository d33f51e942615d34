"""Every notebook in a real JupyterLab: it runs, its explorer moves, its question is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from playwright.sync_api import Browser, Locator, Page, expect

from tests.explorers import SharedPage
from tests.lab import TIMEOUT, Lab
from tests.notebooks import NEEDS_TORCH, NOTEBOOKS, kinds_of, strip
from tests.traffic import Watch


@pytest.fixture(scope="module")
def shared_page(lab_server: Lab, browser: Browser) -> Iterator[SharedPage]:
    shared = SharedPage(lab_server, browser)
    yield shared
    shared.close()


@pytest.fixture
def page(shared_page: SharedPage, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the page that all notebooks share, one after another."""
    with shared_page.lend(watch, request.session) as page:
        yield page


def wait_for_another(page: Page, of: str, element: Locator, before: str) -> None:
    """Wait until `of`, an expression of an element `e`, is another than before."""
    arguments = [element.element_handle(), before]
    page.wait_for_function(f"([e, before]) => {of} !== before", arg=arguments, timeout=TIMEOUT)


def change(page: Page, control: Locator, key: str, of: str, element: Locator) -> None:
    """Press a key on a control, and see that `of` changes."""
    control.scroll_into_view_if_needed()
    before = element.evaluate(f"e => {of}")
    control.press(key)
    wait_for_another(page, of, element, before)


def drive(page: Page, explorer: Locator) -> int:
    """Guess what is asked, then move what an explorer has; return how many controls there were."""
    for guess in explorer.get_by_role("form", name="guess first").get_by_role("textbox").all():
        guess.fill("1")
        guess.press("Enter")
    plane = explorer.get_by_role("application", name="with patch boxes")
    queue = explorer.get_by_role("region", name="queue of an epoch")
    policy = explorer.get_by_role("radio", name="tight")
    for fold in explorer.locator("details:not([open]) summary", has_text="policies side by").all():
        fold.click()
    for _ in explorer.locator("summary", has_text="policies side by side").all():
        policy.wait_for()
    moves = [
        (explorer.get_by_role("slider", name="slice along k"), "ArrowLeft", "e.toDataURL()", plane),
        (queue.get_by_role("button", name="pop"), "Enter", "e.innerText", queue),
        (policy, "Space", "e.checked", policy),
        (
            explorer.get_by_role("slider", name="patch size").first,
            "ArrowRight",
            "e.innerText",
            explorer,
        ),
    ]
    found = [move for move in moves if move[0].count() and move[0].is_enabled()]
    for move in found:
        change(page, *move)
    return len(found)


def read_back(page: Page) -> NotebookNode:
    """Return the notebook on a page of JupyterLab, with what its cells put out."""
    shown = page.evaluate("window.jupyterapp.shell.currentWidget.context.model.toJSON()")
    return strip(nbformat.from_dict(shown))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_lives(lab_server: Lab, page: Page, path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    lab_server.replace_notebook(page, notebook)
    lab_server.run_all(page)
    lab_server.wait_until_done(page)
    here = read_back(page).cells
    for ran, stored in zip(here, notebook.cells, strict=True):
        if [output.get("text") for output in ran.get("outputs", ())] != [NEEDS_TORCH]:
            assert kinds_of(ran) == kinds_of(stored)
    surely = [cell.source for cell in here if not cell.source.startswith("if have_torch():")]
    if "Explorer(" in "\n".join(surely) or page.locator(".patchviz").count():
        assert drive(page, page.locator(".patchviz").first)

    question = page.locator(".patchviz-question:has(input)").first
    question.get_by_role("textbox").fill("1")
    question.get_by_role("textbox").press("Enter")
    expect(question.get_by_role("status")).to_have_text(re.compile("right$|^you said 1; it is "))
