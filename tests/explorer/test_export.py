"""The explorer as one HTML file: what is in it, and the page itself, opened without a network."""

import base64
import json
import os
import re
import zlib
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from patchviz import Cohort, Explorer, Settings, resolve
from patchviz.epochs.splits import get_validation_split
from patchviz.explorer.export import LARGE, MOST_ENTRIES, N_EPOCHS
from patchviz.explorer.voxels import grey_range, to_greys
from patchviz.scene import compare
from patchviz.scene.coverage import compute_coverage, describe_coverage
from patchviz.scene.sets import plan_sets
from tests.explorers import choice, open_exported, open_fold, plane, say, sentence, slider
from tests.traffic import Watch

SHAPE = (48, 40, 32)
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def explorer():
    return Explorer(Cohort.phantom(6, SHAPE), settings=Settings(patch_size=16))


def unpack(path: Path) -> tuple[dict, dict[str, bytes]]:
    """Read an exported page: its content, and its other parts."""
    found = re.findall(r'data-part="(\w+)">([^<]*)<', path.read_text("utf-8"))
    parts = {name: zlib.decompress(base64.b64decode(text)) for name, text in found}
    return json.loads(parts.pop("content")), parts


def as_json(thing):
    return json.loads(json.dumps(thing))


def scenes_of(content: dict) -> list[dict]:
    return [
        {"settings": settings, **content["bodies"][body], "size_sweep": content["sweeps"][sweep]}
        for settings, _, _, body, sweep, _ in content["scenes"]
    ]


def read_settings(scene: dict) -> Settings:
    chosen = scene["settings"].items()
    return Settings(**{k: tuple(v) if isinstance(v, list) else v for k, v in chosen})


# The file ----------------------------------------------------------------------------------------


def test_a_page_holds_the_voxels_as_the_explorer_shows_them(explorer, tmp_path):
    assert explorer.export(tmp_path / "patches.html") == tmp_path / "patches.html"
    content, parts = unpack(tmp_path / "patches.html")
    subject = explorer.cohort[0]
    low, high = grey_range(subject.image[0])
    assert parts["image"] == to_greys(subject.image[0], low, high).tobytes()
    assert parts["label"] == subject.label.tobytes()
    assert subject.label.any()
    assert content["volume"] == {
        "shape": list(SHAPE),
        "low": low,
        "high": high,
        "has_label": True,
        "note": "",
    }


def test_a_page_without_labels(tmp_path):
    path = Explorer(np.random.default_rng(0).random(SHAPE)).export(tmp_path / "patches.html")
    content, parts = unpack(path)
    assert parts.keys() == {"image", "orders", "coverage"}
    assert content["volume"]["has_label"] is False


