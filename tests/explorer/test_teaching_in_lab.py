"""What a teacher chooses, in a real JupyterLab: parts, locks, guesses, undo and large print."""

import re
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from patchviz import Cohort, Explorer
from tests.explorers import (
    button,
    choice,
    drag,
    enter,
    number,
    open_exported,
    open_fold,
    picture,
    plane,
    run,
    sentence,
    slider,
    wait_for_python,
)

VOLUME = "np.zeros((144, 144, 144), np.uint8)"  # quickly there
REFERENCE = "144 → 3 boxes of 64 per axis → 27 patches × 1 subject = 27 → 4 steps"


@pytest.fixture
def teach(show: Callable[..., None]) -> Callable[[str], None]:
    """Return a function that shows an explorer with some arguments, and waits until it is ready."""
    return lambda arguments: show(f"explorer = Explorer({VOLUME}, {arguments})\nexplorer")


def text(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def regions(page: Page) -> list[str]:
    found = page.locator(".patchviz").get_by_role("region")
    return [region.get_attribute("aria-label") for region in found.all() if region.is_visible()]


def n_boxes(page: Page) -> int:
    """Count the pixels of the plane that have a colour of boxes: bluer than anything else there."""
    red, _, blue = np.moveaxis(picture(plane_of(page)), -1, 0)
    return int((blue - red > 60).sum())


def plane_of(page: Page) -> Locator:
    return page.get_by_role("region", name="planes").get_by_role("application")


# Parts -------------------------------------------------------------------------------------------


def test_the_queue_alone_asks_for_no_volume(page, teach, frames):
    teach('show=["queue"]')
    assert regions(page) == ["queue of an epoch"]
    expect(sentence(page)).to_have_count(0)
    expect(slider(page, "patch size")).to_have_count(0)
    expect(page.get_by_role("application", name="27 of 27 patches left")).to_be_visible()
    assert sum(frame.n_bytes for frame in frames.settled()) < 144**3
    expect(button(page, "undo")).to_be_disabled()


def test_planes_alone_have_all_the_width_and_no_more_height_than_fits(page, teach):
    teach('show=["planes"]')
    assert regions(page) == ["planes"]
    whole, large = page.locator(".patchviz").bounding_box(), plane(page).bounding_box()
    assert large["width"] > 0.65 * whole["width"]
    assert 500 < large["height"] < 700
    assert n_boxes(page) > 1000


# Locks -------------------------------------------------------------------------------------------


def test_what_is_locked_stays_as_it_is_but_for_python(page, teach):
    teach('lock=["patch_size", "policy", "batch_size", "subject"]')
    open_fold(page)
    link = page.get_by_role("checkbox", name="same on all axes")
    controls = [slider(page, "patch size"), number(page, "patch size"), link]
    for control in (*controls, choice(page, "policy"), number(page, "batch size")):
        expect(control).to_be_disabled()
        expect(control).to_have_attribute("title", "locked here")
    expect(text(page, "overlap")).to_be_enabled()
    page.get_by_text("policies side by side").click()
    expect(page.get_by_role("radio", name="tight")).to_be_disabled()

    run(page, "explorer.settings = Settings(patch_size=72)")
    expect(sentence(page)).to_contain_text("2 boxes of 72 per axis → 8 patches")
    for control in controls:
        expect(control).to_be_disabled()
    enter(text(page, "overlap"), 16)
    wait_for_python(page, "explorer.settings.overlap[0]", 16)
    run(page, "explorer.settings = Settings(patch_size=(72, 72, 48))")
    expect(number(page, "patch size along k")).to_have_value("48")
    expect(number(page, "patch size along k")).to_be_disabled()


# Guesses -----------------------------------------------------------------------------------------

ASKED = 'predict=["counts", "n_patches", "padding", "start"]'


def test_nothing_on_the_page_tells_before_it_is_guessed(page, teach):
    teach(ASKED)
    heading = page.get_by_role("heading", name="144 cut into patches of 64")
    expect(heading).to_have_text("144 cut into patches of 64")
    assert regions(page) == ["planes", "three dimensions"]
    assert n_boxes(page) == 0
    said = page.locator(".patchviz").inner_text()
    assert not re.search(r"\b(27|57\.8|24|4)\b", said)
    tree = page.locator(".patchviz").aria_snapshot()
    assert not re.search(r"\b(27|57\.8|24|4)\b", tree)
    assert slider(page, "slice along k").get_attribute("min") == "0"
    for summary in ("policies side by side", "every number, and its formula"):
        expect(page.get_by_text(summary)).to_be_hidden()

    reveal = button(page, "reveal")
    names = ("patches per axis", "patches in this volume", "padding", "first start")
    for name, guess in zip(names, (" 3 x 3 x 3", "8", "57.8125%", "-24"), strict=True):
        expect(reveal).to_be_disabled()
        text(page, name).fill(guess)
    text(page, "first start").press("Enter")
    expect(sentence(page)).to_have_text(REFERENCE)
    answers = page.get_by_role("form", name="guess first").get_by_role("listitem")
    expect(answers).to_have_text(
        [
            "patches per axis: 3: right",
            "patches in this volume: you said 8; it is 27",
            "padding: 57.8 %: right",
            "first start: -24: right",
        ]
    )
    assert n_boxes(page) > 500
    assert regions(page) == [
        "planes", "three dimensions", "all patches", "queue of an epoch", "batch"
    ]  # fmt: skip
    wait_for_python(page, "explorer.guesses['padding']", "57.8125%")
    wait_for_python(page, "explorer.selected", 13)


def test_other_settings_cover_it_again_and_the_same_ones_do_not(page, teach):
    teach('predict=["n_patches"]')
    text(page, "patches in this volume").fill("1,000")
    button(page, "reveal").click()
    expect(page.get_by_text("you said 1,000; it is 27")).to_be_visible()
    drag(page, slider(page, "patch size"), 66, 72)
    page.mouse.up()
    expect(page.get_by_role("heading", name="144 cut into patches of 72")).to_be_visible()
    assert n_boxes(page) == 0
    expect(text(page, "patches in this volume")).to_have_value("")
    wait_for_python(page, "explorer.settings.patch_size[0]", 72)
    text(page, "patches in this volume").fill("8")
    button(page, "reveal").click()
    expect(page.get_by_text("8: right")).to_be_visible()
    wait_for_python(page, "explorer.guesses", {"n_patches": "8"})
    open_fold(page)
    choice(page, "padding mode").select_option("wrap")  # no number depends on it
    wait_for_python(page, "explorer.settings.padding_mode", "wrap")
    expect(page.get_by_text("8: right")).to_be_visible()
    button(page, "undo").click()
    button(page, "undo").click()
    expect(page.get_by_role("heading", name="144 cut into patches of 64")).to_be_visible()


# Undo --------------------------------------------------------------------------------------------


def test_each_gesture_can_be_undone_and_all_of_them_at_once(page, teach):
    teach('show=["sentence", "patch_size", "settings"]')
    undo, reset = button(page, "undo"), button(page, "reset")
    expect(undo).to_be_disabled()
    expect(reset).to_be_disabled()
    drag(page, slider(page, "patch size"), 66, 70, 72)
    page.mouse.up()
    expect(sentence(page)).to_contain_text("8 patches")
    wait_for_python(page, "explorer.settings.patch_size[0]", 72)
    enter(number(page, "patch size"), 48)
    wait_for_python(page, "explorer.settings.patch_size[0]", 48)
    number(page, "patch size").press("Control+z")  # the field's own
    expect(sentence(page)).to_contain_text("of 48")
    slider(page, "patch size").press("Control+z")
    expect(sentence(page)).to_contain_text("of 72")
    wait_for_python(page, "explorer.settings.patch_size[0]", 72)
    undo.click()
    expect(sentence(page)).to_have_text(REFERENCE)
    expect(undo).to_be_disabled()

    choice(page, "policy").select_option("tight")  # few parts are shown: the fold is open
    enter(text(page, "overlap"), 32)
    expect(sentence(page)).to_contain_text("64 patches")
    reset.click()
    expect(sentence(page)).to_have_text(REFERENCE)
    expect(reset).to_be_disabled()
    undo.click()
    expect(sentence(page)).to_contain_text("64 patches")
    wait_for_python(page, "explorer.settings.policy", "tight")


# Large print -------------------------------------------------------------------------------------

SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll('.patchviz *')]
  .filter(e => e.checkVisibility())
  .filter(e => [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim()))
  .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
