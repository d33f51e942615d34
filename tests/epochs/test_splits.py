import json
import os
import stat
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchviz.epochs.splits import get_validation_split, k_fold_split
from patchviz.errors import DataError

IDS = [f"sub-{n:02}" for n in range(10)]


@given(st.integers(2, 300), st.integers(1, 999), st.integers(0, 2**40))
def test_a_split_is_disjoint_complete_and_exact(n, thousandths, seed):
    training, validation = get_validation_split(n, thousandths / 1000, seed=seed)
    assert sorted(training + validation) == list(range(n))
    share = Fraction(thousandths, 1000)
    assert len(training) == max(1, min(n - 1, n * share // 1))
    assert {type(index) for index in training + validation} == {int}


@pytest.mark.parametrize(
    ("n", "share", "n_training"),
    [
        (100, 0.29, 29),  # 28.999999999999996 in floats
        (30, 0.8, 24),
        (10, 0.7, 7),
        (1000, 0.001, 1),
        (3, 0.01, 1),
        (3, 0.99, 2),
        (2, 0.5, 1),
    ],
)
def test_the_share_is_taken_exactly_with_one_on_each_side(n, share, n_training):
    assert len(get_validation_split(n, share)[0]) == n_training


def test_the_same_seed_gives_the_same_split_and_leaves_numpy_alone():
    np.random.seed(1)  # noqa: NPY002 (the global state is what is tested)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    assert get_validation_split(30, seed=3) == get_validation_split(30, seed=3)
    assert len({str(get_validation_split(30, seed=seed)) for seed in range(20)}) == 20
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_a_number_ids_and_subjects_give_the_same_split():
    subjects = [SimpleNamespace(id=name) for name in IDS]
    assert get_validation_split(10) == get_validation_split(IDS) == get_validation_split(subjects)


@pytest.mark.parametrize(
    ("subjects", "share", "message"),
    [
        (1, 0.8, "`subjects` must be at least 2 .* got 1"),
        ([], 0.8, "`subjects` must be at least 2 .* got 0"),
        (["a", "b", "a"], 0.8, "ids of their own, got 'a'"),
        (10, 0, "`data_split` must lie between 0 and 1, got 0"),
        (10, 1.0, "`data_split` must lie between 0 and 1, got 1.0"),
        (10, float("nan"), "`data_split` must lie between 0 and 1, got nan"),
        (10, "0.8", "`data_split` must lie between 0 and 1, got '0.8'"),
    ],
)
def test_what_can_not_be_split_is_refused(subjects, share, message):
    with pytest.raises(ValueError, match=message):
        get_validation_split(subjects, share)


# ---- kept in a file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "split.json"


def test_a_split_file_is_written_and_loaded_back(path):
    split = get_validation_split(IDS, 0.7, seed=5, split_file=path)
    assert split == get_validation_split(IDS, 0.7, seed=5)
    assert os.listdir(path.parent) == ["split.json"]
    content = json.loads(path.read_text())
    assert content == {
        "data_split": 0.7,
        "seed": 5,
        "training": [IDS[n] for n in split[0]],
        "validation": [IDS[n] for n in split[1]],
    }
    written = path.stat().st_mtime_ns
    assert get_validation_split(IDS, 0.7, seed=5, split_file=str(path)) == split
    assert path.stat().st_mtime_ns == written


def test_a_split_file_may_be_read_by_whom_the_umask_allows(path):
    get_validation_split(IDS, split_file=path)
    (path.parent / "other").touch()
    assert stat.S_IMODE(path.stat().st_mode) == (path.parent / "other").stat().st_mode & 0o777


def test_numpy_numbers_can_be_stored(path):
    get_validation_split(np.int64(10), np.float32(0.5), seed=np.int64(5), split_file=path)
    assert json.loads(path.read_text())["seed"] == 5


@pytest.mark.parametrize("share", [np.float32(0.7), Fraction(7, 10), Decimal("0.7")])
def test_a_share_is_the_decimal_that_it_prints(path, share):
    first = get_validation_split(10, share, split_file=path)
    assert first == get_validation_split(10, 0.7)
    assert len(first[0]) == 7
    assert get_validation_split(10, share, split_file=path) == first


def test_a_stored_split_goes_by_id_when_the_order_of_the_cohort_changes(path):
    training, validation = get_validation_split(IDS, split_file=path)
    turned = IDS[::-1]
    loaded = get_validation_split(turned, split_file=path)
    assert [turned[n] for n in loaded[0]] == [IDS[n] for n in training]
    assert [turned[n] for n in loaded[1]] == [IDS[n] for n in validation]


def test_a_split_written_by_hand_is_loaded(path):
    path.write_text('{"training": [2, 0], "validation": [1]}')
    assert get_validation_split(3, split_file=path) == ([2, 0], [1])


def test_overwrite_draws_anew(path):
    get_validation_split(IDS, seed=1, split_file=path)
    split = get_validation_split(IDS, seed=2, split_file=path, overwrite=True)
    assert split == get_validation_split(IDS, seed=2)
    assert get_validation_split(IDS, seed=2, split_file=path) == split


def test_a_crash_while_writing_leaves_the_old_file(path, monkeypatch):
    get_validation_split(IDS, seed=1, split_file=path)
    old = path.read_bytes()

    def fail(source, target):
        assert json.loads(Path(source).read_text())["seed"] == 2
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        get_validation_split(IDS, seed=2, split_file=path, overwrite=True)
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == ["split.json"]


STORED = {
    "data_split": 0.5,
    "seed": 0,
    "training": ["a", "b"],
    "validation": ["c", "d"],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": ["a", "x"]}, r"subjects that the cohort has not: x;"),
        ({"validation": ["c"]}, "lacks subjects of the cohort: d;"),
        ({"validation": ["c", "d", "a"]}, "lists twice a;"),
        ({"training": ["a", "b", "b"]}, "lists twice b;"),
        ({"training": [], "validation": list("abcd")}, "names no subject for training;"),
        ({"seed": 7}, "made with seed=7, but seed=0 was asked for"),
        ({"data_split": 0.75}, "made with data_split=0.75, but data_split=0.5 was asked for"),
        ({"training": None}, "not a split file"),
    ],
)
def test_a_stored_split_that_does_not_fit_is_refused_and_kept(path, change, message):
    path.write_text(json.dumps(STORED | change))
    with pytest.raises(DataError, match=rf"split.json: .*{message}.* overwrite=True") as error:
        get_validation_split(list("abcd"), 0.5, split_file=path)
    assert str(path) in str(error.value)
    assert json.loads(path.read_text()) == STORED | change


@pytest.mark.parametrize("content", ["", "{", "[1]", "3", '{"training": []}', "\ud800"])
def test_a_file_that_is_no_split_is_refused(path, content):
    path.write_text(content, errors="surrogatepass")
    with pytest.raises(DataError, match=r"split.json: not a split file .* overwrite=True"):
        get_validation_split(4, split_file=path)


# ---- folds


@given(st.data(), st.integers(2, 60), st.integers(0, 9))
def test_in_k_folds_each_subject_validates_once(data, n, seed):
    k = data.draw(st.integers(2, n))
    folds = k_fold_split(n, k, seed=seed)
    assert len(folds) == k
    assert sorted(m for _, validation in folds for m in validation) == list(range(n))
    assert all(sorted(training + validation) == list(range(n)) for training, validation in folds)
    sizes = {len(validation) for _, validation in folds}
    assert max(sizes) - min(sizes) <= 1
    assert folds == k_fold_split([str(m) for m in range(n)], k, seed=seed)


def test_folds_depend_on_the_seed():
    assert len({str(k_fold_split(30, seed=seed)) for seed in range(20)}) == 20
    assert len(k_fold_split(30)) == 5


@pytest.mark.parametrize("k", [0, 1, 11])
def test_impossible_numbers_of_folds_are_refused(k):
    with pytest.raises(ValueError, match=f"`k` must be from 2 to the number of subjects, 10.* {k}"):
        k_fold_split(IDS, k)
