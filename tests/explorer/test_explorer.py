"""The explorer's Python side: its bundle, its messages, its traits; no browser is needed."""

import gc
import json
import math
import re
import weakref
from dataclasses import asdict, replace
from itertools import product

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import patchviz.explorer
from patchviz import Cohort, DataError, Explorer, Settings, check_widgets, resolve
from patchviz.data.phantom import write_phantom_cohort
from patchviz.explorer.bundle import SCRIPTS, bundle, read_modules
from patchviz.explorer.voxels import CHUNK, grey_range, label_values, number_labels, to_greys
from patchviz.scene import compare
from patchviz.scene.coverage import compute_coverage
from patchviz.scene.sets import plan_sets
from patchviz.scene.wording import percent

SHAPE = (48, 40, 32)


@pytest.fixture
def explorer():
    return Explorer(Cohort.phantom(6, SHAPE), settings=Settings(patch_size=16))


def ask(explorer, **asked):
    """Ask as the front end does; return the one answer, a message and its buffers."""
    sent = []
    explorer.send = lambda content, buffers: sent.append((content, buffers))
    explorer._handle_custom_msg({**asked, "id": "here 7"}, [])
    [(content, buffers)] = sent
    assert content.pop("id") == "here 7"
    return content, buffers


def answer(explorer, **asked):
    content, buffers = ask(explorer, **asked)
    assert not buffers
    return content


def as_json(settings, **changes):
    """Write settings as the front end sends them: tuples are lists."""
    content = asdict(replace(settings, **changes))
    return {k: list(v) if isinstance(v, tuple) else v for k, v in content.items()}


# The bundle --------------------------------------------------------------------------------------


def test_modules_come_after_those_that_they_import():
    sources = read_modules(SCRIPTS / "pages/index.js")
    seen = set()
    for name, source in sources.items():
        assert len(source) >= len((SCRIPTS / name).read_text("utf-8")) - 3 * source.count("from ")
        imported = re.findall(r'from "(\w+/\w+\.js)"', source)
        assert len(imported) == len(re.findall(r"^import\b", source, re.MULTILINE))
        assert set(imported) <= seen
        seen.add(name)
    assert name == "pages/index.js"
    needed = {name for entry in SCRIPTS.glob("pages/*.js") for name in read_modules(entry)}
    assert {path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*.js")} == needed


def test_a_bundle_holds_each_module_once():
    sources = read_modules(SCRIPTS / "pages/index.js")
    assert Explorer._esm == bundle(SCRIPTS / "pages/index.js")
    assert len(Explorer._esm) < 1.1 * sum(map(len, sources.values())) + 2000
    assert json.dumps(sources["pages/index.js"], ensure_ascii=False) in Explorer._esm


def test_modules_that_import_each_other_in_a_circle_are_named(tmp_path):
    imports = {"a.js": ["b.js"], "b.js": ["c.js", "d.js"], "c.js": [], "d.js": ["b.js"]}
    (tmp_path / "in").mkdir()
    for name, others in imports.items():
        lines = [f'import {{ x }} from "./{other}";' for other in others]
        (tmp_path / "in" / name).write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"circle, got in/b\.js -> in/d\.js -> in/b\.js$"):
        read_modules(tmp_path / "in" / "a.js")


# Scenes ------------------------------------------------------------------------------------------


def test_a_scene_is_sent_when_asked_for(explorer):
    settings = replace(explorer.settings, patch_size=(24, 24, 24))
    asked = answer(explorer, kind="scene", settings=as_json(settings))
    assert asked == {"scene": resolve(settings, explorer.cohort.facts).to_json()}


def test_an_impossible_choice_is_refused_with_its_control_and_the_reason(explorer):
    refused = as_json(explorer.settings, overlap=99)
    content = answer(explorer, kind="scene", settings=refused)
    assert content.keys() == {"control", "failure"}
    assert content["control"] == "overlap"
    assert "must be smaller than patch_size" in content["failure"]
    assert "(99, 99, 99)" in content["failure"]
    assert "`" not in content["failure"]


