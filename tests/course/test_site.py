"""The course as a web site: the folder, and its pages, opened from disk without a network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FrameLocator, Page, expect

from patchviz import Cohort, Explorer
from patchviz.cli import main
from patchviz.course import site
from patchviz.course.site import HOME, MARKER, write_site
from patchviz.errors import DataError
from tests.course.conftest import Built
from tests.lab import write_notebook
from tests.notebooks import ANSWERS, NOTEBOOKS, kinds_of
from tests.traffic import Watch

FIRST = """import patchviz
cohort = patchviz.Cohort.phantom(6, (48, 40, 32))
patchviz.Explorer(
    cohort,
    settings=patchviz.Settings(patch_size=16),
    show=["sentence", "patch_size", "planes", "policies"],
    lock=["overlap"],
)"""
GUESSED = """patchviz.Explorer(
    cohort, settings=patchviz.Settings(patch_size=16), show=["sentence"], predict=["n_patches"]
)"""
ASK = 'patchviz.ask("How many boxes?", lambda: 3 * 9)'
DRAW = """from matplotlib import pyplot as plt
plt.plot([1, 2]);"""
ANSWER = '"""Answers."""\n\nassert 3 * 9 == 27\n'


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write two notebooks, which link to each other."""
    folder = tmp_path_factory.mktemp("course")
    first, second = folder / "00-first.ipynb", folder / "01-second.ipynb"
    write_notebook(first, [FIRST, GUESSED, "patchviz.check_widgets()", ASK, DRAW])
    write_notebook(second, ["print(6 * 7)"])
    for path, text in (
        (first, "# 00 · First *things*\n\nA box. More, see `answers/00-first.py`, `other.py`."),
        (second, "# 01 · Second\n\nBack to [the first](00-first.ipynb#top), or `00-first`."),
    ):
        content = json.loads(path.read_text("utf-8"))
        cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}
        content["cells"].insert(0, cell)
        path.write_text(json.dumps(content), "utf-8")
    (folder / "answers").mkdir()
    (folder / "answers/00-first.py").write_text(ANSWER)
    (folder / "README.md").write_text(
        "### 00-first\n\n5 minutes.\n\n### 01-second\n\n40 minutes.\n"
    )
    return [first, second]


