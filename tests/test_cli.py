"""The command `patchviz`: what it prints, writes and exits with."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import patchviz
from patchviz import Cohort, get_number_of_patches, get_validation_split
from patchviz.cli import main
from patchviz.course import notebooks
from patchviz.data.phantom import write_phantom_cohort
from patchviz.grid.patch_grid import PADDING_MODES
from patchviz.grid.policies import POLICIES
from patchviz.scene.settings import Settings

PACKAGE = Path(patchviz.__file__).parent
CUBE = ["plan", "--image-shape", "144", "144", "144", "--patch-size", "64"]
NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
SHIPPED = {
    "00-explorer.ipynb": NOTEBOOK,
    "01-grid.ipynb": b"{}",
    "answers/01-grid.ipynb": b'{"answer": 27}',
    "images/grid.png": b"\x89PNG\r\n\x1a\n",
}


def write_files(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def read_files(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def run(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "patchviz", *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), **variables},
        capture_output=True,
        timeout=120,
    )


@pytest.fixture
def opened(monkeypatch):
    """Collect what JupyterLab would be opened with."""
    calls = []
    monkeypatch.setattr(notebooks, "open_lab", lambda *call: calls.append(call))
    return calls


@pytest.fixture
def installed(tmp_path, monkeypatch, opened):
    """Stand in an empty folder, with a package that was installed from a wheel."""
    package = tmp_path / "site-packages" / "patchviz"
    write_files(package / "notebooks", SHIPPED)
    write_files(package / "notebooks" / ".ipynb_checkpoints", {"01-grid-checkpoint.ipynb": b""})
    monkeypatch.setattr(notebooks, "PACKAGE", package)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def checkout(tmp_path, monkeypatch, opened):
    """Stand in a checkout."""
    write_files(tmp_path / "notebooks", SHIPPED)
    write_files(tmp_path, {"pyproject.toml": b""})
    monkeypatch.setattr(notebooks, "PACKAGE", tmp_path / "patchviz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Three subjects, of two shapes."""
    folder = tmp_path_factory.mktemp("scans")
    write_phantom_cohort(folder, 2, (16, 16, 16))
    write_phantom_cohort(folder / "more", 1, (24, 16, 8))
    (folder / "more" / "sub-01").rename(folder / "sub-wide")
    (folder / "more").rmdir()
    return folder


# patchviz plan


def test_plan_prints_the_reference_case(capsys):
    assert main(CUBE) == 0
    out, err = capsys.readouterr()
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == ("144 → 3 boxes of 64 per axis → 27 patches × 24 subjects = 648 → 81 steps")
    ledger = [line.split("  ") for line in lines]
    table = {cells[0]: [cell.strip() for cell in cells[1:] if cell] for cells in ledger}
    assert table["first start"] == ["-24", "-ceil(48 / 2) = -24"]
    assert table["patches in this volume"] == ["27", "3·3·3 = 27"]
    assert table["training patches"] == ["648", "24·27 = 648"]
    assert table["training steps"] == ["81", "ceil(648 / 8) = 81"]
    assert [table[axis] for axis in "ijk"] == [["-24, 40, 104"]] * 3
    assert "Notes" not in lines
    assert err == ""


def test_plan_aligns_values_and_formulas(capsys):
    main(CUBE)
    rows = [line for line in capsys.readouterr().out.splitlines() if " = " in line[2:]][1:]
    assert len({line.index(line.split("  ")[-1].strip()) for line in rows}) == 1


def test_plan_prints_notes_and_folds_long_lists_of_starts(capsys):
    assert main([*CUBE, "--overlap", "60"]) == 0
    out = capsys.readouterr().out
    assert "\nNotes\n  overlap: 46,656 patches where 9,261 would cover (policy tight)\n" in out
    starts = out.partition("\nStarts\n")[2].partition("  j")[0]
    assert [int(n) for n in starts.replace("i", "").split(",")] == list(range(-30, 114, 4))
    assert max(map(len, starts.splitlines())) <= 100


def test_plan_as_json_is_the_scene(capsys):
    assert main([*CUBE, "--json"]) == 0
    text = capsys.readouterr().out
    scene = json.loads(text)
    assert (scene["n_patches"], scene["n_queue"], scene["n_steps"]) == (27, 648, 81)
    assert [axis["starts"] for axis in scene["axes"]] == [[-24, 40, 104]] * 3
    assert scene["sentence"][0] == {"key": "image_shape", "strong": False, "text": "144"}
    assert {row["key"]: row["value"] for row in scene["ledger"]}["overflow"] == "48"
    assert text.isascii()