@pytest.mark.parametrize(
    ("changes", "control"),
    [
        ({"patch_size": 0}, "patch_size"),
        ({"patch_size": (8, 8)}, "patch_size"),
        ({"patch_size": 2.5}, "patch_size"),
        ({"overlap": ()}, "overlap"),
        ({"overlap": "abc"}, "overlap"),
        ({"policy": "shifted", "patch_size": 64}, "patch_size"),
        ({"policy": "random"}, "policy"),
        ({"policy": "tight", "start": -4}, "start"),
        ({"padding_mode": "mirror"}, "padding_mode"),
        ({"batch_size": 0}, "batch_size"),
        ({"data_split": 2}, "data_split"),
        ({"subject": 6}, "subject"),
        ({"channel": 1}, "channel"),
    ],
)
def test_each_impossible_choice_names_its_control(explorer, changes, control):
    content = answer(explorer, kind="scene", settings=as_json(explorer.settings, **changes))
    assert content["control"] == control
    assert control in content["failure"]


def test_scenes_of_neighbours_leave_out_what_is_impossible(explorer):
    sizes = [8, 0, 24]
    asked = [as_json(explorer.settings, patch_size=(n, n, n)) for n in sizes]
    content = answer(explorer, kind="neighbours", settings=asked)
    assert [scene["settings"]["patch_size"] for scene in content["scenes"]] == [(8,) * 3, (24,) * 3]


def test_the_policies_side_by_side_are_sent_when_asked_for(explorer):
    content = answer(explorer, kind="comparison", settings=as_json(explorer.settings))
    assert content["rows"] == [asdict(row) for row in compare(explorer.scene)]
    json.dumps(content)


# Questions that fail ------------------------------------------------------------------------------


def test_a_file_that_went_away_is_named_and_found_again_once_it_is_back(tmp_path):
    write_phantom_cohort(tmp_path, 3, SHAPE)
    explorer = Explorer(tmp_path)
    label = tmp_path / "sub-03" / "seg.nii.gz"
    label.rename(tmp_path / "elsewhere")
    settings = as_json(explorer.settings, skip_blank="any")
    content = answer(explorer, kind="scene", settings=settings)
    assert content["failure"].startswith(f"sub-03: there is no file {label}")
    (tmp_path / "elsewhere").rename(label)
    expected = resolve(replace(explorer.settings, skip_blank="any"), explorer.cohort.facts)
    assert answer(explorer, kind="scene", settings=settings) == {"scene": expected.to_json()}