@pytest.fixture(scope="module")
def small(course: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "a site"
    said: list[str] = []
    heads = Cohort.phantom(2, (16, 16, 16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "Explorer", lambda: Explorer(heads))  # which has a page of its own
        assert write_site(folder, notebooks=course, say=said.append) == folder / HOME
    assert said == ["00-first.ipynb -> 00-first.html", "01-second.ipynb -> 01-second.html"]
    return folder


# The folder --------------------------------------------------------------------------------------


def test_the_files_of_a_site(small: Path) -> None:
    names = {
        "index.html",
        "explorer.html",
        "00-first.html",
        "00-first-explorer-1.html",
        "00-first-explorer-2.html",
        "01-second.html",
        "answers-00-first.html",
    }
    assert {path.name for path in small.iterdir()} == {MARKER, *names}
    assert set(json.loads((small / MARKER).read_text("utf-8"))["files"]) == names
    assert list(small.parent.iterdir()) == [small]
    page = (small / "00-first.html").read_text("utf-8")
    assert "<title>00 · First things · patchviz</title>" in page
    assert '<a href="answers-00-first.html"><code>answers/00-first.py</code></a>' in page
    assert "<code>other.py</code>." in page
    second = (small / "01-second.html").read_text("utf-8")
    assert '<a href="00-first.html#top">the first</a>' in second
    assert '<a href="00-first.html"><code>00-first</code></a>' in second


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill sites with one file, instead of running notebooks."""
    monkeypatch.setattr(site, "_fill", lambda folder, *_: (folder / HOME).write_text("new"))


def test_an_older_site_is_replaced(quick: None, tmp_path: Path) -> None:
    folder = tmp_path / "more" / "site"
    write_site(folder)
    (folder / HOME).unlink()  # what was lost is made anew
    write_site(folder)
    assert (folder / HOME).read_text() == "new"
    assert list(folder.parent.iterdir()) == [folder]
    assert main(["site", str(folder)]) == 0


@pytest.mark.parametrize("name", [HOME, "notes.txt"])
def test_an_edited_site_stays(quick: None, tmp_path: Path, name: str, capsys) -> None:
    write_site(tmp_path / "site")
    (tmp_path / "site" / name).write_text("mine")
    assert main(["site", str(tmp_path / "site")]) == 1
    assert f"must be as patchviz wrote it, got changes in {name}: name" in capsys.readouterr().err
    assert (tmp_path / "site" / name).read_text() == "mine"


def test_what_is_not_ours_stays(quick: None, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "index.html").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("thesis", "file"):
        with pytest.raises(DataError, match=f"{name}` must be free or a site that patchviz wrote"):
            write_site(tmp_path / name)
    assert (tmp_path / "thesis" / "index.html").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert write_site(tmp_path / "empty").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "thesis"]


def test_what_is_written_there_meanwhile_stays(tmp_path: Path, monkeypatch) -> None:
    def fill(folder: Path, *_: object) -> None:
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "mine").touch()

    monkeypatch.setattr(site, "_fill", fill)
    with pytest.raises(DataError):
        write_site(tmp_path / "site")
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "mine"]


def test_ctrl_c_leaves_the_old_site_and_nothing_else(quick, tmp_path, monkeypatch) -> None:
    write_site(tmp_path / "site")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    rename = Path.rename
    for place, name, stopping in (
        (site, "_fill", stop),
        (Path, "rename", lambda path, to: stop() if path.name == "new" else rename(path, to)),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, stopping)
            assert main(["site", str(tmp_path / "site")]) == 130
        assert sorted(path.name for path in tmp_path.rglob("*")) == [HOME, MARKER, "site"]


def test_a_notebook_that_fails_is_named(tmp_path: Path) -> None:
    write_notebook(tmp_path / "bad.ipynb", ["1 / 0"])
    with pytest.raises(DataError, match=r"bad.ipynb must run .* ZeroDivisionError: division by"):
        write_site(tmp_path / "site", notebooks=[tmp_path / "bad.ipynb"])
    assert [path.name for path in tmp_path.iterdir()] == ["bad.ipynb"]


# The pages ---------------------------------------------------------------------------------------


def go(page: Page, path: Path) -> None:
    page.context.set_offline(True)
    page.goto(path.as_uri())


def frame(page: Page, n: int) -> FrameLocator:
    """Return the n-th explorer of a page, from 1, once it is ready."""
    page.get_by_title(f"explorer {n}").scroll_into_view_if_needed()
    found = page.frame_locator(f"iframe[title='explorer {n}']")
    found.locator("[data-ready='1']").wait_for()
    return found


def stays_here(watch: Watch) -> bool:
    return all(re.match("file:|data:|blob:", url) for url in watch.urls)


def test_an_explorer_lives_in_its_page(small: Path, page: Page, watch: Watch) -> None:
    go(page, small / "00-first.html")
    explorer = frame(page, 1)
    sentence = explorer.get_by_role("heading", name="→")
    expect(sentence).to_contain_text("boxes of 16")
    expect(explorer.get_by_role("heading", level=1)).to_be_hidden()
    expect(explorer.get_by_role("region", name="queue of an epoch")).to_have_count(0)
    explorer.get_by_role("slider", name="patch size", exact=True).press("ArrowRight")
    expect(sentence).to_contain_text("boxes of 17")
    page.wait_for_function(  # the frame is as high as what is in it
        """() => {
          const frame = document.querySelector("iframe");
          return frame.clientHeight !== 900 && frame.style.height === `${frame.clientHeight}px`;
        }"""
    )
    asking = frame(page, 2)
    expect(asking.get_by_role("heading", name="cut into patches")).to_be_visible()
    asking.get_by_role("textbox").fill("27")
    asking.get_by_role("textbox").press("Enter")
    expect(asking.get_by_role("heading", name="→")).to_contain_text("boxes of 16")
    assert stays_here(watch)


def test_a_question_and_the_way_by_keyboard(small: Path, page: Page, watch: Watch) -> None:
    go(page, small / HOME)
    expect(page.get_by_role("listitem")).to_have_text(
        [re.compile(r"00 · First things\s*5 minutes\s*A box\."), re.compile("40 minutes")]
    )
    expect(page.get_by_role("link", name="Open the explorer")).to_be_visible()
    page.get_by_role("link", name="00 · First things", exact=True).press("Enter")
    field = page.get_by_role("textbox", name="How many boxes?")
    status = page.locator(".patchviz-question").get_by_role("status")
    for guess, verdict in (("9", "you said 9; it is 27"), ("27 boxes", "27: right")):
        field.fill(guess)
        field.press("Enter")
        expect(status).to_have_text(verdict)
    expect(page.get_by_text("✓ On this page")).to_be_visible()
    expect(page.get_by_role("img", name="picture that the code above draws")).to_have_count(1)
    page.get_by_role("link", name="answers/00-first.py").press("Enter")
    expect(page.get_by_role("heading", name="Answers to 00 · First things")).to_be_visible()
    page.get_by_role("link", name="← 00 · First things").first.press("Enter")
    page.get_by_role("link", name="01 · Second →").first.press("Enter")
    expect(page.get_by_text("42")).to_be_visible()
    page.get_by_role("link", name="patchviz", exact=True).first.press("Enter")
    expect(page).to_have_title("patchviz")
    assert stays_here(watch)


def test_without_javascript_the_answer_is_in_a_fold(small: Path, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((small / "00-first.html").as_uri())
        expect(page.get_by_text("How many boxes?", exact=True)).to_be_visible()
        answer = page.locator("details", has_text="27")
        answer.locator("summary").click()
        expect(answer).to_have_attribute("open", "")


def assert_accessible(page: Page) -> None:
    """Let axe-core look at a page in both themes, but not at its frames: they are pages, too."""
    options = {"iframes": False, "resultTypes": ["violations"]}
    for theme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        results = Axe().run(page, options=options | rules)
        assert not results.violations_count, results.generate_report()


STEMS = ["index", *(path.stem for path in NOTEBOOKS), *(f"answers-{path.stem}" for path in ANSWERS)]


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_of_the_course(whole: Built, page: Page, watch: Watch, stem: str) -> None:
    path = whole.folder / f"{stem}.html"
    assert path.stat().st_size < 5e6
    go(page, path)
    for n, _ in enumerate(page.locator("iframe").all(), 1):
        expect(frame(page, n).locator(".patchviz")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size({"width": 800, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
    for inner in sorted(whole.folder.glob(f"{stem}-explorer-*.html")):
        go(page, inner)
        page.locator("[data-ready='1']").wait_for()
        assert_accessible(page)
    assert stays_here(watch)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_runs(whole: Built, path: Path) -> None:
    """Each has run from top to bottom for the site, where explorers are pages."""
    for ran, stored in zip(
        whole.ran[path].cells, nbformat.read(path, as_version=4).cells, strict=True
    ):
        assert ran.source == stored.source
        put_out, expected = kinds_of(ran), kinds_of(stored)
        if "<iframe" in str(ran.get("outputs")) or "check_widgets" in ran.source:
            put_out, expected = ([kind for kind, _ in kinds] for kinds in (put_out, expected))
        assert put_out == expected


def test_the_whole_course(whole: Built) -> None:
    """Links lead to files, whose sizes are bearable; explorers and questions are all there."""
    assert whole.status == 0
    assert whole.printed.splitlines() == [
        *(f"{path.name} -> {path.stem}.html" for path in NOTEBOOKS),
        f"the site is ready: open {whole.folder / HOME} in a browser",
    ]
    folder = whole.folder
    assert sum(path.stat().st_size for path in folder.iterdir()) < 60e6
    for path in folder.glob("*.html"):
        assert path.stat().st_size < 5e6
        text = path.read_text("utf-8")
        assert not re.search(r"mathjax|require\.min|https?://(?!localhost)", text, re.IGNORECASE)
        for link in re.findall(r'(?:href|src)="([^"]*)"', text):
            if not link.startswith("data:"):
                assert (folder / link.partition("#")[0]).is_file(), (path.name, link)
    for path in NOTEBOOKS:
        page = (folder / f"{path.stem}.html").read_text("utf-8")
        cells = [cell["source"] for cell in nbformat.read(path, as_version=4).cells]
        surely = [cell for cell in cells if not cell.startswith("if have_torch()")]
        for call, mark, some in (
            (r"\bExplorer\(", "<iframe", surely),  # others with PyTorch
            (r"\bask\(", "data-answer=", cells),
        ):
            least, most = (len(re.findall(call, "\n".join(of))) for of in (some, cells))
            assert least <= page.count(mark) <= most
        assert "no answer yet" not in page
    home = (folder / HOME).read_text("utf-8")
    assert len(re.findall(r"<span>\d+ minutes</span><p>.+</p>", home)) == len(NOTEBOOKS)
    for path in ANSWERS:
        assert f'href="answers-{path.stem}.html"' in (folder / f"{path.stem}.html").read_text(
            "utf-8"
        )
