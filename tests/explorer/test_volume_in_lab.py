"""How voxels and modules reach the browser in a real JupyterLab."""

import re
from itertools import pairwise

import numpy as np
from playwright.sync_api import Locator, expect

from tests.explorers import (
    SMALL,
    differ,
    picture,
    plane,
    slider,
)

# explorers of one head, each taking it for as large as it is told
HEADS = """cohort, chosen = Cohort.phantom(4, (48, 40, 32)), Settings(patch_size=18)
for n_bytes in {}:
    explorer = Explorer(cohort, settings=chosen)
    explorer._answers.open_voxels(0, 0).n_bytes = n_bytes
    display(explorer)"""
NOTE = re.compile("planes are fetched from the kernel one by one: 48 × 40 × 32 voxels are more")
POSITIONS = {"i": (-3, 0, 30, 47, 24), "j": (-7, 0, 25, 39, 20), "k": (-2, 0, 9, 31, 16)}

_HAS_MANY_COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size > 100;
}"""


def look_around(explorer: Locator) -> list[np.ndarray]:
    """Return pictures of each axis' plane: in padding, at the image's ends and inside it."""
    pictures = []
    for letter, positions in POSITIONS.items():
        if not re.search(rf" {letter} = ", plane(explorer).get_attribute("aria-label")):
            explorer.get_by_role("button", name=re.compile(f" {letter} = ")).click()
            explorer.page.mouse.move(0, 0)  # or what scrolls under it lights up, sooner or later
        for position in positions:
            slider(explorer, f"slice along {letter}").fill(str(position))
            picture(plane(explorer))  # from here on the page says whether it waits for a plane
            expect(explorer).to_have_attribute("data-ready", "1")
            pictures.append(picture(plane(explorer)))
    return pictures


def test_a_volume_beyond_the_limit_slides_plane_by_plane(page, show, frames):
    show(HEADS.format("[2**40]"))
    large = page.locator(".patchviz")
    expect(large.get_by_role("status").filter(has_text=NOTE)).to_be_visible()
    expect(large).to_have_attribute("data-volume", "planes")
    frames.clear()
    by_planes = look_around(large)
    assert all(differ(*pair) for pair in pairwise(by_planes))
    sent = [frame for frame in frames.settled() if frame.sent]
    assert len(sent) == 3 * 3  # the middle is here from the start, and padding repeats plane 0
    frames.clear()
    look_around(large)
    assert frames.settled() == []  # planes are kept
    large.get_by_role("button", name="batch", exact=True).click()
    batch = large.get_by_role("region", name="batch").get_by_role("application")
    page.wait_for_function(_HAS_MANY_COLOURS, arg=batch.element_handle())


def test_planes_are_painted_as_the_whole_is(page, show):
    show(HEADS.format("[2**40, 2**10]"), count=2)
    large, whole = page.locator(".patchviz").all()
    expect(whole).to_have_attribute("data-volume", "whole")
    expect(whole.get_by_role("status").filter(has_text=NOTE)).to_have_count(0)
    pairs = enumerate(zip(look_around(large), look_around(whole), strict=True))
    assert [n for n, pair in pairs if differ(*pair)] == []
    expect(large).to_have_attribute("data-volume", "planes")


def test_modules_are_loaded_once_for_all_explorers_of_a_page(page, show, lab):
    show("display(Explorer(Cohort.phantom(2, (24, 24, 24))))\n" + SMALL, count=2)
    versions = "() => globalThis[Symbol.for('patchviz modules')].size"
    assert page.evaluate(versions) == 1
    lab.run_all(page)
    lab.wait_until_ready(page, 2)
    assert page.evaluate(versions) == 1
    lab.save(page)
    page.reload()  # the kernel lives on, and its explorers with it
    expect(page.locator("[data-ready='1'][data-volume='whole']")).to_have_count(2)
    slider(page.locator(".patchviz").nth(1), "slice along k").fill("10")
    expect(plane(page).nth(1)).to_have_accessible_name("axial k = 10, with patch boxes")
    expect(plane(page).nth(0)).to_have_accessible_name("axial k = 12, with patch boxes")