QUESTIONS = {
    "scene": {},
    "neighbours": {},
    "comparison": {},
    "queue": {},
    "coverage": {"n_epochs": 1},
    "patches": {"axis": 2, "entries": [[0, 1]]},
    "contents": {"entries": [[0, 1]]},
    "volume": {"subject": 0, "channel": 0, "position": [0, 0, 0]},
    "plane": {"subject": 0, "channel": 0, "axis": 2, "index": 0},
    "voxels": {"subject": 0, "channel": 0, "part": "image", "offset": 0},
}


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError("the disk is gone"), "the disk is gone"),
        (ZeroDivisionError("by nothing"), "ZeroDivisionError: by nothing"),
        (MemoryError(), "MemoryError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_every_question_is_answered_whatever_is_raised(explorer, monkeypatch, kind, error, text):
    def fail(*_):
        raise error

    monkeypatch.setattr(patchviz.explorer.answers, "read_settings", fail)
    monkeypatch.setattr(explorer._answers, "open_voxels", fail)
    settings = as_json(explorer.settings)
    if kind not in ("volume", "plane", "voxels"):
        settings = {"settings": [settings] if kind == "neighbours" else settings}
    else:
        settings = {}
    content = answer(explorer, kind=kind, **QUESTIONS[kind], **settings)
    failure = {"failure": text, "control": None}
    assert content == ({"scenes": []} if kind == "neighbours" else failure)


def test_a_question_that_nobody_knows_is_answered(explorer):
    assert "no_such" in answer(explorer, kind="no_such")["failure"]


# Volumes -----------------------------------------------------------------------------------------


def ask_planes(explorer, subject=0, channel=0, position=(0, 0, 0)):
    """Ask as for a first frame: return the header and a plane of each axis, a list of its parts."""
    asked = {"subject": subject, "channel": channel, "position": position}
    header, buffers = ask(explorer, kind="volume", **asked)
    assert header.pop("planes") == position
    parts = [np.frombuffer(part, np.uint8) for part in buffers]
    n_parts = 1 + header["has_label"]
    return header, [parts[n : n + n_parts] for n in range(0, 3 * n_parts, n_parts)]


def fetch(explorer, subject=0, channel=0):
    """Ask for a volume piece by piece, as the front end does."""
    image = explorer.cohort[subject].image[channel]
    parts = {}
    for part in ("image", "label")[: 1 + explorer.cohort[subject].has_label]:
        pieces, offset = [], 0
        while offset < image.size:
            asked = {"subject": subject, "channel": channel, "part": part, "offset": offset}
            _, [piece] = ask(explorer, kind="voxels", **asked)
            assert 0 < len(piece) <= CHUNK
            pieces.append(np.frombuffer(piece, np.uint8))
            offset += len(piece)
        parts[part] = np.concatenate(pieces).reshape(image.shape)
    return parts


def test_coverage_is_sent_by_blocks_with_a_sentence(explorer):
    chosen = replace(explorer.settings, start_offset=(6, 6, 6), skip_blank="any")
    settings = resolve(chosen, explorer.cohort.facts).settings
    content, [counts] = ask(explorer, kind="coverage", settings=as_json(settings), n_epochs=3)
    expected = compute_coverage(plan_sets(settings, explorer.cohort.facts), 3)
    assert content["edges"] == expected.edges
    assert content["shares"] == expected.shares
    assert np.frombuffer(counts, "<u2").tolist() == expected.counts.ravel().tolist()
    assert content["text"].startswith(f"In 3 epochs {percent(dict(expected.shares)[0])} of the")


def test_the_queue_of_the_epoch_shown_is_sent(explorer):
    settings = replace(explorer.settings, epoch=2, skip_blank="any", start_offset=(4, 4, 4))
    content, [order] = ask(explorer, kind="queue", settings=as_json(settings))
    queue = plan_sets(settings, explorer.cohort.facts).queue
    assert content["epoch"] == 2
    assert np.frombuffer(order, "<i4").tolist() == queue.order.tolist()


def test_a_queue_that_is_too_long_to_draw_says_so_before_it_is_made():
    scan = np.broadcast_to(np.uint8(0), (512, 512, 300))
    explorer = Explorer(Cohort.from_arrays([scan] * 30), settings=Settings(overlap=60))
    content = answer(explorer, kind="queue", settings=as_json(explorer.settings))
    assert content["failure"] == (
        f"an epoch has {explorer.scene.n_queue:,} patches, and a queue of at most 1,048,576 can be "
        "drawn: larger patches, less overlap or fewer training subjects make fewer"
    )


def boxes_of_queue(content):
    """Look the corner and the image part of every patch up, subject after subject."""
    for size, n in zip(content["sizes"], content["grid_of"], strict=True):
        axes = content["grids"][n]
        places = list(product(*(range(len(axis["starts"])) for axis in axes)))
        assert len(places) == size
        for place in places:
            pairs = list(zip(axes, place, strict=True))
            yield tuple(tuple(axis[what][m] for axis, m in pairs) for what in ("starts", "inside"))


@pytest.mark.parametrize("chosen", [{}, {"start_offset": 6}, {"overlap": 5, "policy": "tight"}])
def test_the_queue_tells_where_the_patches_of_each_subject_lie(chosen):
    shapes = [(48, 40, 32), (48, 48, 16), (20, 20, 20), (48, 40, 32)]
    cohort = Cohort.from_arrays([np.zeros(shape, np.uint8) for shape in shapes])
    explorer = Explorer(cohort, settings=Settings(patch_size=16, data_split=0.9, **chosen))
    content, _ = ask(explorer, kind="queue", settings=as_json(explorer.settings))
    queue = plan_sets(explorer.settings, cohort.facts).queue
    expected = []
    for n, grid in zip(queue.subjects, queue.grids, strict=True):
        for corner in grid:
            ends = np.minimum(np.array(corner) + 16, shapes[n])
            expected.append((corner, tuple((ends - np.maximum(corner, 0)).tolist())))
    assert list(boxes_of_queue(content)) == expected
    assert len(content["grids"]) == len(set(queue.grids)) > 1


def test_where_patches_are_drawn_the_queue_tells_no_grids(explorer):
    settings = as_json(explorer.settings, sampling="uniform")
    content, _ = ask(explorer, kind="queue", settings=settings)
    assert (content["grids"], content["grid_of"]) == ([], [])


def test_a_volume_arrives_whole_with_its_label(explorer):
    subject = explorer.cohort[2]
    header, _ = ask_planes(explorer, subject=2)
    low, high = grey_range(subject.image[0])
    assert header == {
        "shape": SHAPE,
        "low": low,
        "high": high,
        "has_label": True,
        "note": "",
    }
    parts = fetch(explorer, subject=2)
    np.testing.assert_array_equal(parts["image"], to_greys(subject.image[0], low, high))
    np.testing.assert_array_equal(parts["label"], subject.label)
    assert subject.label.any()


def test_a_large_volume_of_several_channels_arrives_whole():
    image = np.random.default_rng(0).integers(0, 1000, (2, 176, 176, 144), dtype=np.int16)
    explorer = Explorer(image)
    header, _ = ask_planes(explorer, channel=1)
    assert not header["has_label"]
    expected = to_greys(image[1], header["low"], header["high"])
    np.testing.assert_array_equal(fetch(explorer, channel=1)["image"], expected)
    np.testing.assert_array_equal(explorer._answers.open_voxels(0, 1).whole("image"), expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_a_plane_is_the_volume_s(axis, dtype):
    rng = np.random.default_rng(axis)
    image = rng.integers(0, 200, SHAPE).astype(dtype)
    label = rng.choice([0, 3, 7, 90_000], SHAPE, p=[0.9, 0.05, 0.03, 0.02])
    label[:, :, 0] = 0  # a plane that lacks values numbers the others as elsewhere
    explorer = Explorer(Cohort.from_arrays([image], [label]))
    parts = fetch(explorer)
    for index in (0, 5, SHAPE[axis] - 1):
        asked = {"subject": 0, "channel": 0, "axis": axis, "index": index}
        _, buffers = ask(explorer, kind="plane", **asked)
        assert len(buffers) == 2
        for voxels, buffer in zip(parts.values(), buffers, strict=True):
            assert bytes(buffer) == voxels.take(index, axis).tobytes()
    assert parts["label"].max() == 3
    _, planes = ask_planes(explorer, position=(1, 2, 3))
    assert bytes(planes[axis][0]) == parts["image"].take(axis + 1, axis).tobytes()


def test_greys_are_the_same_wherever_a_picture_comes_from(explorer):
    settings = explorer.settings
    parts = fetch(explorer, subject=1)
    asked = {"settings": as_json(settings), "axis": 2, "entries": [[1, 4]]}
    content, [picture] = ask(explorer, kind="patches", **asked)
    box = plan_sets(settings, explorer.cohort.facts).patches[1][4]
    middle = (max(0, box[2]) + min(box[2] + 16, SHAPE[2])) // 2
    inside = [slice(max(0, at), min(at + 16, size)) for at, size in zip(box, SHAPE, strict=True)]
    got = np.frombuffer(picture, np.uint8).reshape(content["shape"])
    cut = [slice(i.start - at, i.stop - at) for i, at in zip(inside, box, strict=True)]
    expected = parts["image"][:, :, middle][tuple(inside[:2])]
    np.testing.assert_array_equal(got[tuple(cut[:2])], expected)


def test_a_volume_beyond_the_limit_comes_by_planes_and_says_so(explorer, monkeypatch):
    n_bytes = 2 * math.prod(SHAPE)  # with its label
    monkeypatch.setattr(patchviz.explorer.voxels, "MOST_WHOLE", n_bytes)
    assert ask_planes(explorer)[0]["note"] == ""
    monkeypatch.setattr(patchviz.explorer.voxels, "MOST_WHOLE", n_bytes - 1)
    header, planes = ask_planes(explorer)
    assert header["note"] == (
        "planes are fetched from the kernel one by one: "
        "48 × 40 × 32 voxels are more than the 0.117 MiB that are sent whole"
    )
    assert [len(part) for part, _ in planes] == [40 * 32, 48 * 32, 48 * 40]


def test_a_damaged_file_is_reported_by_subject_and_name(tmp_path):
    write_phantom_cohort(tmp_path, 2, SHAPE)
    damaged = tmp_path / "sub-02" / "t1.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:9000])
    explorer = Explorer(tmp_path)
    assert len(ask_planes(explorer)[1]) == 3
    content = answer(explorer, kind="volume", subject=1, channel=0, position=(0, 0, 0))
    assert content["failure"].startswith("sub-02: t1.nii.gz is damaged or cut short")
    explorer.settings = replace(explorer.settings, subject=1)
    data, _ = explorer._repr_mimebundle_()  # the explorer shows all the same, without voxels
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= data.keys()


# Greys and labels --------------------------------------------------------------------------------

WHOLE = st.sampled_from([np.uint8, np.int16, np.uint16, np.int64])
NUMBERS = st.one_of(
    WHOLE.flatmap(lambda dtype: arrays.arrays(dtype, (3, 4, 2))),
    arrays.arrays(np.float32, (3, 4, 2), elements=st.floats(-(2.0**99), 2.0**99, width=32)),
    arrays.arrays(np.float64, (3, 4, 2), elements=st.floats(-1e30, 1e30)),
)


def quantize(volume):
    low, high = grey_range(volume)
    return to_greys(volume, low, high), low, high


@given(NUMBERS)
def test_greys_keep_the_order_and_the_values_of_voxels(volume):
    grey, low, high = quantize(volume)
    values = volume.astype(float)
    assert grey.dtype == np.uint8
    assert grey.shape == volume.shape
    assert grey.flags.c_contiguous
    assert low < high
    order = np.argsort(values, axis=None)
    assert (np.diff(grey.ravel()[order].astype(int)) >= 0).all()
    shown = low + grey * ((high - low) / 255)
    step = (high - low) / 255 * 1.01 + 1e-5 * np.abs(values).max()  # of a grey, and of a float32
    assert (np.abs(shown - values.clip(low, high)) <= step).all()


@pytest.mark.parametrize("value", [0, -3, 0.1, 32767, 1e12, -1e30])
def test_a_constant_volume_is_black(value):
    grey, low, high = quantize(np.full((3, 4, 5), value))
    assert low == pytest.approx(value)
    assert low < high
    assert not grey.any()


def test_the_darkest_and_the_brightest_thousandth_are_cut_off():
    volume = np.arange(100_000.0)
    volume[-1] = 1e9  # a metal artefact leaves the rest its contrast
    grey, low, high = quantize(volume.reshape(100, 100, 10))
    assert (low, high) == pytest.approx((100, 99_899), abs=1)
    assert np.bincount(grey.ravel()).min() > 100


@given(arrays.arrays(np.int16, (3, 4, 2), elements=st.integers(0, 9)))
def test_label_values_are_numbered_in_their_order(label):
    values = sorted(set(label.ravel().tolist()) - {0})
    expected = [values.index(v) + 1 if v else 0 for v in label.ravel().tolist()]
    numbers = number_labels(label, label_values(label))
    assert numbers.dtype == np.uint8
    assert numbers.ravel().tolist() == expected


def test_more_label_values_than_a_byte_holds_share_the_last_number():
    label = np.arange(0, 3000, 10).reshape(3, 10, 10)
    numbers = number_labels(label, label_values(label))
    assert numbers.ravel().tolist() == [min(n, 255) for n in range(300)]


# Settings and selection --------------------------------------------------------------------------


def test_settings_survive_the_way_to_the_browser_and_back(explorer):
    explorer.settings = Settings(patch_size=(16, 12, 8), overlap=4, start=-3, batch_size=3)
    state = explorer.get_state("settings")["settings"]
    assert state == asdict(explorer.settings)
    explorer.settings = Settings()
    explorer.set_state({"settings": as_json(Settings(**state))})
    assert explorer.settings == Settings(**state)
    assert explorer.scene == resolve(Settings(**state), explorer.cohort.facts)


def test_settings_hold_a_value_for_each_axis_once_they_are_resolved(explorer):
    explorer.settings = Settings(patch_size=16, overlap=4)
    assert explorer.settings.patch_size == (16, 16, 16)
    assert explorer.settings.overlap == (4, 4, 4)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (Settings(patch_size=8, overlap=8), "`overlap` must be smaller than `patch_size`"),
        (Settings(patch_size=64, policy="shifted"), "`patch_size` must be at most the image's"),
        (Settings(subject=6), "`subject` must be from 0 to 5, got 6"),
    ],
)
def test_impossible_settings_are_refused_and_leave_the_state(explorer, settings, reason):
    before = explorer.settings
    with pytest.raises(ValueError, match=reason):
        explorer.settings = settings
    assert explorer.settings == before
    with pytest.raises(ValueError, match=reason):
        Explorer(explorer.cohort, settings=settings)


