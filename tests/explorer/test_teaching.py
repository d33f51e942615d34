"""What a teacher chooses of an explorer: parts shown, settings locked, numbers asked."""

import re
import zlib
from base64 import b64decode
from json import loads

import pytest

from patchviz import Cohort, Explorer, Settings
from patchviz.explorer.widget import PARTS


@pytest.fixture(scope="module")
def cohort():
    return Cohort.phantom(6, (48, 40, 32))


def test_an_explorer_shows_all_and_asks_nothing_of_its_own_accord(cohort):
    explorer = Explorer(cohort)
    assert explorer.show == list(PARTS)
    assert (explorer.lock, explorer.predict, explorer.guesses) == ([], [], {})


def test_what_is_chosen_travels_with_the_state(cohort):
    explorer = Explorer(
        cohort, show=["planes", "queue"], lock=("patch_size",), predict=["n_queue", "counts"]
    )
    assert explorer.get_state(["show", "lock", "predict"]) == {
        "show": ["planes", "queue"],
        "lock": ["patch_size"],
        "predict": ["n_queue", "counts"],
    }


@pytest.mark.parametrize(
    ("chosen", "error", "reason"),
    [
        ({"show": ["plane"]}, ValueError, "`show` must be one of 'sentence', .*, got 'plane'"),
        ({"lock": ["size"]}, ValueError, "`lock` must be one of 'patch_size', .*, got 'size'"),
        ({"predict": ["steps"]}, ValueError, "`predict` must be one of 'counts', .*, got 'steps'"),
        ({"show": "planes"}, TypeError, "`show` must be a list of names, got 'planes'"),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_those_that_there_are(
    cohort, chosen, error, reason
):
    with pytest.raises(error, match=reason):
        Explorer(cohort, **chosen)


def test_every_number_of_the_sentence_and_the_ledger_can_be_asked_but_what_was_chosen(cohort):
    explorer = Explorer(cohort)
    keys = {word.key for word in explorer.scene.sentence} - {None, "image_shape", "patch_size"}
    keys |= {row.key for row in explorer.scene.ledger}
    assert keys >= {"counts", "n_patches", "n_queue", "n_steps", "overflow", "start", "unseen"}
    assert set(Explorer(cohort, predict=keys).predict) == keys


def test_python_still_sets_what_is_locked(cohort):
    explorer = Explorer(cohort, lock=["patch_size"])
    explorer.settings = Settings(patch_size=16)
    assert explorer.scene.axes[0].patch == 16


def test_where_nothing_runs_its_picture_shows_what_it_shows(cohort):
    def told(**chosen):
        """Tell whether sentence and ledger stand beside the plane."""
        data, _ = Explorer(cohort, **chosen)._repr_mimebundle_()
        assert f"data:image/png;base64,{data['image/png']}" in data["text/html"]
        return [part in data["text/html"] for part in ("<p>", "<td>")]

    assert told() == [True, True]
    assert told(show=["queue"]) == [False, False]
    assert told(show=["queue", "sentence"]) == [True, False]
    assert told(show=["ledger", "planes"]) == [False, True]


def test_where_nothing_runs_no_picture_tells_what_is_to_be_guessed(cohort):
    data, _ = Explorer(cohort, predict=["n_queue", "n_patches"])._repr_mimebundle_()
    assert "image/png" not in data
    told = "**Guess first:** patches in this volume, training patches."
    assert data["text/markdown"].startswith(told)


def test_an_exported_page_carries_what_was_chosen(cohort, tmp_path):
    explorer = Explorer(cohort, show=["queue"], lock=["overlap"], predict=["padding"])
    page = explorer.export(tmp_path / "patches.html", choices=[]).read_text("utf-8")
    packed = re.search(r'data-part="content">([^<]*)<', page)[1]
    state = loads(zlib.decompress(b64decode(packed)))["state"]
    assert (state["show"], state["lock"], state["predict"]) == (["queue"], ["overlap"], ["padding"])
