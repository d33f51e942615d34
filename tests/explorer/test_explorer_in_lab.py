"""The explorer in a real JupyterLab: what is seen, what answers to mouse and keys, what is sent."""

import base64
import io
from itertools import combinations
from pathlib import Path

import nbformat
import nibabel
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from patchviz.data.phantom import write_phantom_cohort
from tests.explorers import (
    NOTEBOOK,
    REFERENCE,
    SMALL,
    choice,
    differ,
    drag,
    enter,
    number,
    open_fold,
    picture,
    plane,
    readout,
    run,
    sentence,
    set_theme,
    slider,
    wait_for_python,
)

EXAMPLE = Path(nibabel.__path__[0], "tests", "data", "example4d.nii.gz")


def size_note(page: Page | Locator) -> Locator:
    return page.get_by_role("group", name="patch size").get_by_role("status")


def picture_of_volume(page: Page) -> np.ndarray:
    """Return the pixels of the plane once the volume that was asked for is drawn."""
    picture(plane(page))  # from here on the page says whether it waits for one
    page.locator("[data-ready='1'][data-volume='whole']").wait_for()
    return picture(plane(page))


def inside_and_outside(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut what lies within the image's outline from the plane, and what lies beyond."""
    red, _, blue = np.moveaxis(pixels, -1, 0)
    outline = (red > 100) & (blue - red > 0) & (blue - red < 7)  # no grey, no haze, no blue box
    (ys,), (xs,) = (np.nonzero(outline.mean(axis=axis) > 0.4) for axis in (1, 0))
    box = np.s_[ys.min() + 3 : ys.max() - 3, xs.min() + 3 : xs.max() - 3]
    beyond = np.ones(pixels.shape[:2], bool)
    beyond[ys.min() - 3 : ys.max() + 3, xs.min() - 3 : xs.max() + 3] = False
    return pixels[box], pixels[beyond]


# At rest -----------------------------------------------------------------------------------------


def test_it_opens_on_the_reference_case(page, show):
    show(REFERENCE)
    expect(sentence(page)).to_have_text(
        "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"
    )
    boards = page.get_by_role("region", name="all patches")
    expect(boards.get_by_role("listitem")).to_have_text(
        ["100 % image1", "62.5 % image6", "39.1 % image12", "24.4 % image8"]
    )
    expect(boards.get_by_role("application")).to_have_accessible_name(
        "all 27 patches, layer by layer along k"
    )
    expect(plane(page)).to_have_accessible_name("axial k = 72, with patch boxes")
    expect(readout(page)).to_have_text("patch 14 of 27 · corner 40, 40, 40 · all inside the image")
    expect(slider(page, "patch size")).to_have_attribute(
        "aria-valuetext", "64 voxels, 27 patches, 57.8 % padding"
    )
    page.get_by_text("every number, and its formula").click()
    overflow = page.get_by_text("overflow", exact=True)
    expect(page.locator("summary", has=overflow)).to_have_text("overflow48")
    formula = page.get_by_text("64·3 - 144 = 48")
    expect(formula).to_be_hidden()
    overflow.click()
    expect(formula).to_be_visible()
    expect(page.locator("summary", has=page.get_by_text("starts", exact=True))).to_have_text(
        "starts-24, 40, 104"
    )


def test_sliding_turning_and_hovering_stay_in_the_browser(page, show, frames):
    show(REFERENCE)
    along_k = slider(page, "slice along k")
    assert [along_k.get_attribute(end) for end in ("min", "max")] == ["-24", "167"]
    cage = page.get_by_role("region", name="three dimensions").get_by_role("application")
    along_k.focus()
    frames.clear()

    at_72 = picture(plane(page))
    page.keyboard.press("ArrowRight")
    expect(plane(page)).to_have_accessible_name("axial k = 73, with patch boxes")
    at_73 = picture(plane(page))
    assert differ(at_72, at_73)

    page.keyboard.press("Home")  # into the padding, where no pixel is as bright as in the image
    expect(plane(page)).to_have_accessible_name("axial k = -24, with patch boxes")
    assert differ(at_73, picture(plane(page)))

    page.keyboard.press("End")
    drag(page, along_k, 150, 120, 100)
    page.mouse.up()
    assert 95 < int(along_k.input_value()) < 105
    slid = picture(plane(page))
    assert differ(at_73, slid)

    still = picture(cage)
    cage.hover(position={"x": 100, "y": 100})
    page.mouse.down()
    cage.hover(position={"x": 160, "y": 120})
    page.mouse.up()
    assert differ(still, picture(cage))

    plane(page).hover(position={"x": 120, "y": 80})
    expect(readout(page)).to_contain_text("patch 8 of 27 · corner -24, 104, 40")
    assert differ(slid, picture(plane(page)))

    slider(page, "explode").fill("0.5")
    page.get_by_role("button", name="sagittal").click()
    expect(plane(page)).to_have_accessible_name("sagittal i = 72, with patch boxes")
    assert frames.settled() == []


def test_every_plane_can_be_large_and_follows_the_keys(page, show):
    show(SMALL)
    plane(page).focus()
    for key in ("ArrowLeft", "ArrowUp", "PageDown"):
        page.keyboard.press(key)
    for name, value in (("i", "23"), ("j", "25"), ("k", "23")):
        expect(slider(page, f"slice along {name}")).to_have_value(value)
    for name in ("sagittal i = 23", "coronal j = 25", "axial k = 23"):
        page.get_by_role("button", name=name).click()
        expect(plane(page)).to_have_accessible_name(f"{name}, with patch boxes")


# Patch size --------------------------------------------------------------------------------------


def test_dragging_the_patch_size_shows_the_grid_before_and_tells_python_at_the_end(page, show):
    show(REFERENCE)
    size = slider(page, "patch size")
    drag(page, size, 66, 71)
    expect(sentence(page)).to_contain_text("3 boxes of 71 per axis → 27 patches")
    expect(size_note(page)).to_have_text(
        "71 can't be halved 4 times: a U-Net with 4 poolings wants a multiple of 16"
    )
    expect(size_note(page)).to_have_attribute("data-level", "amber")
    page.mouse.up()

    drag(page, size, 72)
    after = "144 → 2 boxes of 72 per axis → 8 patches × 24 subjects = 192 → 24 steps"
    expect(sentence(page)).to_have_text(after)
    dragged = picture(plane(page))
    wait_for_python(page, "explorer.settings.patch_size", (71, 71, 71))
    page.mouse.up()
    wait_for_python(page, "explorer.settings.patch_size", (72, 72, 72))
    released = picture(plane(page))
    assert differ(dragged, released)  # the old grid is gone
    assert dragged.shape == released.shape

    drag(page, size, 75, 72)  # back where it was, where a slider says nothing of its release
    expect(sentence(page)).to_have_text(after)
    assert differ(released, picture(plane(page)))
    page.mouse.up()
    assert not differ(released, picture(plane(page)))


def test_the_patch_size_follows_the_keys_and_typing(page, show):
    show(REFERENCE)
    size = slider(page, "patch size")
    size.focus()
    for _ in range(20):  # beyond what was resolved ahead
        page.keyboard.press("ArrowRight")
    expect(size).to_have_value("84")
    expect(sentence(page)).to_contain_text("2 boxes of 84 per axis")
    wait_for_python(page, "explorer.settings.patch_size", (84, 84, 84))
    enter(number(page, "patch size"), 48)
    expect(sentence(page)).to_contain_text("3 boxes of 48 per axis")
    expect(size).to_have_value("48")
    expect(size_note(page)).to_have_text("")
    page.get_by_role("checkbox", name="same on all axes").uncheck()
    enter(number(page, "patch size along k"), 24)
    expect(sentence(page)).to_contain_text("3 × 3 × 6 boxes of 48 × 48 × 24 → 54 patches")
    wait_for_python(page, "explorer.settings.patch_size", (48, 48, 24))
    slider(page, "patch size along i").fill("144")
    wait_for_python(page, "explorer.settings.patch_size", (144, 48, 24))
    page.get_by_role("checkbox", name="same on all axes").check()
    wait_for_python(page, "explorer.settings.patch_size", (144, 144, 144))


def test_keys_in_the_explorer_are_no_shortcuts_of_jupyterlab(page, show):
    show(SMALL)
    open_fold(page)
    state = """() => {
      const { content, context } = window.jupyterapp.shell.currentWidget;
      const cells = content.widgets.map(({ model }) => [model.type, model.sharedModel.source]);
      return [content.mode, content.activeCellIndex, context.model.dirty, cells];
    }"""
    fields = [
        number(page, "patch size"),
        slider(page, "patch size"),
        slider(page, "slice along i"),
        choice(page, "policy"),
        page.get_by_role("checkbox", name="label"),
        page.get_by_role("textbox", name="overlap"),
        plane(page),
    ]
    keys = ("a", "b", "d", "d", "x", "m", "y", "r", "0", "0", "z", "ArrowUp", "ArrowDown", "Escape")
    for field in fields:
        field.focus()
        before = page.evaluate(state)
        for key in (*keys, "Enter", "Shift+Enter"):
            page.keyboard.press(key)
        assert page.evaluate(state) == before
        expect(page.get_by_role("dialog")).to_have_count(0)
    number(page, "patch size").focus()
    page.keyboard.press("Control+s")  # what isn't typing stays JupyterLab's
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")


# What is impossible ------------------------------------------------------------------------------


def test_an_impossible_choice_turns_its_control_red_and_leaves_the_rest(page, show, frames):
    show(REFERENCE)
    open_fold(page)
    overlap = page.get_by_role("textbox", name="overlap")
    why = page.get_by_role("status").filter(has_text="must be")
    red = "rgb(198, 40, 40)"
    before = picture(plane(page))
    frames.clear()

    enter(overlap, 99)
    expect(why).to_contain_text("overlap must be smaller than patch_size")
    expect(overlap).to_have_css("border-color", red)
    expect(sentence(page)).to_contain_text("3 boxes of 64 per axis")
    assert not differ(before, picture(plane(page)))
    wait_for_python(page, "explorer.settings.overlap", (0, 0, 0))

    enter(overlap, "32")
    expect(sentence(page)).to_contain_text("125 patches")
    expect(why).to_have_count(0)
    expect(overlap).to_have_css("border-color", "rgb(161, 92, 0)")  # amber: 64 would cover
    wait_for_python(page, "explorer.settings.overlap", (32, 32, 32))

    drag(page, slider(page, "patch size"), 40, 24)  # smaller than the overlap
    expect(size_note(page)).to_contain_text("overlap must be smaller than patch_size")
    page.mouse.up()
    expect(slider(page, "patch size")).not_to_have_value("24")
    wait_for_python(page, "explorer.settings.patch_size[0] > 32", True)
    assert "error" not in {frame.kind for frame in frames.settled()}


def test_a_policy_that_can_not_be_is_refused_and_the_next_choice_counts(page, show):
    show(REFERENCE)
    open_fold(page)
    size = number(page, "patch size")
    enter(size, 160)
    expect(sentence(page)).to_contain_text("1 box of 160 per axis")
    choice(page, "policy").select_option("shifted")
    why = page.get_by_text("patch_size must be at most the image's 144 voxels")
    expect(why).to_be_visible()
    expect(choice(page, "policy")).to_have_css("border-color", "rgb(198, 40, 40)")
    expect(choice(page, "policy")).to_have_value("centered")
    wait_for_python(page, "explorer.settings.policy", "centered")
    enter(size, 64)
    expect(sentence(page)).to_contain_text("3 boxes of 64 per axis")
    expect(why).to_have_count(0)
    choice(page, "policy").select_option("shifted")
    wait_for_python(page, "explorer.settings.policy", "shifted")
    enter(size, 200)
    expect(size_note(page)).to_contain_text("patch_size must be at most the image's 144 voxels")
    expect(size).to_have_css("border-color", "rgb(198, 40, 40)")
    expect(size).to_have_value("200")
    for typed, reason in (
        ("2.5", "patch_size must be whole numbers"),
        ("", "patch_size must be at least"),
    ):
        enter(size, typed)
        expect(size_note(page)).to_contain_text(reason)


# Python and the page -----------------------------------------------------------------------------


def test_python_sets_what_is_shown_and_reads_what_is_chosen(page, show):
    show(REFERENCE)
    run(page, "explorer.settings = Settings(patch_size=48)")
    expect(sentence(page)).to_contain_text("3 boxes of 48 per axis → 27 patches")
    run(page, "explorer.settings = Settings()\nexplorer.selected = 26")
    expect(sentence(page)).to_contain_text("3 boxes of 64 per axis")
    expect(readout(page)).to_contain_text("patch 27 of 27 · corner 104, 104, 104")
    expect(plane(page)).to_have_accessible_name("axial k = 124, with patch boxes")
    run(page, "explorer.selected = 13")
    expect(readout(page)).to_contain_text("patch 14 of 27")

    box = plane(page).bounding_box()
    for x, y, n in ((0.25, 0.2, 7), (0.5, 0.5, 13), (0.85, 0.75, 19)):
        plane(page).click(position={"x": x * box["width"], "y": y * box["height"]})
        expect(readout(page)).to_contain_text(f"patch {n + 1} of 27")
        wait_for_python(page, "explorer.selected", n)

    boards = page.get_by_role("application", name="all 27 patches")
    boards.click(position={"x": 20, "y": 40})  # the first board, top left
    wait_for_python(page, "explorer.selected", 6)
    page.keyboard.press("PageUp")
    wait_for_python(page, "explorer.selected", 7)


# Own data ----------------------------------------------------------------------------------------


def test_a_file_with_two_channels(page, show):
    show(f"explorer = Explorer(Cohort.from_files([{str(EXAMPLE)!r}], frames=[0, 1]))\nexplorer")
    expect(sentence(page)).to_contain_text("128 × 96 × 24 → 2 × 2 × 1 boxes of 64 × 64 × 24 → 4")
    expect(choice(page, "subject")).to_be_hidden()
    expect(page.get_by_role("checkbox", name="label")).to_be_hidden()
    first = picture(plane(page))
    choice(page, "channel").select_option("2")
    wait_for_python(page, "explorer.settings.channel", 1)
    second = picture_of_volume(page)
    assert differ(first, second)
    assert first.shape == second.shape


def test_a_folder_with_labels_of_which_one_file_is_damaged(page, show, lab):
    folders = write_phantom_cohort(lab.root / "own", 3, (48, 40, 32))
    damaged = folders[1] / "t1.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:9000])
    show("explorer = Explorer('own')\nexplorer")
    expect(sentence(page)).to_contain_text("48 × 40 × 32 →")
    message = page.get_by_role("alert")
    label = page.get_by_role("checkbox", name="label")
    labelled = picture(plane(page))
    label.uncheck()
    assert differ(labelled, picture(plane(page)))
    label.check()
    assert not differ(labelled, picture(plane(page)))

    choice(page, "subject").select_option("sub-02")
    expect(message).to_contain_text("sub-02: t1.nii.gz is damaged or cut short")
    enter(number(page, "patch size along i"), 16)  # the grid can be seen all the same
    expect(sentence(page)).to_contain_text("3 × 1 × 1 boxes")
    expect(message).to_contain_text("sub-02")
    wait_for_python(page, "explorer.settings.patch_size", (16, 40, 32))

    choice(page, "subject").select_option("sub-03")
    expect(message).to_have_text("")
    wait_for_python(page, "explorer.settings.subject", 2)
    assert differ(labelled, picture_of_volume(page))


def test_a_file_that_goes_away_while_it_is_open_and_comes_back(page, show, lab):
    folders = write_phantom_cohort(lab.root / "away", 3, (48, 40, 32))
    show("explorer = Explorer('away')\nexplorer")
    label = folders[2] / "seg.nii.gz"
    label.rename(lab.root / "elsewhere")
    open_fold(page)
    blanks = choice(page, "blank patches")
    blanks.select_option("skip: no foreground")
    expect(page.get_by_text("sub-03: there is no file")).to_be_visible()
    expect(blanks).to_have_attribute("data-level", "red")
    enter(number(page, "patch size along i"), 16)  # all else still has an effect
    expect(sentence(page)).to_contain_text("3 × 1 × 1 boxes")
    (lab.root / "elsewhere").rename(label)
    blanks.select_option("skip: no foreground")
    wait_for_python(page, "explorer.settings.skip_blank", "any")
    expect(page.get_by_text("sub-03: there is no file")).to_have_count(0)


def test_subjects_of_several_shapes(page, show):
    show(
        "explorer = Explorer(Cohort.from_arrays([np.random.default_rng(n).random(shape)"
        " for n, shape in enumerate([(40, 32, 24), (24, 24, 24), (64, 64, 64)])]),"
        " settings=Settings(patch_size=24))\nexplorer"
    )
    expect(sentence(page)).to_contain_text("40 × 32 × 24 → 2 × 2 × 1 boxes of 24 → 4 patches here")
    choice(page, "subject").select_option("subject-03")
    expect(sentence(page)).to_contain_text("64 → 3 boxes of 24 per axis → 27 patches here")
    expect(slider(page, "slice along k")).to_have_attribute("max", "67")
    expect(slider(page, "slice along k")).to_have_value("32")
    assert len(np.unique(inside_and_outside(picture_of_volume(page))[0])) > 200  # it is noise


def test_voxels_in_no_patch_are_magenta(page, show):
    show(REFERENCE)
    open_fold(page)

    def magenta():
        red, green, blue = np.moveaxis(picture(plane(page)), -1, 0)
        return np.count_nonzero((red - green > 60) & (blue - green > 60))

    assert magenta() == 0
    choice(page, "policy").select_option("dropped")
    expect(page.get_by_text("29.8 % of the voxels are in no patch")).to_be_visible()
    in_image = inside_and_outside(picture(plane(page)))[0]
    lost = magenta() / (in_image.shape[0] * in_image.shape[1])
    assert lost == pytest.approx(1 - (128 / 144) ** 2, abs=0.05)  # of this plane
    slider(page, "slice along k").fill("140")  # in the slab that is lost as a whole
    assert magenta() > 4 * lost * in_image.shape[0] * in_image.shape[1] / 1.5


def test_padding_modes_fill_the_padding_and_leave_the_image(page, show):
    show(
        "noise = np.random.default_rng(0).random((24, 24, 24))\n"
        "explorer = Explorer(noise, settings=Settings(patch_size=16))\nexplorer"
    )
    open_fold(page)
    seen = {}
    for mode in ("edge", "constant", "reflect", "wrap"):
        choice(page, "padding mode").select_option(mode)
        wait_for_python(page, "explorer.settings.padding_mode", mode)
        seen[mode] = inside_and_outside(picture(plane(page)))
    for one, other in combinations(seen, 2):
        (image, padding), (other_image, other_padding) = seen[one], seen[other]
        assert not differ(image, other_image), (one, other)
        assert (padding != other_padding).mean() > 0.1, (one, other)


# The look ----------------------------------------------------------------------------------------

_LEAST_CONTRAST = """root => {
  const numbers = (colour) => {
    const [r, g, b, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [r, g, b, alpha];
  };
  const over = ([r, g, b, a], [r0, g0, b0]) =>
    [a * r + (1 - a) * r0, a * g + (1 - a) * g0, a * b + (1 - a) * b0];
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (el) => {
    const colour = numbers(getComputedStyle(el).backgroundColor);
    return colour[3] === 1 || !el.parentElement ? colour : over(colour, ground(el.parentElement));
  };
  const contrasts = [...root.querySelectorAll('*')]
    .filter((el) => el.checkVisibility() && !el.querySelector('*') && el.innerText?.trim())
    .map((el) => {
      const back = ground(el);
      const [a, b] = [light(back), light(over(numbers(getComputedStyle(el).color), back))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return [contrast, el.innerText];
    });
  if (contrasts.length < 40) throw new Error('too few texts: ' + contrasts.length);
  return contrasts.sort(([a], [b]) => a - b)[0];
}"""


_NOTHING_FLASHES = """() =>
  document.querySelector('.patchviz').getAnimations({ subtree: true }).length === 0"""


def bring_out_all_texts(page):
    """Unfold settings and a formula, and provoke a note and a refusal."""
    open_fold(page)
    page.get_by_text("every number, and its formula").click()
    page.get_by_text("overflow", exact=True).click()
    enter(number(page, "patch size"), 71)
    expect(size_note(page)).to_contain_text("71 can't be halved")
    enter(page.get_by_role("textbox", name="overlap"), 99)
    expect(page.get_by_text("overlap must be smaller")).to_be_visible()


def test_it_is_readable_in_both_themes(page, show):
    show(REFERENCE)
    explorer = page.locator(".patchviz")
    bring_out_all_texts(page)
    boards = page.get_by_role("application", name="all 27 patches")
    drawn = picture(boards)
    for theme in ("dark", "light"):
        set_theme(page, theme)
        assert differ(drawn, picture(boards))  # its captions follow the theme
        page.wait_for_function(_NOTHING_FLASHES)
        contrast, text = explorer.evaluate(_LEAST_CONTRAST)
        assert contrast >= 4.5, text
        drawn = picture(boards)


def test_it_is_readable_wide_and_narrow(page, show):
    show(REFERENCE)
    explorer = page.locator(".patchviz")
    bring_out_all_texts(page)
    cage = page.get_by_role("region", name="three dimensions").get_by_role("application")
    boards = page.get_by_role("application", name="all 27 patches")
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 800})
        narrow = page.get_by_role("button", name="all patches")
        expect(narrow).to_be_visible(visible=width == 800)
        over = "el => el.scrollWidth - el.clientWidth"
        assert explorer.evaluate(over) <= 0
        assert explorer.locator("..").evaluate(over) <= 0
    expect(boards).to_be_hidden()
    narrow.click()
    expect(cage).to_be_hidden()
    expect(boards).to_be_visible()
    assert picture(boards).std() > 20
    page.get_by_role("button", name="3-D").click()
    expect(boards).to_be_hidden()
    assert picture(cage).std() > 10


