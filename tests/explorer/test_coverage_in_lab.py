"""Blank patches, random starts and coverage in a real JupyterLab."""

import re

from playwright.sync_api import expect

from tests.explorers import (
    HALVED,
    choice,
    differ,
    enter,
    number,
    open_fold,
    picture,
    plane,
    readout,
    resolve_halved,
    say,
    sentence,
    slider,
    wait_for_python,
)


def test_blank_patches_leave_the_queue_and_are_never_seen(page, show):
    show(HALVED)
    open_fold(page)
    choice(page, "blank patches").select_option("skip: no foreground")
    skipped = resolve_halved(skip_blank="any")
    expect(sentence(page)).to_have_text(say(skipped))
    wait_for_python(page, "explorer.settings.skip_blank", "any")
    counter = page.get_by_role("region", name="queue of an epoch").get_by_role("status")
    expect(counter).to_have_text(str(skipped.n_queue))
    page.get_by_text("every number, and its formula").click()
    expect(page.get_by_text("blank patches are")).to_be_visible()

    before = picture(plane(page))
    page.get_by_text("coverage: how often each voxel is seen").click()
    expect(page.get_by_text(re.compile(r"^In one epoch \d.*never seen"))).to_be_visible()
    assert differ(before, picture(plane(page)))
    choice(page, "blank patches").select_option("keep all")
    expect(page.get_by_text("In one epoch 0 % of the voxels are never seen")).to_be_visible()
    wait_for_python(page, "explorer.settings.skip_blank", False)


def test_random_starts_lose_voxels_that_more_epochs_find(page, show):
    show(HALVED)
    open_fold(page)
    enter(number(page, "random starts, from minus"), 12)
    wait_for_python(page, "explorer.settings.start_offset", (12, 12, 12))
    scene = resolve_halved(start_offset=12)
    first = ", ".join(str(axis.starts[0]) for axis in scene.axes)
    page.get_by_role("application", name=re.compile("^all 8 patches")).press("ArrowLeft")
    expect(readout(page)).to_contain_text("of 8")
    page.get_by_text("every number, and its formula").click()
    expect(page.get_by_text("exceeds the overflow 0")).to_contain_text(f"the start {first}")
    page.get_by_text("coverage: how often each voxel is seen").click()
    in_one = page.get_by_text(re.compile(r"^In one epoch [1-9].* are never seen"))
    expect(in_one).to_be_visible()
    slider(page, "epochs").fill("16")
    expect(page.get_by_text(re.compile(r"^In 16 epochs .* never seen"))).to_be_visible()
    page.get_by_role("button", name="next epoch").click()
    wait_for_python(page, "explorer.settings.epoch", 1)
    second = resolve_halved(start_offset=12, epoch=1)
    starts = ", ".join(str(axis.starts[0]) for axis in second.axes)
    expect(page.get_by_text("exceeds the overflow 0")).to_contain_text(f"the start {starts}")