def test_a_patch_is_selected_by_its_number(explorer):
    assert explorer.scene.n_patches == 3 * 3 * 2
    assert explorer.selected == 9  # the one in the middle
    explorer.selected = 17
    with pytest.raises(ValueError, match="`selected` must be from 0 to 17, got 18"):
        explorer.selected = 18
    assert explorer.selected == 17
    explorer.set_state({"settings": as_json(Settings(patch_size=48)), "selected": 0})
    assert explorer.selected == 0


def test_no_voxel_is_in_the_state_that_notebooks_may_save(explorer):
    state = {k: v for k, v in explorer.get_state().items() if k not in ("_esm", "_css")}
    assert len(repr(state)) < 4000
    assert not [k for k, v in state.items() if isinstance(v, bytes | memoryview | np.ndarray)]


# What can be looked at ---------------------------------------------------------------------------


def test_without_data_thirty_heads_are_explored():
    explorer = Explorer()
    assert "".join(word.text for word in explorer.scene.sentence) == (
        "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"
    )


def test_an_array_a_file_and_a_folder_can_be_explored(tmp_path):
    folders = write_phantom_cohort(tmp_path, 3, SHAPE)
    image = nibabel.load(folders[0] / "t1.nii.gz").get_fdata(dtype=np.float32)
    cohorts = [
        Explorer(source).cohort
        for source in (image, image[None], folders[0] / "t1.nii.gz", str(tmp_path))
    ]
    for cohort in cohorts:
        np.testing.assert_allclose(cohort[0].image[0], image)
    assert [len(cohort) for cohort in cohorts] == [1, 1, 1, 3]
    assert [cohort[0].has_label for cohort in cohorts] == [False, False, False, True]


