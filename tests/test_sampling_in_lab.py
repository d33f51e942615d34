"""Patches drawn by the label in a real JupyterLab: boxes, table, batch, epochs and back."""

from playwright.sync_api import expect

from patchviz import Cohort, Settings, resolve

from .explorers import (
    button,
    choice,
    differ,
    open_fold,
    picture,
    plane,
    readout,
    sentence,
    wait_for_python,
)

HEADS = "explorer = Explorer(Cohort.phantom(10, (48, 48, 48)), settings=Settings(patch_size=24))"
FACTS = Cohort.phantom(10, (48, 48, 48)).facts


def scene(**chosen):
    return resolve(Settings(patch_size=24, **chosen), FACTS)


def said(**chosen) -> str:
    return "".join(word.text for word in scene(**chosen).sentence)


def corner(n: int, **chosen) -> str:
    return ", ".join(str(axis.starts[n]) for axis in scene(**chosen).axes)


def test_patches_drawn_for_their_foreground(page, show):
    show(f"{HEADS}\nexplorer")
    open_fold(page)
    on_grid = picture(plane(page))
    choice(page, "patches from").select_option("with foreground")
    expect(sentence(page)).to_have_text(said(sampling=0.33))
    wait_for_python(page, "explorer.settings.sampling", 0.33)
    assert differ(on_grid, picture(plane(page)))

    boards = page.get_by_role("application", name="all 8 patches, as they are drawn")
    boards.press("ArrowRight")
    boards.press("ArrowLeft")
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
    expect(sentence(page)).to_have_text(said())
    wait_for_python(page, "explorer.settings.sampling", "grid")
    expect(choice(page, "patches from")).to_have_value("grid")
