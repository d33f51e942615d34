"""The explorer by keyboard and by ear: in a real JupyterLab, and as an exported page."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from patchviz import Cohort, Explorer, PatchGrid, Settings, create_patch_index_list
from patchviz.epochs.splits import get_validation_split
from patchviz.scene.wording import percent
from tests.explorers import (
    button,
    canvas,
    choice,
    differ,
    drag,
    enter,
    number,
    open_exported,
    picture,
    plane,
    readout,
    run,
    sentence,
    set_theme,
    slider,
    wait_for_python,
)

SHAPE, SIZE = (48, 48, 48), 20  # 27 patches, from -6 to 54
GRID = PatchGrid(SHAPE, SIZE)
COHORT = f"cohort = Cohort.phantom(10, {SHAPE})\n"
CUBES = COHORT + f"explorer = Explorer(cohort, settings=Settings(patch_size={SIZE}))\nexplorer"
GROUND = (18, 23, 29)  # of the dark canvases


def open_all(page: Page) -> None:
    """Open every fold, and wait until the tables in them are filled."""
    page.evaluate(
        "for (const fold of document.querySelectorAll('.patchviz details')) fold.open = 1"
    )
    expect(page.get_by_role("grid", name="all 27 patches").get_by_role("row")).to_have_count(28)


# What is said ------------------------------------------------------------------------------------

_LISTEN = """() => {
  const region = document.querySelector('.patchviz [aria-live=polite]');
  window.heard = [];
  new MutationObserver(() => window.heard.push(region.textContent))
    .observe(region, { childList: true });
}"""


def listen(page: Page) -> Callable[[str], None]:
    """Return a function that waits for one sentence, and fails where others came before it."""
    page.evaluate(_LISTEN)

    def hear(sentence: str) -> None:
        page.wait_for_function("() => window.heard.length")
        assert page.evaluate("() => window.heard.splice(0)") == [sentence]

    return hear


def words(n: int) -> str:
    """Say what is to be heard of patch n, from 0."""
    corner = GRID[n]
    inside = (min(at + SIZE, 48) - max(at, 0) for at in corner)
    real = math.prod(inside) / SIZE**3
    share = "all inside the image" if real == 1 else f"{percent(real)} image"
    return f"patch {n + 1} of 27, corner {', '.join(map(str, corner))}, {share}"


def popped(count: int) -> list[tuple[int, int]]:
    """Return (subject, patch), both from 0, of the entries in the order they are popped."""
    training, _ = get_validation_split(10)
    queue = create_patch_index_list(training, SHAPE, SIZE)
    return [
        (subject, GRID.index(corner)) for subject, corner in (queue.pop() for _ in range(count))
    ]


# Rules -------------------------------------------------------------------------------------------


def violations(page: Page, within: str | None = None) -> str:
    results = Axe().run(page, within)
    return results.generate_report() if results.violations_count else ""


def test_axe_finds_nothing_in_jupyterlab(page, show):
    show(CUBES)
    open_all(page)
    assert violations(page, ".patchviz") == ""
    set_theme(page, "dark")
    assert violations(page, ".patchviz") == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_exported_page(new_page, theme, tmp_path: Path):
    page = new_page
    explorer = Explorer(Cohort.phantom(10, SHAPE), settings=Settings(patch_size=SIZE))
    page.emulate_media(color_scheme=theme)
    open_exported(page, explorer.export(tmp_path / "patches.html", choices=[]))
    open_all(page)
    assert violations(page) == ""  # the page as a whole
    page.set_viewport_size({"width": 700, "height": 800})
    expect(button(page, "3-D")).to_be_visible()
    assert violations(page) == ""


# Focus -------------------------------------------------------------------------------------------

_FOCUSED = """() => {
  const el = document.activeElement;
  if (!el.closest('.patchviz')) return null;
  const [name] = [el.ariaLabel, el.labels?.[0]?.innerText, el.innerText].filter(Boolean);
  const style = getComputedStyle(el);
  let behind = el;
  while (/, 0\\)|transparent/.test(getComputedStyle(behind).backgroundColor)) {
    behind = behind.parentElement;
  }
  return {
    name: name.trim(),
    nth: [...document.querySelectorAll('.patchviz *')].indexOf(el),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    colour: style.outlineColor,
    behind: getComputedStyle(behind).backgroundColor,
  };
}"""


def luminance(colour: tuple[float, ...]) -> float:
    shares = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(css: str) -> tuple[float, ...]:
    return tuple(map(float, re.findall(r"[\d.]+", css)[:3]))


def walk(page: Page, key: str) -> list[dict]:
    """Press a key until the focus leaves the explorer; return where it was."""
    stops = []
    while stop := page.evaluate(_FOCUSED):
        stops.append(stop)
        assert len(stops) < 200, "the focus can't leave"
        page.keyboard.press(key)
    return stops


STOPS = (  # in this order, whatever stands between them
    "presenter",
    "patch size",
    "with patch boxes",
    "sagittal",
    "slice along i",
    "the grid in three dimensions",
    "explode",
    "all 27 patches, layer by layer",
    "all patches as a table",
    "14\t14, 14, 14",  # the selected row alone
    "put one back",
    "play",
    "entries popped",
    "order",
    "next epoch",
    "queue of epoch 1",
    "batch 1 of 27",
    "the batch as a table",
    "who trains",
    "training share",
    "subjects train",
    "coverage",
    "epochs",
    "darkest",
    "overlap, policy",
    "batch size",
    "policies side by side",
    "centered",
    "as code for",
    "copy",
    "call",
    "every number",
    "overflow",
)


def test_tab_reaches_everything_in_order_is_seen_and_leaves(page, show):
    show(CUBES)
    open_all(page)
    expect(page.get_by_role("group", name="call", exact=True)).not_to_be_empty()
    for theme in ("light", "dark"):
        set_theme(page, theme)
        page.get_by_role("button", name="presenter").focus()
        stops = walk(page, "Tab")
        names = iter(stop["name"] for stop in stops)
        for wanted in STOPS:
            assert any(wanted in name for name in names), wanted
        places = [stop["nth"] for stop in stops]
        assert places == sorted(set(places))  # as they are read
        for stop in stops:
            assert stop["outline"] >= 2, stop
            for behind in (rgb(stop["behind"]), GROUND):
                assert contrast(rgb(stop["colour"]), behind) >= 3, stop
    page.get_by_role("button", name="presenter").focus()  # the first stop at present
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(_FOCUSED) is None


# Keys --------------------------------------------------------------------------------------------


def test_patches_are_selected_by_keys_and_heard(page, show):
    show(CUBES)
    hear = listen(page)
    boards = canvas(page, "all 27 patches")
    expect(boards).to_have_accessible_description(re.compile("^arrow keys select"))
    boards.focus()
    page.keyboard.press("ArrowRight")
    hear(words(22))
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowDown")  # at once: one sentence for both
    hear(words(20))
    wait_for_python(page, "explorer.selected", 20)
    plane(page).focus()
    for key in ("ArrowLeft",) * 20 + ("Enter",):
        page.keyboard.press(key)
    hear(words(11))
    cage = canvas(page, "the grid in three dimensions")
    still = picture(cage)
    cage.focus()
    page.keyboard.press("ArrowLeft")
    assert differ(still, picture(cage))

    page.evaluate("document.activeElement.blur()")
    run(page, "explorer.selected = 0")  # by Python: seen, not heard
    expect(readout(page)).to_contain_text("patch 1 of 27")
    boards.focus()
    page.keyboard.press("ArrowUp")
    hear(words(3))
    page.keyboard.press("Alt+ArrowUp")  # the browser's
    page.keyboard.press("ArrowRight")
    hear(words(12))


def test_the_table_of_all_patches_is_a_twin_of_the_boards(page, show):
    show(CUBES)
    hear = listen(page)
    page.get_by_text("all patches as a table").focus()
    page.keyboard.press("Enter")
    row = page.get_by_role("row", selected=True)
    expect(row).to_be_visible()
    page.keyboard.press("Tab")
    expect(row).to_be_focused()
    expect(row.get_by_role("gridcell")).to_have_text(["14", "14, 14, 14", "100 %", "yes"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(row.get_by_role("gridcell").first).to_have_text("14")  # as yet
    page.keyboard.press("Enter")
    expect(row.get_by_role("gridcell")).to_have_text(["16", "14, 34, -6", "49 %", "no"])
    expect(row).to_be_focused()
    hear(words(15))
    wait_for_python(page, "explorer.selected", 15)
    page.get_by_role("row", name="27 34, 34, 34").click()
    expect(readout(page)).to_contain_text("patch 27 of 27 · corner 34, 34, 34")
    canvas(page, "all 27 patches").press("ArrowLeft")
    expect(row.get_by_role("gridcell").first).to_have_text("18")

    enter(number(page, "patch size"), 4)
    table = page.get_by_role("grid", name="those around the selected one")
    expect(table.get_by_role("row")).to_have_count(501)
    selected = row.get_by_role("gridcell").first.inner_text()
    expect(page.get_by_text(f"patch {selected} of 1,728 · corner")).to_be_visible()
    row.focus()
    for key in ("ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(row.get_by_role("gridcell").first).to_have_text(str(int(selected) - 2))


def test_queue_and_batch_are_stepped_by_keys_and_heard(page, show):
    show(CUBES)
    hear = listen(page)
    entries = popped(216)

    def words_on(n: int) -> str:
        subject, patch = entries[n]
        batch = f"batch {n // 8 + 1} of 27, place {n % 8 + 1}"
        return f"sub-{subject + 1:02}, {words(patch)}; {batch}"

    expect(canvas(page, "queue of epoch 1: 216 of 216 patches left")).to_be_visible()
    button(page, "pop").focus()
    page.keyboard.press("Enter")
    hear(words_on(0))
    canvas(page, "queue of epoch").focus()
    page.keyboard.press("ArrowRight")
    hear(words_on(1))
    canvas(page, "batch 1 of 27").focus()
    page.keyboard.press("ArrowRight")
    hear(words_on(2))
    wait_for_python(page, "explorer.settings.subject", entries[2][0])

    page.get_by_text("the batch as a table").focus()
    page.keyboard.press("Enter")
    row = page.get_by_role("row", selected=True)
    expect(row).to_be_visible()  # rows are written in the next frame
    page.keyboard.press("Tab")
    expect(row).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    hear(words_on(3))
    wait_for_python(page, "explorer.settings.subject", entries[3][0])
    expect(row).to_be_focused()  # its subject's volume leaves the focus and the entry
    expect(row.get_by_role("gridcell").nth(1)).to_have_text("213")

    choice(page, "speed").select_option("240 a second")
    button(page, "play").focus()
    page.keyboard.press("Enter")
    hear(words_on(215))  # of all that was popped
    button(page, "next epoch").focus()
    page.keyboard.press("Enter")
    expect(canvas(page, "queue of epoch 2: 216 of 216 patches left")).to_be_visible()
    expect(button(page, "next epoch")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button(page, "next epoch")).to_be_focused()


def test_settings_are_changed_by_keys_and_heard(page, show):
    show(CUBES)
    hear = listen(page)
    size = slider(page, "patch size")
    size.focus()
    page.keyboard.press("ArrowRight")
    expect(sentence(page)).to_contain_text("boxes of 21")
    hear(sentence(page).inner_text())
    drag(page, size, 30, 24)
    expect(sentence(page)).to_contain_text("2 boxes of 24")
    page.mouse.up()
    hear(sentence(page).inner_text())  # once, when it ends

    page.get_by_text("who trains").focus()
    page.keyboard.press("Enter")
    subjects = canvas(page, "8 subjects train, 2 validate")
    subjects.focus()
    page.keyboard.press("ArrowRight")
    wait_for_python(page, "explorer.settings.subject", 1)
    page.wait_for_function("() => window.heard[0]?.startsWith('sub-02, patch ')")
    page.evaluate("() => window.heard.splice(0)")
    page.get_by_text("policies side by side").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="centered", exact=True)).to_be_checked()
    page.get_by_role("radio", name="centered", exact=True).press("ArrowUp")
    wait_for_python(page, "explorer.settings.policy", "dropped")
    expect(page.get_by_role("radio", name="dropped", exact=True)).to_be_focused()


def test_less_motion_for_who_wants_less(page, show):
    page.emulate_media(reduced_motion="reduce")
    show(CUBES)
    expect(canvas(page, "queue of epoch 1: 216 of 216 patches left")).to_be_visible()
    expect(button(page, "play")).to_be_visible()  # nothing plays by itself
    enter(number(page, "patch size"), 24)
    changed = sentence(page).get_by_role("strong").first
    expect(changed).to_have_text("8")
    expect(changed).to_have_css("animation-name", "none")
    moves = "el => el.getAnimations({ subtree: true }).length"
    assert page.locator(".patchviz").evaluate(moves) == 0
    page.emulate_media(reduced_motion="no-preference")
    expect(changed).to_have_css("animation-name", "pv-flash")
