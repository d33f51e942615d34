import contextlib
import io
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest

import patchviz.progress
from patchviz.progress import show_progress


def test_what_is_quick_is_silent_and_loads_nothing(capsys, monkeypatch):
    monkeypatch.setattr(patchviz.progress, "_make_bar", None)
    assert list(show_progress(range(5), "things", "thing")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr() == ("", "")


def test_what_takes_longer_than_a_second_has_a_bar_and_leaves_no_thread(capsys, monkeypatch):
    times = iter([0, 0.4, 0.9, 1.4])
    monkeypatch.setattr(patchviz.progress, "monotonic", lambda: next(times))
    before = threading.active_count()
    items = show_progress(range(5), "things", "thing")
    assert [next(items), next(items)] == [0, 1]
    assert capsys.readouterr().err == ""
    assert list(items) == [2, 3, 4]
    said = capsys.readouterr().err
    assert "things" in said
    assert "2/5" in said
    assert threading.active_count() == before


def work_slowly(times):
    """Stand in for a worker of a pool or a loader; return what it writes."""
    times = iter(times)
    patchviz.progress.monotonic = lambda: next(times)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        assert list(show_progress(range(3), "things", "thing")) == [0, 1, 2]
    return said.getvalue()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_worker_processes_have_no_bars_that_garble_each_other(method):
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(work_slowly, [0, 2, 3, 4]).result() == ""
