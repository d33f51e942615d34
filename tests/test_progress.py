import threading

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