def test_plan_of_patches_that_are_drawn(tmp_path, capsys):
    write_phantom_cohort(tmp_path, 5, (32, 32, 32))
    plan = ["plan", str(tmp_path), "--patch-size", "16", "--json"]
    for given, expected, n_queue in (
        (["0.33"], 0.33, 32),
        (["uniform", "--patches-per-subject", "5"], "uniform", 20),
        (["0", "1", "2"], [0, 1, 2], 32),
    ):
        assert main([*plan, "--sampling", *given]) == 0
        scene = json.loads(capsys.readouterr().out)
        assert (scene["settings"]["sampling"], scene["n_queue"]) == (expected, n_queue)
        assert len(scene["axes"][0]["starts"]) == scene["n_patches"]
    assert main([*plan, "--sampling", "random"]) == 2
    assert "`sampling` must be 'grid', 'uniform', a share" in capsys.readouterr().err


def test_settings_are_those_of_the_command_line(capsys):
    given = (
        "--patch-size 64 64 32 --overlap 8 --start -20 -20 -4 --policy centered --batch-size 4 "
        "--padding-mode wrap --data-split 0.5 --seed 3 --subjects 10 --subject 4 --json"
    )
    assert main(["plan", "--image-shape", "144", "120", "96", *given.split()]) == 0
    scene = json.loads(capsys.readouterr().out)
    assert scene["settings"] == {
        "patch_size": [64, 64, 32],
        "overlap": [8, 8, 8],
        "start": [-20, -20, -4],
        "policy": "centered",
        "padding_mode": "wrap",
        "batch_size": 4,
        "data_split": 0.5,
        "folds": 0,
        "fold": 0,
        "skip_blank": False,
        "start_offset": [0, 0, 0],
        "sampling": "grid",
        "patches_per_subject": None,
        "order": "shuffle",
        "window": 8,
        "seed": 3,
        "epoch": 0,
        "subject": 3,
        "channel": 0,
    }
    assert (scene["n_subjects"], scene["n_training"], scene["subject_id"]) == (10, 5, "sub-04")


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--skip-blank"], "any"),
        (["--skip-blank", "center"], "center"),
        (["--skip-blank", "0.5"], 0.5),
    ],
)
def test_blank_patches_are_left_out_of_a_plan(options, rule, tmp_path, capsys):
    cohort = Cohort.phantom(3, (24, 24, 24))
    write_phantom_cohort(tmp_path / "heads", 3, (24, 24, 24))
    size = ["--patch-size", "12", "--start-offset", "4"]
    assert main(["plan", str(tmp_path / "heads"), *size, *options, "--json"]) == 0
    scene = json.loads(capsys.readouterr().out)
    assert scene["settings"]["skip_blank"] == rule
    assert scene["n_queue"] == get_number_of_patches(
        cohort, get_validation_split(cohort)[0], 12, skip_blank=rule, start_offset=4
    )


def test_a_plan_says_why_voxels_are_never_seen(capsys):
    assert main(["plan", "--image-shape", "128", "--start", "-16"]) == 0
    why = "never seen in one epoch because the start -16 exceeds the overflow 0"
    assert f"16 voxels per axis are {why}" in capsys.readouterr().out


def test_one_number_is_a_cube_and_settings_left_out_are_the_defaults(capsys):
    assert main(["plan", "--image-shape", "144", "--json"]) == 0
    short = capsys.readouterr().out
    assert main([*CUBE, "--json"]) == 0
    assert capsys.readouterr().out == short


def test_a_plan_of_one_image_of_two_axes(capsys):
    assert main(["plan", "--image-shape", "18", "18", "--patch-size", "8", "--subjects", "1"]) == 0
    assert "9 patches × 1 subject = 9 → 2 steps" in capsys.readouterr().out