SMALLEST_ON_CANVAS = """() => new Promise(done => {
  const sizes = [];
  const fill = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (...args) {
    sizes.push(parseFloat(this.font.match(/([\\d.]+)px/)[1]));
    return fill.apply(this, args);
  };
  document.querySelector('.patchviz [aria-label=presenter]').click();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    CanvasRenderingContext2D.prototype.fillText = fill;
    done(Math.min(...sizes));
  }));
})"""


@pytest.mark.parametrize("width", [1280, 800])
def test_large_print_has_no_small_text_and_nothing_overlaps(page, teach, width):
    page.set_viewport_size({"width": width, "height": 800})
    teach("")
    open_fold(page)
    for summary in ("policies side by side", "every number, and its formula"):
        page.get_by_text(summary).click()
    expect(page.get_by_role("cell", name="-24, 40, 104").first).to_be_visible()
    plane(page).focus()
    page.keyboard.press("p")
    presenter = button(page, "presenter")
    expect(presenter).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(SMALLEST_TEXT) >= 16
    boxes = [part.bounding_box() for part in page.locator(".patchviz [data-part]").all()]
    for one, other in combinations(filter(None, boxes), 2):
        apart = (
            one["y"] + one["height"] <= other["y"] + 1
            or other["y"] + other["height"] <= one["y"] + 1
            or one["x"] + one["width"] <= other["x"] + 1
            or other["x"] + other["width"] <= one["x"] + 1
        )
        assert apart, (one, other)
    inner = "e => e.scrollWidth <= e.clientWidth + 1"
    assert page.locator(".patchviz").evaluate(inner)
    number(page, "patch size").press("p")  # is typed
    expect(presenter).to_have_attribute("aria-pressed", "true")
    slider(page, "patch size").press("P")
    expect(presenter).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(SMALLEST_ON_CANVAS) >= 16


# The exported page -------------------------------------------------------------------------------


def test_an_exported_page_shows_locks_and_asks_as_well(new_page, tmp_path):
    page = new_page
    explorer = Explorer(
        Cohort.phantom(3, (24, 24, 24)),
        show=["sentence", "patch_size", "planes"],
        lock=["patch_size"],
        predict=["n_patches"],
    )
    open_exported(page, explorer.export(tmp_path / "patches.html", choices=[]))
    assert regions(page) == ["planes"]
    expect(slider(page, "patch size")).to_be_disabled()
    expect(slider(page, "patch size")).to_have_attribute("title", "locked here")
    text(page, "patches in this volume").fill("1")
    button(page, "reveal").click()
    expect(page.get_by_text("1: right")).to_be_visible()
    expect(sentence(page)).to_contain_text("1 box of 24")