def test_an_image_of_nibabel_s_is_explored_with_its_spacing_and_its_axes(tmp_path):
    voxels = np.random.default_rng(0).integers(0, 900, (12, 14, 10)).astype(np.int16)
    image = nibabel.Nifti1Image(voxels, np.diag([-2.0, 1.0, 3.0, 1.0]))
    image.header.set_slope_inter(0.5, 1)
    nibabel.save(image, tmp_path / "t1.nii.gz")
    for source in (nibabel.load(tmp_path / "t1.nii.gz"), nibabel.Nifti1Image(voxels, image.affine)):
        explorer = Explorer(source)
        np.testing.assert_allclose(explorer.cohort[0].image[0], source.get_fdata())
        axes = explorer.scene.axes
        assert [axis.spacing for axis in axes] == [2, 1, 3]
        assert [axis.ends[1] for axis in axes] == ["L", "A", "S"]
    series = nibabel.Nifti1Image(np.zeros((12, 14, 10, 3)), np.eye(4))
    with pytest.raises(DataError, match=r"4 dimensions .*take one, as by image\.slicer"):
        Explorer(series)
    assert Explorer(series.slicer[..., 0]).scene.axes[0].size == 12


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        (np.zeros((10, 10)), ValueError, r"must hold 3-D volumes, got shape \(10, 10\)"),
        (np.zeros(10), DataError, r"has shape \(10,\): it must have 2 or 3 dimensions"),
        ("nowhere.nii.gz", FileNotFoundError, "nowhere.nii.gz"),
        (7, TypeError, "must be an array, got int"),
    ],
)
def test_what_can_not_be_explored_is_refused_with_the_reason(source, error, reason):
    with pytest.raises(error, match=reason):
        Explorer(source)


