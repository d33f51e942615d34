"""Who trains and who validates is planned once, whoever asks."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from patchviz import Cohort, Explorer, Settings, resolve
from patchviz.epochs.options import PatchOptions
from patchviz.scene import sets
from patchviz.scene.settings import complete

COHORT = Cohort.from_arrays([np.zeros((9, 8, 7 + n), np.float32) for n in range(6)])
ONCE = {"get_validation_split": 1, "EpochPlan": 2, "grid": 6}  # two sets of six shapes


@pytest.fixture
def calls(monkeypatch):
    """Count how often splits, plans and the grids of subjects are made."""
    counts = Counter()

    def count(owner, name):
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            counts[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    count(sets, "get_validation_split")
    count(sets, "EpochPlan")
    count(PatchOptions, "grid")
    return counts


def test_a_scene_is_made_of_one_split_two_plans_and_one_grid_a_subject(calls):
    resolve(Settings(patch_size=4), COHORT.facts)
    assert calls == ONCE


def test_opening_an_explorer_and_its_first_answers_plan_once(calls):
    explorer = Explorer(COHORT, settings=Settings(patch_size=4))
    settings = explorer.scene.to_json()["settings"]
    entries = [(0, 0), (3, 1)]
    for kind, asked in (
        ("scene", {}),
        ("queue", {}),
        ("patches", {"entries": entries, "axis": 2}),
        ("contents", {"entries": entries}),
    ):
        content, _ = explorer._answers.to(kind=kind, id="", settings=settings, **asked)
        assert "failure" not in content
    assert calls == ONCE


def test_other_settings_are_planned_anew(calls):
    explorer = Explorer(COHORT, settings=Settings(patch_size=4))
    explorer.settings = replace(explorer.settings, patch_size=5)
    assert explorer.settings.patch_size == (5, 5, 5)
    assert calls == {name: 2 * n for name, n in ONCE.items()}


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ({"skip_blank": 0}, {"skip_blank": False}),
        ({"skip_blank": np.float32(1)}, {"skip_blank": "any"}),
        ({"skip_blank": np.float32(0.3)}, {"skip_blank": 0.3}),
        ({"sampling": np.float32(0.7)}, {"sampling": 0.7}),
        ({"sampling": np.array([0, 1])}, {"sampling": (0.0, 1.0)}),
        ({"data_split": np.float32(0.7)}, {"data_split": 0.7}),
        ({"batch_size": np.int8(4), "seed": np.uint64(3)}, {"batch_size": 4, "seed": 3}),
        ({"patch_size": np.array([8, 8, 8])}, {"patch_size": (8, 8, 8)}),
    ],
)
def test_numbers_of_any_kind_are_completed_to_pythons_own(given, completed):
    facts = Cohort.phantom(3, (16, 16, 16)).facts
    found = complete(Settings(**given), facts)
    for name, value in completed.items():
        assert getattr(found, name) == value
        assert type(getattr(found, name)) is type(value)
    scene = resolve(Settings(**given), facts)
    assert type(scene.settings) is Settings
    assert resolve(scene.settings, facts) == scene
