"""A Scene says what brute force finds: for the reference case by number, for others by property."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from patchviz.data.cohort import Cohort
from patchviz.data.facts import CohortFacts
from patchviz.epochs.orders import ORDERS
from patchviz.epochs.queue import create_patch_index_list, draw_starts
from patchviz.epochs.splits import get_validation_split
from patchviz.epochs.steps import get_number_of_patches
from patchviz.grid.cut import cut_patch
from patchviz.grid.patch_grid import PADDING_MODES, PatchGrid
from patchviz.grid.policies import POLICIES
from patchviz.scene import Scene, Settings, compare, resolve
from patchviz.scene.ledger import write_ledger
from patchviz.scene.sets import plan_sets
from patchviz.training.generators import data_generator
from tests.oracle import blank, blank_rules


def facts_of(*shapes: tuple[int, ...], n_channels: int = 1) -> CohortFacts:
    n = len(shapes)
    return CohortFacts(
        ids=tuple(f"s{i:02}" for i in range(n)),
        shapes=shapes,
        spacings=tuple((1.0,) * len(shape) for shape in shapes),
        orientations=tuple(("R", "A", "S")[: len(shape)] for shape in shapes),
        n_channels=(n_channels,) * n,
        has_label=(True,) * n,
    )


REFERENCE = facts_of(*[(144, 144, 144)] * 30)


def sentence(scene: Scene) -> str:
    return "".join(word.text for word in scene.sentence)


def values(scene: Scene) -> dict[str, str]:
    return {row.key: row.value for row in scene.ledger}


def formulas(scene: Scene) -> dict[str, str]:
    return {row.key: row.formula for row in scene.ledger}


AXES = st.tuples(*[st.integers(1, 40)] * 3)


@given(
    st.builds(
        Settings,
        patch_size=st.none() | st.integers(1, 40) | AXES,
        overlap=st.integers(0, 12) | st.tuples(*[st.integers(0, 12)] * 3),
        start=st.none() | st.integers(-12, 0) | st.tuples(*[st.integers(-12, 0)] * 3),
        policy=st.sampled_from(sorted(POLICIES)),
        padding_mode=st.sampled_from(PADDING_MODES),
        batch_size=st.integers(1, 20),
        data_split=st.floats(0.1, 0.9),
        folds=st.sampled_from([0, 2, 3]),
        order=st.sampled_from(ORDERS),
        seed=st.integers(0, 2**32),
        subject=st.integers(0, 5),
    )
)
def test_the_code_that_settings_print_gives_the_same_scene(settings: Settings) -> None:
    facts = facts_of(*[(24, 18, 24)] * 6)
    try:
        scene = resolve(settings, facts)
    except ValueError:
        assume(False)
    for written in (settings, scene.settings):
        assert resolve(eval(repr(written), {"Settings": Settings}), facts) == scene


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (Settings(), "Settings()"),
        (Settings(patch_size=(72, 72, 72), overlap=16), "Settings(patch_size=72, overlap=16)"),
        (
            Settings(patch_size=(9, 9, 4), policy="tight"),
            "Settings(patch_size=(9, 9, 4), policy='tight')",
        ),
        (resolve(Settings(overlap=(0, 0, 0)), REFERENCE).settings, "Settings(patch_size=64)"),
    ],
)
def test_settings_print_what_differs_from_the_defaults(settings: Settings, code: str) -> None:
    assert repr(settings) == code


def test_the_reference_case_in_one_sentence() -> None:
    assert sentence(resolve(Settings(), REFERENCE)) == (
        "144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps"
    )


def test_numbers_carry_their_formula_with_the_values_put_in() -> None:
    found = formulas(resolve(Settings(), REFERENCE))
    assert found["counts"] == "ceil(144 / 64) = 3"
    assert found["overflow"] == "64·3 - 144 = 48"
    assert found["start"] == "-ceil(48 / 2) = -24"
    assert found["n_queue"] == "24·27 = 648"
    assert found["n_steps"] == "ceil(648 / 8) = 81"
    assert found["validation_last_batch"] == "162 - 20·8 = 2"
    assert formulas(resolve(Settings(overlap=32), REFERENCE))["overflow"] == (
        "32·5 - 144 + 32 = 48"
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), {"n_sticking_out": "26", "padding": "57.8 %", "starts": "-24, 40, 104"}),
        (Settings(patch_size=48), {"n_patches": "27", "padding": "0 %"}),
        (Settings(patch_size=71), {"n_patches": "27", "padding": "69.1 %"}),
        (Settings(patch_size=72), {"n_patches": "8", "padding": "0 %", "n_queue": "192"}),
        (Settings(overlap=16), {"n_patches": "27", "padding": "23 %"}),
        (Settings(overlap=32), {"n_patches": "125", "n_queue": "3,000", "n_steps": "375"}),
        (Settings(overlap=32, policy="tight"), {"n_patches": "64"}),
        (Settings(policy="shifted"), {"seen_again": "70.4 %", "padding": "0 %"}),
        (Settings(policy="dropped"), {"unseen": "29.8 %", "overflow": "-16"}),
        (Settings(start=0), {"padding": "57.8 %", "start": "0"}),
        (Settings(batch_size=32), {"n_steps": "21", "training_last_batch": "8"}),
        (Settings(), {"n_validation_steps": "21", "validation_last_batch": "2"}),
        (Settings(), {"patch_bytes": "1 MiB", "epoch_bytes": "648 MiB"}),
    ],
)
def test_the_questions_of_the_course(settings: Settings, expected: dict[str, str]) -> None:
    found = values(resolve(settings, REFERENCE))
    assert {key: found[key] for key in expected} == expected


def test_classes_of_the_reference_case() -> None:
    classes = resolve(Settings(), REFERENCE).classes
    assert [(c.label, c.count) for c in classes] == [
        ("100 %", 1),
        ("62.5 %", 6),
        ("39.1 %", 12),
        ("24.4 %", 8),
    ]


sizes = st.integers(1, 40)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Settings, CohortFacts]:
    shape = draw(st.tuples(sizes, sizes, sizes))
    patch = draw(st.tuples(*[st.integers(1, 24)] * 3))
    policy = draw(st.sampled_from(sorted(POLICIES)))
    if policy in ("shifted", "respaced", "dropped"):
        patch = tuple(map(min, patch, shape))
    overlap = tuple(draw(st.integers(0, p - 1)) for p in patch)
    settings = Settings(
        patch_size=patch,
        overlap=overlap,
        policy=policy,
        padding_mode=draw(st.sampled_from(PADDING_MODES)),
        batch_size=draw(st.integers(1, 9)),
    )
    return settings, facts_of(*[shape] * draw(st.integers(1, 6)))


@given(cases())
def test_a_scene_agrees_with_brute_force(case: tuple[Settings, CohortFacts]) -> None:
    settings, facts = case
    scene = resolve(settings, facts)
    shape = facts.shapes[0]
    grid = PatchGrid(shape, settings.patch_size, overlap=settings.overlap, policy=settings.policy)
    seen = np.zeros(shape, int)
    real = []
    for corner in grid.corners:
        box = tuple(
            slice(max(c, 0), max(c + p, 0)) for c, p in zip(corner, grid.patch_size, strict=True)
        )
        seen[box] += 1
        real.append(seen[box].size / np.prod(grid.patch_size))
    found = values(scene)
    assert scene.n_patches == len(real)
    assert sum(c.count for c in scene.classes) == len(real)
    for c in scene.classes:
        inside = [r for r in real if c.low - 0.0006 <= r <= c.high + 0.0006]
        assert len(inside) >= c.count
    for key, share in (
        ("padding", 1 - np.mean(real)),
        ("unseen", np.mean(seen == 0)),
        ("seen_again", np.mean(seen > 1)),
    ):
        assert float(found[key].rstrip(" %")) == pytest.approx(100 * share, abs=0.051)
    for n, axis in enumerate(scene.axes):
        others = tuple(a for a in range(3) if a != n)
        hidden = np.zeros(shape[n], bool)
        for start, stop in axis.unseen:
            hidden[start:stop] = True
        anywhere = np.zeros(shape[n], bool)
        for start in axis.starts:
            anywhere[max(start, 0) : max(start + axis.patch, 0)] = True
        assert (hidden == ~anywhere).all()
        assert not seen.any(axis=others)[hidden].any()


@given(cases())
def test_steps_and_queue_follow_from_the_split(case: tuple[Settings, CohortFacts]) -> None:
    settings, facts = case
    scene = resolve(settings, facts)
    n = len(facts.ids)
    training = [0] if n == 1 else get_validation_split(n, 0.8)[0]
    assert scene.n_training == len(training)
    assert scene.n_training + scene.n_validation == n
    assert scene.n_queue == len(training) * scene.n_patches
    assert scene.n_steps == -(-scene.n_queue // settings.batch_size)


@given(cases())
def test_the_index_map_pads_like_numpy(case: tuple[Settings, CohortFacts]) -> None:
    scene = resolve(*case)
    for axis in scene.axes:
        image = np.arange(axis.size) + 1
        before, after = -axis.span[0], axis.span[1] - axis.size
        padded = np.pad(image, (before, after), mode=scene.settings.padding_mode)
        shown = [0 if index < 0 else image[index] for index in axis.image_index]
        assert shown == padded.tolist()


@given(cases())
def test_formulas_compute_what_they_say(case: tuple[Settings, CohortFacts]) -> None:
    """Every formula of the grid that is plain arithmetic is evaluated as Python."""
    scene = resolve(*case)
    for key in ("counts", "overflow", "n_patches"):
        for formula in formulas(scene)[key].split("; "):
            plain = re.sub(r"^[ijk]: ", "", formula).replace("·", "*")
            plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
            left, right = plain.split(" = ")
            count = eval(left, {"ceil": lambda x: int(np.ceil(x)), "floor": lambda x: int(x // 1)})
            assert count == int(right)


@given(cases())
def test_a_scene_is_json(case: tuple[Settings, CohortFacts]) -> None:
    scene = resolve(*case)
    content = json.loads(json.dumps(scene.to_json()))
    assert content["n_patches"] == scene.n_patches
    assert content["settings"]["patch_size"] == list(scene.settings.patch_size)


@given(cases())
def test_a_resolved_scene_resolves_to_itself(case: tuple[Settings, CohortFacts]) -> None:
    settings, facts = case
    scene = resolve(settings, facts)
    assert resolve(scene.settings, facts) == scene


def test_the_track_is_the_sawtooth() -> None:
    track = resolve(Settings(), REFERENCE).size_sweep
    share = dict(zip(track.sizes, track.padding, strict=True))
    found = {size: round(100 * share[size], 1) for size in (48, 64, 71, 72, 80, 96, 128)}
    assert found == {48: 0, 64: 57.8, 71: 69.1, 72: 0, 80: 27.1, 96: 57.8, 128: 82.2}
    assert set(track.ticks) == set(range(16, 145, 16))


def test_subjects_of_several_shapes() -> None:
    scene = resolve(Settings(patch_size=8), facts_of((16, 16, 16), (24, 16, 16), (8, 8, 8)))
    training = get_validation_split(["s00", "s01", "s02"])[0]
    assert scene.n_queue == sum([8, 12, 1][n] for n in training)
    assert "subjects of several shapes" in sentence(scene)


@pytest.mark.parametrize(
    ("settings", "control", "text"),
    [
        (Settings(patch_size=71), "patch_size", "71 can't be halved 4 times"),
        (Settings(patch_size=160), "patch_size", "larger than the image along i: 160 voxels"),
        (Settings(overlap=32), "overlap", "125 patches where 64 would cover"),
        (Settings(policy="dropped"), "policy", "29.8 % of the voxels are in no patch"),
        (Settings(patch_size=128, start=-130), "start", "of the voxels are in no patch"),
    ],
)
def test_notes(settings: Settings, control: str, text: str) -> None:
    notes = resolve(settings, REFERENCE).hints
    assert any(note.control == control and text in note.text for note in notes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(subject=30), "`subject` must be from 0 to 29, got 30"),
        (Settings(channel=1), "`channel` must be from 0 to 0, got 1"),
        (Settings(patch_size=(64, 64)), "`patch_size` must have one value for each of 3 axes"),
        (Settings(overlap=64), "`overlap` must be smaller than `patch_size`"),
        (Settings(policy="shifted", patch_size=160), "`patch_size` must be at most the image's"),
        (Settings(batch_size=0), "`batch_size` must be at least 1"),
        (Settings(data_split=1), "`data_split` must lie between 0 and 1"),
    ],
)
def test_impossible_settings_are_named(settings: Settings, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve(settings, REFERENCE)


@given(cases(), st.integers(0, 3), st.sampled_from(ORDERS))
def test_the_queue_is_the_generator_s(
    case: tuple[Settings, CohortFacts], epoch: int, order: str
) -> None:
    settings, facts = case
    queue = plan_sets(replace(settings, order=order, epoch=epoch), facts).queue
    training = [0] if len(facts.ids) == 1 else get_validation_split(list(facts.ids))[0]
    own = create_patch_index_list(
        training,
        facts.shapes[0],
        settings.patch_size,
        settings.overlap,
        order=order,
        epoch=epoch,
        policy=settings.policy,
    )
    assert list(queue) == list(own)


@given(cases())
def test_policies_side_by_side_say_what_each_one_says_alone(case) -> None:
    settings, facts = case
    scene = resolve(settings, facts)
    rows = compare(scene)
    assert [row.policy for row in rows] == list(POLICIES)
    for row in rows:
        if row.reason:
            assert not row.calls
            with pytest.raises(ValueError, match=r"^`patch_size` must be at most") as refusal:
                resolve(replace(settings, policy=row.policy), facts)
            assert row.reason == str(refusal.value).replace("`", "")
            continue
        alone = resolve(replace(settings, policy=row.policy), facts)
        found = values(alone)
        names = ("counts", "starts", "n_patches", "padding", "unseen")
        numbers = (row.counts, row.starts, row.n_patches, row.padding, row.lost)
        assert numbers == tuple(found[name] for name in names)
        assert found["redundancy"].startswith(row.redundancy)
        assert row.axes == tuple(axis.starts for axis in alone.axes)
    assert "comparison" not in scene.to_json()


def test_a_start_goes_with_the_centered_one_of_the_policies_side_by_side() -> None:
    rows = {row.policy: row for row in compare(resolve(Settings(start=-8), REFERENCE))}
    assert (rows["centered"].starts, rows["tight"].starts) == ("-8, 56, 120", "-24, 40, 104")
    assert "start=-8" in (rows["centered"].calls[0].code or "")


# ---- blanks, random starts, and the reasons

HEADS = Cohort.phantom(10, (40, 40, 40)).facts


def reasons(scene: Scene) -> dict[str, str]:
    return {row.key: row.reason for row in scene.ledger if row.reason}


@given(blank_rules, st.integers(4, 40), st.integers(0, 12), st.integers(0, 4), st.integers(0, 9))
@settings_of_hypothesis(max_examples=40)
def test_blanks_and_steps_are_those_of_the_generators(rule, patch, offset, epoch, subject) -> None:
    chosen = Settings(
        patch_size=patch, skip_blank=rule, start_offset=offset, epoch=epoch, subject=subject
    )
    scene = resolve(chosen, HEADS)
    cohort = Cohort.phantom(10, (40, 40, 40))
    training, validation = get_validation_split(cohort)
    counted = {"skip_blank": rule, "start_offset": offset}
    assert scene.n_queue == get_number_of_patches(cohort, training, patch, **counted)
    assert scene.n_validation_patches == get_number_of_patches(
        cohort, validation, patch, skip_blank=rule
    )
    assert scene.n_queue + scene.n_blank == len(training) * scene.n_patches
    starts = [None] * 10
    if offset and subject in training:
        drawn = draw_starts(len(training), 3, offset, seed=0, epoch=epoch)
        starts[subject] = tuple(drawn[training.index(subject)].tolist())
    grid = PatchGrid((40, 40, 40), patch, start=starts[subject])
    assert tuple(axis.starts for axis in scene.axes) == grid.starts
    label = cohort[subject].label
    found = [n for n, corner in enumerate(grid) if blank(label, corner, grid.patch_size, rule)]
    assert list(scene.blank) == found


def test_the_queue_of_an_epoch_with_blanks_is_the_generators() -> None:
    cohort = Cohort.phantom(10, (40, 40, 40))
    chosen = Settings(patch_size=16, skip_blank=True, start_offset=8)
    training, _ = get_validation_split(cohort)
    generator = data_generator(
        cohort, training, patch_size=16, batch_size=8, skip_blank=True, start_offset=8
    )
    for epoch in range(3):
        queue = plan_sets(replace(chosen, epoch=epoch), HEADS).queue
        while queue:
            x, _ = next(generator)
            for patch in x:
                subject, corner = queue.pop()
                assert (patch == cut_patch(cohort[subject].image, corner, (16,) * 3)).all()


@pytest.mark.parametrize(
    ("shape", "chosen", "key", "reason"),
    [
        (144, {"overlap": 32}, "n_patches", "125 patches where 64 would cover: the formula counts"),
        (128, {"start": -16}, "unseen", "16 voxels per axis are never seen in one epoch because "
         "the start -16 exceeds the overflow 0"),
        (144, {"start": 8}, "unseen", "8 voxels per axis are never seen because the grid starts"),
        (144, {"policy": "dropped"}, "unseen", "16 voxels per axis are never seen because policy "
         "dropped drops what is left"),
        (65, {"policy": "dropped"}, "unseen", "1 voxel per axis is never seen because policy"),
        (144, {"patch_size": 160}, "padding", "the patch is larger than the image: 160 for 144"),
        (144, {}, "validation_last_batch", "the last batch is partial: 2 of 8"),
    ],
)  # fmt: skip
def test_a_surprising_number_comes_with_its_reason(shape, chosen, key, reason) -> None:
    found = reasons(resolve(Settings(**chosen), facts_of(*[(shape,) * 3] * 30)))
    assert found[key].startswith(reason)


def test_the_reference_case_holds_one_surprise_only() -> None:
    assert list(reasons(resolve(Settings(), REFERENCE))) == ["validation_last_batch"]


def test_the_sentence_takes_the_blanks_away() -> None:
    said = sentence(resolve(Settings(patch_size=16, skip_blank=True), HEADS))
    head, _, rest = said.partition(" patches × 8 subjects - ")
    assert head.endswith("→ 27")
    blank, queue = (int(number) for number in re.findall(r"(\d+) blank = (\d+)", rest)[0])
    assert blank + queue == 8 * 27


def test_no_steps_have_a_reason() -> None:
    scene = resolve(Settings(patch_size=8, skip_blank=0.999), HEADS)
    assert scene.n_steps == 0
    assert reasons(scene)["n_steps"] == "0 steps because all 1,000 patches are blank"


def test_an_epoch_that_is_trimmed_or_topped_up_says_by_how_much() -> None:
    chosen = Settings(patch_size=16, skip_blank=True, start_offset=15)
    for epoch in range(8):
        scene = resolve(replace(chosen, epoch=epoch), HEADS)
        by = scene.n_queue - scene.n_found
        text = reasons(scene).get("n_queue", "")
        assert bool(re.search(rf": {by} comes? twice, so", text)) == (by > 0)
        assert bool(re.search(rf": {-by} falls? away, so", text)) == (by < 0)
        assert len(plan_sets(scene.settings, HEADS).queue) == scene.n_queue


@pytest.mark.parametrize(
    ("queue", "found", "text"),
    [
        (648, 648, ""),
        (2, 1, "epoch 3 finds 1 patch that isn't blank: 1 comes twice, so that every epoch has"),
        (9, 7, "epoch 3 finds 7 patches that aren't blank: 2 come twice, so that every epoch has"),
        (7, 8, "epoch 3 finds 8 patches that aren't blank: 1 falls away, so that every epoch has"),
        (1, 3, "epoch 3 finds 3 patches that aren't blank: 2 fall away, so that every epoch has"),
    ],
)
def test_a_single_patch_is_written_in_the_singular(queue, found, text) -> None:
    scene = replace(resolve(Settings(epoch=2), REFERENCE), n_queue=queue, n_found=found)
    (found,) = (row.reason for row in write_ledger(scene) if row.key == "n_queue")
    assert found.startswith(text)
    assert bool(text) == bool(found)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (
            {"skip_blank": True},
            "`skip_blank` needs the voxels of labels, and only shapes are known",
        ),
        ({"skip_blank": "some"}, "`skip_blank` must be True, False, 'any', 'center' or a share"),
        ({"start_offset": -1}, "`start_offset` must be at least 0 on every axis, got -1"),
        ({"start_offset": 8, "start": 0}, "`start_offset` must be 0 where `start` is given"),
        ({"start_offset": 8, "policy": "tight"}, "`start_offset` goes with policy 'centered' only"),
        ({"epoch": -1}, "`epoch` must be at least 0, got -1"),
    ],
)
def test_impossible_epochs_are_refused(chosen, message) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve(Settings(**chosen), REFERENCE)
