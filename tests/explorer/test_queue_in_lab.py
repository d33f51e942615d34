"""The queue, its batch and the split in a real JupyterLab."""

import re

import numpy as np
from playwright.sync_api import Locator, Page, expect

from patchviz import create_patch_index_list, get_validation_split
from tests.explorers import (
    REFERENCE,
    button,
    choice,
    differ,
    enter,
    number,
    open_fold,
    picture,
    readout,
    sentence,
    slider,
    wait_for_python,
)

LEFT = ".pv-left"  # an output is found by no name of its own
HAS_GREYS = """canvas => {
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  let greys = 0;
  for (let i = 0; i < data.length; i += 4)
    greys += data[i] === data[i + 1] && data[i] === data[i + 2] && data[i] > 40 && data[i] < 220;
  return greys > 2000;
}"""


def left(page: Page) -> Locator:
    return page.get_by_role("region", name="queue of an epoch").get_by_role("status")


def queue_canvas(page: Page) -> Locator:
    return page.get_by_role("application", name=re.compile("^queue of epoch"))


def entry(page: Page, number: int) -> Locator:
    return page.get_by_text(re.compile(rf"^entry {number}:"))


def popped(epoch: int = 0, order: str = "shuffle", count: int = 1) -> list[tuple[str, int]]:
    """Return (subject's name, patch from 1) of the first entries that Python's queue pops."""
    training, _ = get_validation_split(30)
    queue = create_patch_index_list(training, (144,) * 3, 64, order=order, epoch=epoch)
    grid = queue.grids[0]
    found = [queue.pop() for _ in range(count)]
    return [(f"sub-{subject + 1:02}", grid.index(corner) + 1) for subject, corner in found]


def test_the_queue_is_popped_from_its_end_and_back(page, show):
    show(REFERENCE)
    expect(left(page)).to_have_text("648")
    full = picture(queue_canvas(page))
    button(page, "pop").click()
    expect(left(page)).to_have_text("647")
    ((subject, patch),) = popped()
    expect(entry(page, 648)).to_contain_text(f"{subject}, patch {patch}")
    assert differ(full, picture(queue_canvas(page)))
    button(page, "batch").click()
    expect(left(page)).to_have_text("640")
    button(page, "put one back").click()
    expect(left(page)).to_have_text("641")
    slider(page, "entries popped").fill("648")
    expect(left(page)).to_have_text("0")
    slider(page, "entries popped").fill("0")
    expect(left(page)).to_have_text("648")


def test_playing_goes_to_zero_and_sends_nothing(page, show, frames):
    show(REFERENCE)
    expect(left(page)).to_have_text("648")
    choice(page, "speed").select_option("240 a second")
    slider(page, "entries popped").fill("300")
    expect(left(page)).to_have_text("348")
    frames.clear()
    button(page, "play").click()
    page.wait_for_function(f"() => Number(document.querySelector('{LEFT}').value) < 300")
    assert frames.settled() == []
    expect(left(page)).to_have_text("0")
    expect(button(page, "play")).to_be_visible()


def test_an_epoch_s_order_is_python_s(page, show):
    show(REFERENCE)
    button(page, "next epoch").click()
    expect(left(page)).to_have_text("648")
    button(page, "pop").click()
    ((subject, patch),) = popped(epoch=1)
    expect(entry(page, 648)).to_contain_text(f"{subject}, patch {patch}")
    expect(page.get_by_text("622 with a cache of 1")).to_be_hidden()
    choice(page, "order").select_option("by subject")
    expect(page.get_by_text("24 with a cache of 1")).to_be_visible()
    wait_for_python(page, "explorer.settings.order", "by_subject")
    button(page, "pop").click()
    ((subject, patch),) = popped(epoch=1, order="by_subject")
    expect(entry(page, 648)).to_contain_text(f"{subject}, patch {patch}")


def test_an_entry_its_box_its_place_in_the_batch_and_its_row_are_one(page, show):
    show(REFERENCE)
    button(page, "batch").click()
    entries = popped(count=8)
    page.get_by_text("the batch as a table").click()
    rows = page.get_by_role("row").filter(has=page.get_by_role("gridcell"))
    expect(rows).to_have_count(8)
    for n, (subject, patch) in enumerate(entries):
        expect(rows.nth(n)).to_contain_text(subject)
        expect(rows.nth(n).get_by_role("gridcell").nth(3)).to_have_text(str(patch))
    subject, patch = entries[2]
    rows.nth(2).click()
    expect(readout(page)).to_contain_text(f"patch {patch} of 27")
    wait_for_python(page, "explorer.selected", patch - 1)
    wait_for_python(page, "explorer.settings.subject", int(subject[-2:]) - 1)
    expect(entry(page, 646)).to_contain_text(subject)  # still, with its own volume
    expect(rows.nth(2)).to_have_attribute("aria-selected", "true")


def test_a_batch_is_empty_until_popped_and_then_has_voxels_in_every_padding_mode(page, show):
    show(REFERENCE)
    batch = page.get_by_role("application", name="batch 1 of 81: 8 patches")
    expect(batch).to_have_accessible_name(re.compile("none popped yet"))
    middle = picture(batch)[50:120, 50:120]  # of the large patch
    assert not np.ptp(middle)
    button(page, "batch").click()
    expect(batch).not_to_have_accessible_name(re.compile("none popped yet"))
    page.wait_for_function(HAS_GREYS, arg=batch.element_handle())
    open_fold(page)
    choice(page, "padding mode").select_option("constant")
    wait_for_python(page, "explorer.settings.padding_mode", "constant")
    picture(batch)  # drawn anew
    page.wait_for_function(HAS_GREYS, arg=batch.element_handle())


def test_the_split_by_share_seed_and_folds(page, show):
    show(REFERENCE)
    page.get_by_text("who trains: 24 of 30 subjects; 6 validate").click()
    slider(page, "training share").fill("0.5")
    expect(page.get_by_text("who trains: 15 of 30 subjects; 15 validate")).to_be_visible()
    expect(sentence(page)).to_contain_text("27 patches × 15 subjects = 405")
    expect(left(page)).to_have_text("405")
    choice(page, "folds").select_option("5")
    expect(page.get_by_text("who trains: 24 of 30 subjects; 6 validate")).to_be_visible()
    wait_for_python(page, "explorer.settings.folds", 5)
    enter(number(page, "seed"), 3)
    wait_for_python(page, "explorer.settings.seed", 3)


def test_another_patch_size_refills_the_queue(page, show):
    show(REFERENCE)
    button(page, "batch").click()
    expect(left(page)).to_have_text("640")
    enter(number(page, "patch size"), 72)
    expect(left(page)).to_have_text("192")
