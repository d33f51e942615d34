"""The policies side by side in a real JupyterLab: what is chosen there, and what is copied."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from patchviz import PatchGrid
from patchviz.scene.peer_calls import PEERS, write_calls
from tests.explorers import (
    choice,
    enter,
    number,
    run,
    sentence,
    wait_for_python,
)

VOLUME = "explorer = Explorer(np.zeros((144, 144, 144), np.uint8))\nexplorer"  # quickly there


@pytest.fixture
def show_policies(page: Page, show: Callable[..., None]) -> Callable[[str], None]:
    """Return a function that runs a cell and opens the comparison of the explorer it shows."""

    def show_policies(cell: str) -> None:
        show(cell)
        page.get_by_text("policies side by side").click()

    return show_policies


def row(page: Page, policy: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("radio", name=policy, exact=True))


def radio(page: Page, policy: str) -> Locator:
    return page.get_by_role("radio", name=policy, exact=True)


def numbers(page: Page, policy: str) -> list[str]:
    return row(page, policy).get_by_role("cell").all_inner_texts()


def call(page: Page) -> Locator:
    return page.get_by_role("group", name="call", exact=True)


def call_of(library: str, **settings: object) -> str:
    grid = PatchGrid((144, 144, 144), 64, **settings)
    return dict(zip(PEERS, write_calls(grid), strict=True))[library].code


def has_colour(part: Locator, colour: tuple[int, int, int]) -> bool:
    pixels = np.asarray(Image.open(io.BytesIO(part.screenshot())).convert("RGB")).astype(int)
    return bool((np.abs(pixels - colour) < 3).all(axis=-1).any())


def test_all_policies_stand_side_by_side_and_the_view_follows_the_one_chosen(page, show_policies):
    show_policies(VOLUME)
    expect(radio(page, "centered")).to_be_checked()
    expect(row(page, "centered")).to_have_attribute("aria-current", "true")
    assert numbers(page, "centered") == ["-24, 40, 104", "3", "27", "57.8 %", "2.37 ×", "0 %"]
    assert numbers(page, "respaced") == ["0, 40, 80", "3", "27", "0 %", "2.37 ×", "0 %"]
    assert numbers(page, "dropped") == ["0, 64", "2", "8", "0 %", "0.70 ×", "29.8 %"]
    magenta = (255, 47, 208)
    assert has_colour(row(page, "dropped"), magenta)
    assert not has_colour(row(page, "shifted"), magenta)

    row(page, "dropped").get_by_text("29.8 %").click()
    expect(sentence(page)).to_contain_text("2 boxes of 64 per axis → 8 patches")
    expect(radio(page, "dropped")).to_be_checked()
    expect(row(page, "dropped")).to_have_attribute("aria-current", "true")
    expect(row(page, "centered")).not_to_have_attribute("aria-current", "true")
    wait_for_python(page, "explorer.settings.policy", "dropped")


def test_policies_are_chosen_by_keys_and_follow_python(page, show_policies):
    show_policies(VOLUME)
    expect(row(page, "centered")).to_contain_text("-24, 40, 104")
    radio(page, "dropped").check()
    wait_for_python(page, "explorer.settings.policy", "dropped")
    radio(page, "dropped").focus()
    page.keyboard.press("ArrowUp")  # as radio buttons do
    expect(radio(page, "padded_end")).to_be_focused()
    expect(sentence(page)).to_contain_text("3 boxes of 64 per axis → 27 patches")
    wait_for_python(page, "explorer.settings.policy", "padded_end")
    page.keyboard.press("Enter")  # sends no form
    run(page, "explorer.settings = Settings(overlap=32, start=-8)")
    expect(radio(page, "centered")).to_be_checked()
    expect(row(page, "centered")).to_contain_text("-8, 24, 56, 88, 120")
    expect(row(page, "tight")).to_contain_text("-8, 24, 56, 88")
    radio(page, "tight").check()
    expect(sentence(page)).to_contain_text("64 patches")
    wait_for_python(page, "explorer.settings.start", None)


def test_an_impossible_policy_is_greyed_and_says_why(page, show_policies):
    show_policies(VOLUME)
    enter(number(page, "patch size"), 160)
    for policy in ("shifted", "respaced", "dropped"):
        expect(row(page, policy)).to_contain_text("patch_size must be at most the image's 144")
        expect(radio(page, policy)).to_be_disabled()
    assert numbers(page, "tight")[:3] == ["-8", "1", "1"]
    row(page, "shifted").get_by_text("patch_size must be").click()
    expect(radio(page, "centered")).to_be_checked()
    enter(number(page, "patch size"), 64)
    expect(radio(page, "shifted")).to_be_enabled()
    expect(row(page, "shifted")).to_contain_text("0, 64, 80")


def test_the_call_of_each_library_is_shown_and_copied(page, show_policies):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show_policies(VOLUME)
    libraries = choice(page, "as code for")
    expect(libraries.get_by_role("option")).to_have_text(list(PEERS))
    copy = page.get_by_role("button", name="copy", exact=True)
    expect(call(page)).to_have_text(call_of("patchviz"), use_inner_text=True)
    copied = page.get_by_text("copied", exact=True)
    for library in ("patchviz", "TorchIO", "MONAI"):
        libraries.select_option(library)
        expect(copied).to_have_count(0)
        copy.click()
        expect(copied).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == call_of(library)

    libraries.select_option("nnU-Net")
    expect(page.get_by_text("No equal call: nnU-Net spreads patches evenly")).to_be_visible()
    expect(call(page)).to_be_hidden()
    expect(copy).to_be_disabled()
    radio(page, "respaced").check()
    expect(call(page)).to_contain_text("(144, 144, 144), (64, 64, 64), 1)")
    expect(copy).to_be_enabled()

    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    copy.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("selected: press Ctrl+C")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == call_of("nnU-Net", policy="respaced")
    page.evaluate("() => { delete navigator.clipboard.writeText; }")