def test_the_check_of_widgets_holds_the_remedy_for_where_they_do_not_run():
    data, _ = check_widgets()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "Widgets are not running here" in data["text/markdown"]
    assert "`patchviz`" in data["text/markdown"]


# What is kept -------------------------------------------------------------------------------------


def count_alive(references):
    gc.collect()
    return sum(reference() is not None for reference in references)


@pytest.fixture
def cohort():
    return Cohort.phantom(2, (16, 16, 16))


def test_an_explorer_that_is_closed_is_freed(cohort):
    alive = []
    for _ in range(3):
        explorer = Explorer(cohort)
        explorer._repr_mimebundle_()
        ask(explorer, kind="scene", settings=as_json(explorer.settings))
        alive.append(weakref.ref(explorer))
        explorer.close()
    del explorer
    assert count_alive(alive) == 0


def test_an_explorer_whose_name_goes_to_another_is_freed(cohort):
    alive = []
    for _ in range(3):
        explorer = Explorer(cohort)
        alive.append(weakref.ref(explorer))
    assert count_alive(alive) == 1
    assert explorer.settings.patch_size == (16, 16, 16)


def test_an_explorer_on_a_page_is_kept_until_it_is_gone_from_there(cohort):
    explorer = Explorer(cohort)
    explorer._repr_mimebundle_()
    hear = explorer._handle_custom_msg
    alive = [weakref.ref(explorer)]
    del explorer
    assert count_alive(alive) == 1
    hear({"kind": "gone"}, [])
    hear({"kind": "scene", "id": "1", "settings": {}}, [])  # another cell shows it
    del hear
    assert count_alive(alive) == 1
    alive[0]()._handle_custom_msg({"kind": "gone"}, [])
    assert count_alive(alive) == 0