# Several at once, and none -----------------------------------------------------------------------


def test_two_explorers_on_a_page_leave_each_other_alone(page, show):
    show(
        "cohort = Cohort.phantom(10, (48, 48, 48))\n"
        "one, two = (Explorer(cohort, settings=Settings(patch_size=n)) for n in (16, 24))\n"
        "display(one, two, one)",
        count=3,
    )
    views = page.locator(".patchviz")
    one, two, again = (views.nth(n) for n in range(3))
    expect(sentence(one)).to_contain_text("3 boxes of 16")
    expect(sentence(two)).to_contain_text("2 boxes of 24")
    before = picture(plane(two))
    slider(one, "slice along k").fill("10")
    enter(number(one, "patch size"), 12)
    expect(sentence(one)).to_contain_text("4 boxes of 12")
    expect(sentence(again)).to_contain_text("4 boxes of 12")  # a second view of the same explorer
    expect(slider(again, "slice along k")).to_have_value("10")
    wait_for_python(page, "one.settings.patch_size", (12, 12, 12))
    wait_for_python(page, "two.settings.patch_size", (24, 24, 24))
    expect(sentence(two)).to_contain_text("2 boxes of 24")
    expect(slider(two, "slice along k")).to_have_value("24")
    assert not differ(before, picture(plane(two)))