def test_every_scene_of_a_page_is_what_python_resolves(explorer, tmp_path):
    explorer.selected = 3
    content, _ = unpack(explorer.export(tmp_path / "patches.html"))
    assert content["state"]["settings"] == as_json(asdict(explorer.settings))
    assert content["state"]["selected"] == 3
    assert content["state"]["choices"] == explorer.choices
    scenes = scenes_of(content)
    assert scenes[0] == as_json(explorer.scene.to_json())  # what the page opens with
    for scene in scenes[:: len(scenes) // 40]:
        assert scene == as_json(resolve(read_settings(scene), explorer.cohort.facts).to_json())
    for n in range(0, len(scenes), len(scenes) // 20):
        settings = read_settings(scenes[n])
        comparison = compare(resolve(settings, explorer.cohort.facts))
        compared = content["comparisons"][content["scenes"][n][2]]
        assert compared == as_json([asdict(row) for row in comparison])
    assert len(content["comparisons"]) < len(content["bodies"]) < len(scenes)
    assert len(content["sweeps"]) < len(content["bodies"])


def test_the_usual_choices_of_the_reference_case(tmp_path):
    path = Explorer().export(tmp_path / "patches.html")
    assert path.stat().st_size <= 4e6
    content, _ = unpack(path)
    settings = [settings for settings, *_ in content["scenes"]]
    plain = [
        s["patch_size"][0]
        for s in settings
        if (s["policy"], s["overlap"], s["order"]) == ("centered", [0, 0, 0], "shuffle")
    ]
    assert sorted(plain) == sorted({*range(32, 145, 8), 63, 65, 71})
    assert {s["overlap"][0] for s in settings} == {0, 16, 32}
    assert {s["policy"] for s in settings} == set(Explorer().choices["policy"])
    assert {s["order"] for s in settings} == set(Explorer().choices["order"])
    assert max(scene["n_queue"] for scene in scenes_of(content)) <= MOST_ENTRIES
    assert len({json.dumps(s) for s in settings}) == len(settings)


def test_a_start_of_its_own_stays_a_choice(explorer, tmp_path):
    explorer.settings = replace(explorer.settings, start=-4, overlap=3)
    content, _ = unpack(explorer.export(tmp_path / "patches.html"))
    settings = [settings for settings, *_ in content["scenes"]]
    assert settings[0]["start"] == [-4] * 3
    assert {(s["policy"], s["start"] is None) for s in settings} >= {
        ("centered", False),
        ("centered", True),
        ("tight", True),
    }
    assert {s["overlap"][0] for s in settings} == {0, 3, 4, 8}


def test_choices_of_ones_own(explorer, tmp_path):
    explorer.settings = replace(explorer.settings, subject=2)
    choices = [Settings(patch_size=(8, 8, 16), subject=4), Settings(patch_size=16)]
    path = explorer.export(tmp_path / "patches.html", choices=iter(choices))
    content, _ = unpack(path)
    settings = [settings for settings, *_ in content["scenes"]]
    assert [s["patch_size"] for s in settings] == [[16, 16, 16], [8, 8, 16]]
    assert [s["subject"] for s in settings] == [2, 2]


def test_an_impossible_choice_is_an_error_and_leaves_the_file(explorer, tmp_path):
    path = tmp_path / "patches.html"
    path.write_text("before")
    with pytest.raises(ValueError, match=r"`overlap` must be smaller"):
        explorer.export(path, choices=[Settings(patch_size=8, overlap=8)])
    assert path.read_text() == "before"


def test_the_orders_are_the_queues(explorer, tmp_path):
    content, parts = unpack(explorer.export(tmp_path / "patches.html"))
    orders, facts, offset = parts["orders"], explorer.cohort.facts, 0
    first = {}
    for settings, queue, *_ in content["scenes"]:
        first.setdefault(queue, settings)
    assert sorted(first) == list(range(len(content["queues"])))
    for queue, settings in first.items():
        assert len(content["queues"][queue]) == N_EPOCHS
        chosen = Settings(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        )
        for epoch, message in enumerate(content["queues"][queue]):
            expected = plan_sets(replace(chosen, epoch=epoch), facts).queue
            assert message["offset"] == offset
            got = np.frombuffer(orders[offset : offset + message["length"]], "<i4")
            np.testing.assert_array_equal(got, expected.order)
            assert message["sizes"] == [len(grid) for grid in expected.grids]
            assert message["reads"][0] == [1, expected.count_reads(1)]
            offset += message["length"]
    assert offset == len(orders)


def test_a_file_is_replaced_whole_or_not_at_all(explorer, tmp_path, monkeypatch):
    path = tmp_path / "patches.html"
    path.write_text("before")

    def fail(source, target):
        assert Path(source).read_text("utf-8").endswith("</html>\n")
        assert Path(source).parent == tmp_path
        raise PermissionError(13, "Permission denied", str(target))

    choices = [explorer.settings]
    _ = explorer.cohort[0].image, explorer.cohort[0].label  # decoded before, which moves files, too
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(PermissionError):
            explorer.export(path, choices=choices)
    assert path.read_text() == "before"
    explorer.export(str(path), choices=choices)
    assert unpack(path)[0]["n_epochs"] == N_EPOCHS
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_stays_text_in_the_file(tmp_path):
    page = evil_explorer().export(tmp_path / "patches.html").read_text("utf-8")
    assert EVIL not in page
    assert "<title>&lt;script&gt;alert(1)&lt;/script&gt; in patches</title>" in page


def evil_explorer() -> Explorer:
    first, *others = Cohort.phantom(6, SHAPE)
    return Explorer(Cohort([replace(first, id=EVIL), *others]), settings=Settings(patch_size=16))


# The page ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Explorer().export(tmp_path_factory.mktemp("page") / "patches.html")


@pytest.fixture
def page(new_page: Page) -> Page:
    """Return a page without JupyterLab."""
    return new_page


@pytest.fixture
def opened(page: Page, watch: Watch, reference: Path) -> Page:
    open_exported(page, reference)
    yield page
    loaded = [url for url in watch.urls if not url.startswith("data:")]
    assert loaded == [reference.as_uri()]


def pixels(canvas: Locator) -> str:
    return canvas.evaluate("canvas => canvas.toDataURL()")


def wait_for_other_pixels(page: Page, canvas: Locator, before: str) -> None:
    page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before",
        arg=[canvas.element_handle(), before],
    )


def test_the_page_opens_with_the_present_picture(opened):
    expect(opened).to_have_title("sub-01 in patches")
    expect(sentence(opened)).to_have_text(
        "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"
    )
    expect(opened.get_by_role("application", name="all 27 patches")).to_be_visible()
    opened.get_by_text("every number, and its formula").click()
    expect(opened.get_by_text("ceil(648 / 8)")).to_have_count(1)


def test_sliding_and_another_patch_size(opened):
    before = pixels(plane(opened))
    slider(opened, "slice along k").press("ArrowRight")
    wait_for_other_pixels(opened, plane(opened), before)
    size = slider(opened, "patch size")
    seen = []
    for _ in range(3):  # a key goes to the next size that the page holds
        size.press("ArrowRight")
        seen.append(size.input_value())
    assert seen == ["65", "71", "72"]
    expect(sentence(opened)).to_have_text(
        "144 → 2 boxes of 72 per axis → 8 patches × 24 subjects = 192 → 24 steps"
    )
    size.fill("69")
    expect(size).to_have_value("71")


def test_the_queue_steps_plays_and_reshuffles(opened):
    queue = opened.get_by_role("region", name="queue of an epoch")
    counter = queue.get_by_role("status")
    expect(counter).to_have_text("648")
    queue.get_by_role("button", name="pop").click()
    expect(counter).to_have_text("647")
    queue.get_by_role("button", name="batch").click()
    expect(counter).to_have_text("640")
    choice(opened, "speed").select_option("240")
    before = pixels(queue.get_by_role("application"))
    queue.get_by_role("button", name="play").click()
    expect(queue.get_by_role("button", name="play")).to_be_visible(timeout=8000)
    expect(counter).to_have_text("0")
    expect(queue.get_by_role("button", name="play")).to_be_disabled()  # nothing is left
    wait_for_other_pixels(opened, queue.get_by_role("application"), before)
    following = queue.get_by_role("button", name="next epoch")
    for epoch in range(2, N_EPOCHS + 1):
        following.click()
        name = f"queue of epoch {epoch}: 648 of 648"
        expect(queue.get_by_role("application", name=name)).to_be_visible()
    expect(following).to_be_disabled()
    expect(following).to_have_attribute("title", re.compile("holds no more epochs"))


def test_a_finger_scrolls_over_what_is_not_dragged(opened):
    names = {
        "with patch boxes": "none",
        "the grid in three dimensions": "none",
        "all 27 patches": "pan-y",
        "queue of epoch 1": "pan-y",
        "batch 1 of 81": "pan-y",
    }
    for name, action in names.items():
        canvas = opened.get_by_role("application", name=name)
        expect(canvas).to_have_css("touch-action", action)


def test_a_drag_ends_where_the_browser_takes_the_pointer(opened):
    box = plane(opened).bounding_box()
    crosshair = [slider(opened, f"slice along {letter}") for letter in "ij"]

    def move_to(x: float, y: float) -> list[str]:
        opened.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        return [along.input_value() for along in crosshair]

    before = move_to(0.4, 0.4)
    opened.mouse.down()
    dragged = move_to(0.6, 0.5)
    assert dragged != before
    plane(opened).dispatch_event("pointercancel")
    assert move_to(0.8, 0.7) == dragged
    opened.mouse.up()
    assert move_to(0.5, 0.8) == dragged


def test_an_entry_of_another_subject_leaves_the_volume(opened):
    queue = opened.get_by_role("region", name="queue of an epoch")
    queue.get_by_role("application").click(position={"x": 30, "y": 8})
    expect(queue.get_by_text("its box drawn on sub-01")).to_be_visible()
    batch = opened.get_by_role("region", name="batch")
    words = "voxels of other subjects than sub-01 in the notebook only"
    expect(batch.get_by_text(words)).to_be_visible()
    expect(opened.get_by_text("this page holds")).to_have_count(0)


def test_policy_overlap_and_order_are_live_and_the_rest_says_why_not(opened):
    open_fold(opened)
    choice(opened, "policy").select_option("shifted")
    expect(sentence(opened)).to_contain_text("3 boxes of 64")
    overlap = opened.get_by_role("textbox", name="overlap")
    choice(opened, "policy").select_option("centered")
    overlap.fill("32")
    overlap.press("Enter")
    expect(sentence(opened)).to_contain_text("125")
    overlap.fill("20")
    overlap.press("Enter")
    expect(opened.get_by_text("this page holds overlap 0, 16, 32 here")).to_be_visible()
    choice(opened, "order").select_option("by_subject")
    expect(opened.get_by_text("24 with a cache of 1")).to_be_visible()
    for name in ("batch size", "seed"):
        field = opened.get_by_label(name, exact=True)
        expect(field).to_be_disabled()
        expect(field).to_have_attribute("title", re.compile(r"this page holds .* \d+ here"))
    expect(opened.get_by_role("checkbox", name="same on all axes")).to_be_disabled()
    for name, value in (("subject", "sub-02"), ("padding mode", "wrap")):
        option = choice(opened, name).get_by_role("option", name=f"{value} (in the notebook only)")
        expect(option).to_be_disabled()


def test_coverage_of_the_settings_that_a_page_opens_with(page, tmp_path):
    settings = Settings(patch_size=16, start_offset=8, skip_blank=True)
    explorer = Explorer(
        Cohort.phantom(6, SHAPE), settings=settings, show=["coverage", "planes", "patch_size"]
    )
    open_exported(page, explorer.export(tmp_path / "patches.html"))
    if not (epochs := slider(page, "epochs")).is_visible():
        page.locator("summary", has_text="coverage").click()
    readout = page.locator("[data-part=coverage] .pv-readout")
    for n_epochs in (1, 16):
        epochs.fill(str(n_epochs))
        coverage = compute_coverage(plan_sets(explorer.settings, explorer.cohort.facts), n_epochs)
        expect(readout).to_have_text(describe_coverage(coverage, n_epochs))
    slider(page, "patch size").press("ArrowRight")
    expect(readout).to_have_text(re.compile("the settings that it opens with; the notebook"))
    expect(epochs).to_be_disabled()
    page.get_by_role("button", name="undo").click()
    expect(epochs).to_be_enabled()
    expect(page.get_by_role("img", name="voxels by how often")).to_be_visible()


def test_the_policies_side_by_side(page, tmp_path):
    explorer = Explorer(
        Cohort.phantom(6, SHAPE), settings=Settings(patch_size=20), show=["policies"]
    )
    open_exported(page, explorer.export(tmp_path / "patches.html"))
    summary = page.locator("summary", has_text="policies side by side")
    if summary.locator("..").get_attribute("open") is None:
        summary.click()
    rows = {row.policy: row.n_patches for row in compare(explorer.scene)}
    for name, n_patches in rows.items():
        policy = page.get_by_role("row", name=name)
        expect(policy.get_by_role("cell", name=n_patches, exact=True).first).to_be_visible()
    page.get_by_role("radio", name="shifted").check()
    expect(page.get_by_role("group", name="call")).to_contain_text('policy="shifted"')


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_follows_the_theme(page, explorer, theme, tmp_path):
    page.emulate_media(color_scheme=theme)
    open_exported(page, explorer.export(tmp_path / "patches.html", choices=[]))
    expect(page.locator("body")).to_have_attribute(
        "data-jp-theme-light", "true" if theme == "light" else "false"
    )
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 27, 33)"}[theme]