def test_a_plan_of_a_folder_shows_its_first_subject(scans, capsys):
    assert main(["plan", str(scans), "--patch-size", "8"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("16 → 2 boxes of 8 per axis → 8 patches here; 2 subjects of several")
    assert out.endswith("\nShown is sub-01, subject 1 of 3.\n")


@pytest.mark.parametrize("name", ["sub-wide", "3"])
def test_a_subject_is_chosen_by_id_or_by_number(scans, name, capsys):
    assert main(["plan", str(scans), "--patch-size", "8", "--subject", name, "--json"]) == 0
    scene = json.loads(capsys.readouterr().out)
    assert scene["subject_id"] == "sub-wide"
    assert [axis["size"] for axis in scene["axes"]] == [24, 16, 8]


def test_labels_are_found_by_pattern(scans, capsys):
    for pattern, n_channels in (("*seg*", 1), ("*none*", 2)):
        assert main(["plan", str(scans), "--label", pattern, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["n_channels"] == n_channels


def test_a_plan_of_one_file(scans, capsys):
    file = scans / "sub-wide" / "t1.nii.gz"
    assert main(["plan", str(file), "--patch-size", "8", "--json"]) == 0
    scene = json.loads(capsys.readouterr().out)
    assert (scene["n_subjects"], scene["n_queue"]) == (1, 6)


def test_help_names_every_choice_and_default(capsys):
    assert main(["plan", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for name in (*POLICIES, *PADDING_MODES):
        assert name in text
    for name in ("overlap", "policy", "padding_mode", "batch_size", "data_split", "seed"):
        default = getattr(Settings(), name)
        shown = text.rpartition(f"--{name.replace('_', '-')} ")[2].partition(" --")[0]
        assert f"{default} (default" in shown or f"default {default})" in shown


def test_every_setting_is_an_option_and_described(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "500")  # a line each
    main(["plan", "--help"])
    text = re.sub(r"\n {20,}", "  ", capsys.readouterr().out.partition("\nsettings:\n")[2])
    named = re.findall(r"^  --([a-z-]+) .*  [A-Z][a-z]+,? \S+ \S+", text, re.MULTILINE)
    assert [name.replace("-", "_") for name in named] == [
        field.name for field in fields(Settings) if field.name != "subject"
    ]


def test_settings_of_every_kind_are_read_from_the_command_line(capsys):
    given = {
        "order": "buffered",
        "window": 3,
        "folds": 5,
        "fold": 2,
        "epoch": 4,
        "channel": 0,
        "start_offset": [1, 2, 3],
        "data_split": 0.6,
    }
    options = [
        part
        for name, value in given.items()
        for part in (f"--{name.replace('_', '-')}", *map(str, np.atleast_1d(value)))
    ]
    assert main(["plan", "--image-shape", "48", *options, "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert {name: settings[name] for name in given} == given


# patchviz phantom


def test_phantom_writes_a_cohort_and_says_what_is_next(tmp_path, capsys):
    folder = tmp_path / "my scans"
    arguments = ["--subjects", "2", "--shape", "16", "--seed", "5"]
    assert main(["phantom", str(folder), *arguments]) == 0
    out, err = capsys.readouterr()
    assert out == f'2 subjects are in {folder}; next: patchviz plan "{folder}"\n'
    assert "2/2" in err  # the progress bar
    assert set(read_files(folder)) == {
        f"sub-0{n}/{name}.nii.gz" for n in (1, 2) for name in ("t1", "seg")
    }
    cohort = patchviz.Cohort.from_folder(folder)
    expected = patchviz.Cohort.phantom(2, (16, 16, 16), 5)
    assert (cohort[1].label == expected[1].label).all()
    assert main(["plan", str(folder), "--patch-size", "8"]) == 0
    assert "8 patches × 1 subject = 8 → 1 step\n" in capsys.readouterr().out


def test_phantom_never_overwrites(scans, capsys):
    before = read_files(scans)
    assert main(["phantom", str(scans), "--subjects", "1", "--shape", "8"]) == 1
    assert "sub-01 is there already: remove it or choose another" in capsys.readouterr().err
    assert read_files(scans) == before


# patchviz


def test_an_installed_package_copies_its_notebooks_and_opens_them(installed, opened, capsys):
    assert main([]) == 0
    assert opened == [(Path("patchviz-notebooks"), [])]
    assert read_files(installed) == {f"patchviz-notebooks/{n}": c for n, c in SHIPPED.items()}
    assert capsys.readouterr().out == ""


def test_a_checkout_opens_its_own_notebooks(checkout, opened):
    assert main([]) == 0
    assert opened == [(checkout / "notebooks", [])]
    assert not (checkout / "patchviz-notebooks").exists()


def test_a_folder_that_is_asked_for_gets_copies_in_a_checkout_too(checkout, opened):
    for _ in range(2):  # copies that lie within the notebooks are not copied again
        assert main(["--notebooks", "notebooks/mine"]) == 0
        assert read_files(checkout / "notebooks" / "mine") == SHIPPED
    assert opened == [(Path("notebooks/mine"), [])] * 2


def test_options_go_to_jupyterlab(checkout, opened):
    main(["--no-browser", "--port", "8899", "--", "--ip=0.0.0.0", "--", "x"])
    assert opened[0][1] == ["--no-browser", "--ServerApp.port=8899", "--ip=0.0.0.0", "--", "x"]


def test_an_edited_notebook_is_kept_and_a_missing_one_restored(installed, opened, capsys):
    main([])
    edited = installed / "patchviz-notebooks" / "answers" / "01-grid.ipynb"
    edited.write_bytes(b"mine")
    (installed / "patchviz-notebooks" / "01-grid.ipynb").unlink()
    assert main([]) == 0
    assert read_files(edited.parents[1]) == {**SHIPPED, "answers/01-grid.ipynb": b"mine"}
    assert capsys.readouterr().out == (
        "patchviz: kept answers/01-grid.ipynb in patchviz-notebooks, edited or from another "
        "version; delete or rename a file there to get a fresh copy\n"
    )
    assert len(opened) == 2


def test_a_notebook_is_never_half_written(installed, opened, monkeypatch, capsys):
    def fail(source, target):
        assert Path(source).read_bytes() == SHIPPED["00-explorer.ipynb"]  # whole before it moves
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr(os, "replace", fail)
    assert main([]) == 1
    assert read_files(installed) == {}
    assert capsys.readouterr().err.endswith("00-explorer.ipynb: Permission denied\n")
    assert opened == []


def test_a_file_where_the_folder_should_be(installed, opened, capsys):
    (installed / "taken").write_bytes(b"")
    assert main(["--notebooks", "taken"]) == 1
    assert "taken" in capsys.readouterr().err
    assert opened == []


def test_a_package_without_notebooks_says_so(installed, capsys):
    shutil.rmtree(notebooks.PACKAGE / "notebooks")
    assert main([]) == 1
    assert "install patchviz-notebooks anew" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["site"]])
def test_without_jupyterlab_it_says_what_to_install(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("jupyterlab", "nbconvert"):
        monkeypatch.setitem(sys.modules, name, None)
    assert main(arguments) == 1
    assert capsys.readouterr() == (
        "",
        "patchviz: jupyterlab, nbconvert must be installed for this: "
        'python -m pip install "patchviz-notebooks[lab]"\n',
    )
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_quietly(installed, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(notebooks, "open_lab", stop)
    assert main([]) == 130
    assert capsys.readouterr().err == "patchviz: stopped\n"


@pytest.mark.parametrize(("code", "status"), [(3, 3), (None, 0), ("no port", 1)])
def test_the_status_is_jupyterlabs(checkout, monkeypatch, code, status):
    monkeypatch.setattr(notebooks, "open_lab", lambda *_: sys.exit(code))
    assert main([]) == status


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, path, method="GET"):
    address = f"http://127.0.0.1:{port}/{path}?token=secret"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(urllib.request.Request(address, method=method), timeout=10) as response:
        return response.read()


def test_jupyterlab_really_opens_on_the_explorer(tmp_path):
    """As from a wheel: the package alone, in another place, and a folder with a space."""
    site, home, port = tmp_path / "site", tmp_path / "my home", free_port()
    ignore = shutil.ignore_patterns("__pycache__", "notebooks")
    shutil.copytree(PACKAGE, site / "patchviz", ignore=ignore)
    write_files(site / "patchviz" / "notebooks", SHIPPED)
    home.mkdir()
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    private = {f"JUPYTER_{name}": str(tmp_path / name) for name in names}
    private |= {"JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "s"), "JUPYTER_TOKEN": "secret"}
    options = ["--no-browser", "--port", str(port), "--", "--allow-root"]
    with (tmp_path / "log").open("wb") as log:
        lab = subprocess.Popen(
            [sys.executable, "-m", "patchviz", *options],
            env={**os.environ, **private, "PYTHONPATH": str(site)},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                listing = json.loads(ask(port, "api/contents"))
                break
            except OSError:  # it does not listen yet
                assert lab.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.1)
        found = {entry["name"] for entry in listing["content"]}
        assert found == {"00-explorer.ipynb", "01-grid.ipynb", "answers", "images"}
        plugin = "lab/api/settings/@jupyterlab/apputils-extension:notification"
        asked = json.loads(ask(port, plugin))["schema"]["properties"]
        assert asked["fetchNews"]["default"] == "false"
        assert asked["checkForUpdates"]["default"] is False
        ask(port, "api/shutdown", "POST")
        assert lab.wait(timeout=30) == 0
    finally:
        lab.kill()
        lab.wait()
    # what a browser is sent to
    address = f":{port}/lab/tree/00-explorer.ipynb?token="
    assert address in (tmp_path / "log").read_text()
    assert read_files(home / "patchviz-notebooks") == SHIPPED


# faults


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "nowhere"], "nowhere"),
        (["plan", "README"], "README is no NIfTI file"),
        (["plan", "empty"], "empty"),
        (["phantom", "README", "--subjects", "1", "--shape", "8"], "README"),
    ],
)
def test_faults_of_data_and_files_exit_with_1(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README").write_text("no scan")
    (tmp_path / "empty").mkdir()
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    said = err.splitlines()[-1]
    assert said.startswith("patchviz: ")
    assert message in said
    assert "Traceback" not in err
    assert out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("plan", "one of the arguments folder --image-shape is required"),
        ("plan scans --image-shape 144", "--image-shape: not allowed with argument folder"),
        ("plan --patch-size 64 scans", "'scans' is no whole number of voxels (a folder comes"),
        ("plan --image-shape 144 --patch-size 64.5", "'64.5' is no whole number"),
        ("plan --image-shape 144 --patch-size 0", "`patch_size` must be at least 1"),
        ("plan --image-shape 144 --patch-size 8 8", "`patch_size` must have one value for each"),
        ("plan --image-shape 0", "`image_shape` must be at least 1"),
        ("plan --image-shape 9 9 9 9", "--image-shape must have at most 3 axes, got 4"),
        ("plan --image-shape 144 --overlap 64", "`overlap` must be smaller than `patch_size`"),
        ("plan --image-shape 144 --policy best", "`policy` must be one of 'centered', 'tight'"),
        ("plan --image-shape 144 --policy tight --start 0", "`start` goes with policy 'centered'"),
        ("plan --image-shape 144 --padding-mode none", "`padding_mode` must be one of 'edge'"),
        ("plan --image-shape 144 --batch-size 0", "`batch_size` must be at least 1, got 0"),
        ("plan --image-shape 144 --data-split 2", "`data_split` must lie between 0 and 1"),
        ("plan --image-shape 144 --subjects 0", "--subjects must be at least 1, got 0"),
        ("plan --image-shape 144 --subject 31", "a number from 1 to 30, got '31'"),
        ("plan --image-shape 144 --subject 0", "an id (sub-01 … sub-30) or a number"),
        ("plan --image-shape 144 --label *x*", "--label goes with a folder"),
        ("plan scans --subjects 3", "--subjects goes with --image-shape"),
        ("plan --image-shape 144 -- --ip=x", "nothing goes after -- here, got --ip=x"),
        ("phantom", "the following arguments are required: DIR"),
        ("phantom scans --shape 4", "`shape` must be three axes of at least 8 voxels"),
        ("phantom scans --subjects 0", "`n_subjects` must be at least 1"),
        ("--port x", "--port: invalid int value: 'x'"),
        ("scans", "invalid choice: 'scans'"),
    ],
)
def test_faults_of_the_command_line_exit_with_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == 2
    out, err = capsys.readouterr()
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err
    assert out == ""
    assert read_files(tmp_path) == {}


# the process


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"patchviz {patchviz.__version__}\n"


def test_help_loads_nothing_heavy():
    code = "import sys, patchviz.cli; patchviz.cli.main(['--help']); print(sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    loaded = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert "COMMAND" in loaded
    assert not {"numpy", "nibabel", "jupyterlab"} & set(loaded.split("'"))


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("ascii", "27 patches ? 24 subjects = 648 ? 81 steps"),
        ("cp1252", "27 patches × 24 subjects = 648 ? 81 steps"),
        ("utf-8", "27 patches × 24 subjects = 648 → 81 steps"),
    ],
)
def test_any_console_can_print_it(encoding, sentence):
    process = run(*CUBE, PYTHONIOENCODING=encoding)
    assert process.returncode == 0
    assert process.stderr == b""
    assert process.stdout.decode(encoding).splitlines()[0].endswith(sentence)


def test_any_console_can_print_faults():
    process = run("plan", "--image-shape", "9", "--subject", "é", PYTHONIOENCODING="ascii")
    assert process.returncode == 2
    assert process.stderr.startswith(b"patchviz: --subject must be an id (sub-01 \\u2026 sub")
    assert b"Traceback" not in process.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows reports a closed pipe in another way")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_may_stop_reading(unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-m", "patchviz", *CUBE],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (0, b"")