_WATCH_OBSERVERS = """() => {
  window.observers = new Set();
  for (const kind of [ResizeObserver, MutationObserver]) {
    const { observe, disconnect } = kind.prototype;
    kind.prototype.observe = function (target, ...rest) {
      const from_us = /blob:|data:text/.test(new Error().stack);
      const ours = from_us || target.classList?.contains('patchviz');
      if (ours) window.observers.add(this);
      return observe.call(this, target, ...rest);
    };
    kind.prototype.disconnect = function () {
      window.observers.delete(this);
      return disconnect.call(this);
    };
  }
}"""


_COUNT_EXPLORERS = """
def count_explorers():
    import gc
    gc.collect()
    return sum(issubclass(type(thing), Explorer) for thing in gc.get_objects())
"""


@pytest.mark.usefixtures("spoils_page")  # it replaces what the page's observers do
def test_a_view_that_is_gone_leaves_nothing_behind(page, show, lab, frames):
    show("display(Explorer(Cohort.phantom(2, (48, 48, 48))))\n" + SMALL, count=2)
    page.evaluate(_WATCH_OBSERVERS)
    lab.run_all(page)
    page.wait_for_function("() => window.observers.size")
    lab.wait_until_ready(page, 2)
    per_view = page.evaluate("() => window.observers.size / 2")
    run(page, f"first = explorer{_COUNT_EXPLORERS}")
    lab.run_all(page)
    wait_for_python(page, "explorer is first", False)
    lab.wait_until_ready(page, 2)
    assert page.evaluate("() => window.observers.size") == 2 * per_view
    expect(page.locator(".patchviz")).to_have_count(2)
    wait_for_python(page, "count_explorers()", 3)  # the two on the page, and the one with a name

    frames.clear()
    run(page, "first.settings = Settings(patch_size=12); first.selected = 3")
    run(page, "first.close()")
    assert [f.kind for f in frames.settled() if f.sent] == ["execute_request"] * 2  # nobody asks
    expect(sentence(page).nth(1)).to_contain_text("1 box of 48")
    run(page, "del first")
    wait_for_python(page, "count_explorers()", 2)
    page.evaluate("() => window.jupyterapp.commands.execute('editmenu:clear-all')")
    expect(page.locator(".patchviz")).to_have_count(0)
    assert page.evaluate("() => window.observers.size") == 0
    wait_for_python(page, "count_explorers()", 1)  # which another cell can show
    run(page, "del explorer")
    wait_for_python(page, "count_explorers()", 0)


# Saved pages -------------------------------------------------------------------------------------


def test_a_saved_notebook_holds_the_picture_and_no_voxels(page, show, lab):
    show(REFERENCE)
    lab.save(page)
    path = lab.root / NOTEBOOK
    assert path.stat().st_size < 1_000_000
    notebook = nbformat.read(path, as_version=4)
    [output] = notebook.cells[0].outputs
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= output.data.keys()
    png = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    assert min(png.size) > 400
    assert "widgets" not in notebook.metadata


def test_widgets_are_checked(page, show, lab):
    show("import patchviz\npatchviz.check_widgets()", count=0)
    expect(page.get_by_text("✓ Widgets work here: go on to the next cell.")).to_be_visible()
    lab.save(page)
    notebook = nbformat.read(lab.root / NOTEBOOK, as_version=4)
    assert "Widgets are not running here" in notebook.cells[0].outputs[0].data["text/markdown"]