def test_a_name_stays_text_on_the_page(page, tmp_path):
    page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    open_exported(page, evil_explorer().export(tmp_path / "patches.html"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{EVIL} in patches")
    expect(page.get_by_text(f"voxels of other subjects than {EVIL}")).to_be_visible()


def test_a_page_of_drawn_patches_holds_their_sizes_and_orders(page, tmp_path):
    cohort = Cohort.phantom(6, SHAPE)
    training = get_validation_split(cohort)[0]
    settings = Settings(patch_size=16, sampling=0.33, subject=training[0])
    explorer = Explorer(cohort, settings=settings)
    path = explorer.export(tmp_path / "patches.html")
    content, parts = unpack(path)
    chosen = [read_settings(scene) for scene in scenes_of(content)]
    assert len({settings.patch_size for settings in chosen}) > 3
    alike = {replace(settings, patch_size=16, order="shuffle") for settings in chosen}
    assert alike == {replace(explorer.settings, patch_size=16)}
    assert len(parts["coverage"]) < 2 * LARGE
    open_exported(page, path)
    expect(sentence(page)).to_have_text(say(explorer.scene))
    open_fold(page)
    patches = choice(page, "patches from")
    expect(patches).to_have_value("0.33")
    expect(patches.get_by_role("option", name="anywhere (in the notebook only)")).to_be_disabled()
    expect(page.get_by_label("share with foreground")).to_be_disabled()
    expect(page.get_by_role("button", name="next epoch")).to_be_disabled()
    page.get_by_text("the batch as a table").click()
    rows = page.get_by_role("grid", name=re.compile("^batch 1 of")).get_by_role("row")
    mine = rows.filter(has_text=explorer.scene.subject_id).first
    expect(mine).to_have_text(re.compile(r"\d+, \d+, \d+"))
    slider(page, "patch size").press("ArrowRight")
    scene = resolve(replace(explorer.settings, patch_size=17), explorer.cohort.facts)
    expect(sentence(page)).to_have_text(say(scene))
