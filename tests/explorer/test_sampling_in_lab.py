"""Patches drawn by the label in a real JupyterLab: boxes, table, batch, epochs and back."""

import re

from playwright.sync_api import expect

from patchviz.scene.sets import plan_sets
from patchviz.scene.wording import percent
from tests.explorers import (
    FACTS,
    HALVED,
    button,
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
    wait_for_python,
)


def corner(n: int, **chosen) -> str:
    return ", ".join(str(axis.starts[n]) for axis in resolve_halved(**chosen).axes)


def test_patches_drawn_for_their_foreground(page, show):
    show(HALVED)
    open_fold(page)
    on_grid = picture(plane(page))
    choice(page, "patches from").select_option("with foreground")
    expect(sentence(page)).to_have_text(say(resolve_halved(sampling=0.33)))
    wait_for_python(page, "explorer.settings.sampling", 0.33)
    assert differ(on_grid, picture(plane(page)))

    boards = page.get_by_role("application", name="all 8 patches, as they are drawn")
    for _ in range(8):
        boards.press("ArrowLeft")
    expect(readout(page)).to_contain_text(f"patch 1 of 8 · corner {corner(0, sampling=0.33)}")
    page.get_by_text("all patches as a table").click()
    table = page.get_by_role("grid", name="all 8 patches")
    for n in range(8):
        expect(table.get_by_role("row").nth(n + 1)).to_contain_text(corner(n, sampling=0.33))

    button(page, "next epoch").click()
    wait_for_python(page, "explorer.settings.epoch", 1)
    for n in range(8):
        row = table.get_by_role("row").nth(n + 1)
        expect(row).to_contain_text(corner(n, sampling=0.33, epoch=1))

    button(page, "undo").click()
    button(page, "undo").click()
    expect(sentence(page)).to_have_text(say(resolve_halved()))
    wait_for_python(page, "explorer.settings.sampling", "grid")
    expect(choice(page, "patches from")).to_have_value("grid")


def test_a_batch_tells_corners_and_foreground_of_all_its_subjects(page, show):
    chosen = {"sampling": 1.0, "order": "buffered", "window": 2}
    show(HALVED)
    page.get_by_text("the batch as a table").click()
    batch = page.get_by_role("grid", name=re.compile("^batch 1 of 8"))
    expect(batch.get_by_role("caption")).to_contain_text("of 8 patches hold foreground; it is")
    open_fold(page)
    choice(page, "patches from").select_option("with foreground")
    enter(number(page, "share with foreground"), 1)
    choice(page, "order").select_option("buffered")
    enter(number(page, "window"), 2)
    wait_for_python(page, "(explorer.settings.sampling, explorer.settings.window)", (1, 2))
    expect(batch.get_by_role("caption")).to_contain_text("8 of 8 patches hold foreground; it is")
    queue = plan_sets(resolve_halved(**chosen).settings, FACTS).queue
    for n, (subject, corner) in enumerate(queue[::-1][:8]):
        row = batch.get_by_role("row").nth(n + 1)
        expect(row).to_contain_text(FACTS.ids[subject])
        expect(row).to_contain_text(", ".join(map(str, corner)))
        count = FACTS.foreground(subject).count_each([corner], (24, 24, 24))[0]
        expect(row.get_by_role("gridcell").last).to_have_text(percent(count / 24**3))

    subject, patch_corner = queue[-3]
    batch.get_by_role("row").nth(3).click()
    wait_for_python(page, "explorer.settings.subject", subject)
    where = ", ".join(map(str, patch_corner))
    expect(readout(page)).to_have_text(re.compile(rf"^patch \d of 8 · corner {where} · all inside"))

    enter(number(page, "patches a subject"), 50)
    expect(sentence(page)).to_have_text(
        say(resolve_halved(**chosen, patches_per_subject=50, subject=subject))
    )
    page.get_by_text("coverage: how often each voxel is seen").click()
    expect(page.get_by_text(re.compile(r"^In one epoch [1-9].* are never seen"))).to_be_visible()

    choice(page, "blank patches").select_option("skip: no foreground")
    refused = page.get_by_role("status").get_by_text("skip_blank goes with sampling 'grid' only")
    expect(refused).to_be_visible()
    expect(choice(page, "blank patches")).to_have_attribute("data-level", "red")
    choice(page, "patches from").select_option("the grid")
    expect(sentence(page)).to_have_text(say(resolve_halved(subject=subject)))
    expect(refused).to_have_count(0)
