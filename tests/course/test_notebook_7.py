"""The explorer and a question in a real Notebook 7, the other front end that people have."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from tests.lab import TIMEOUT, Lab
from tests.notebooks import REPOSITORY
from tests.traffic import Watch

expect.set_options(timeout=TIMEOUT)


def test_a_notebook_lives_in_notebook_7(lab: Lab, page: Page, watch: Watch) -> None:
    pytest.importorskip("notebook", reason="not installed: pip install notebook")
    shutil.copy(REPOSITORY / "notebooks/00-explorer.ipynb", lab.root)
    lab.open_as_document(page, "00-explorer.ipynb")
    lab.run_all(page)
    lab.wait_until_done(page)
    # first by mouse: Notebook 7 gives the focus back to the cell that it holds active
    explorer = page.locator(".patchviz").first
    explorer.get_by_role("button", name="pop", exact=True).click()
    left = explorer.get_by_label("entries left")
    expect(left).to_have_text("647")
    page.keyboard.press("Space")
    expect(left).to_have_text("646")
    slice_k = explorer.get_by_role("slider", name="slice along k")
    slice_k.click(position={"x": 5, "y": 5})
    expect(slice_k).not_to_have_value("72")
    at = int(slice_k.input_value())
    page.keyboard.press("ArrowRight")
    expect(slice_k).to_have_value(str(at + 1))
    size = explorer.get_by_role("slider", name="patch size", exact=True)
    size.click(position={"x": 60, "y": 5})
    expect(left).not_to_have_text("646")
    page.keyboard.press("Control+z")
    expect(size).to_have_value("64")
    question = page.locator(".patchviz-question:has(input)").first
    question.get_by_role("textbox").click()
    page.keyboard.type("1")
    question.get_by_role("button", name="check").click()
    expect(question.get_by_role("status")).to_have_text(re.compile("^you said 1; it is "))
    # its own console is not clean
    watch.messages = [m for m in watch.messages if re.search("patchviz|anywidget|blob:", m)]
