"""The explorer: one widget whose views are ES modules that share its model."""

from __future__ import annotations

import base64
import os
import re
import weakref
from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython import get_ipython
from ipywidgets.widgets import widget as registry

from patchviz.arguments import Array, require_choice
from patchviz.data.cohort import Cohort
from patchviz.epochs.orders import ORDERS
from patchviz.explorer.answers import Answers, read_settings
from patchviz.explorer.bundle import SCRIPTS, STYLES, bundle
from patchviz.explorer.export import export_page, write_picture
from patchviz.grid.patch_grid import PADDING_MODES
from patchviz.grid.policies import POLICIES
from patchviz.scene.records import Scene
from patchviz.scene.settings import Settings

Explorable = Cohort | Array | str | os.PathLike[str] | None

_LIST = (SCRIPTS / "pages/parts.js").read_text("utf-8")
PARTS = tuple(re.findall(r"^  (\w+): \{ render", _LIST, re.MULTILINE))  # in the page's order
CHOICES = {  # what settings can be chosen, and how that is called
    "policy": {p.name: f"{p.name}: {p.summary} ({p.reference})" for p in POLICIES.values()},
    "padding_mode": {mode: mode for mode in PADDING_MODES},
    "skip_blank": {
        "false": "keep all",
        "any": "skip: no foreground",
        "center": "skip: background at the centre",
        "0.01": "skip: below 1 % foreground",
        "0.05": "skip: below 5 % foreground",
    },
    "sampling": {
        "grid": "the grid",
        "uniform": "anywhere",
        "0.33": "with foreground",
        "0,1": "by class",
    },
    "order": {order: order.replace("_", " ") for order in ORDERS},
}


class Widget(anywidget.AnyWidget):
    """A widget with something to read in its place where widgets don't run."""

    def _stand_in(self) -> dict[str, str]:
        """Give what stands in its place, by MIME type."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle
        return {**data, **self._stand_in()}, metadata


class Explorer(Widget):
    """Look at a volume and the patches that it is cut into, and change how it is cut.

    Sliding, rotating and hovering happen in the browser alone; this side is asked for the Scene of
    settings that the browser hasn't seen yet, and for voxels, once: first the planes on show, then
    the whole volume behind them. Where image and label are more than 256 MiB, a byte per voxel and
    each, planes alone are sent, while they are slid through.

    One that isn't on a page any more lives as long as a variable holds it; `close` takes it from
    all pages.

    Parameters
    ----------
    cohort_or_volume : Cohort, ndarray, nibabel image, or path, optional
        What to look at: a cohort; a 3-D array (or channel first, 4-D); an image of nibabel's; a
        NIfTI file; a folder with one sub-folder a subject. By default thirty synthetic heads.
    settings : Settings, optional
        Where to start.
    show : list of str, optional
        The parts to show, by their names; by default all, which the attribute `show` then lists.
        Where there are four or fewer, those that fold are open.
    lock : list of str, optional
        Settings that can't be changed on the page, by their names; from Python they still can.
    predict : list of str, optional
        Numbers that have to be guessed first, by the keys of the ledger's rows: "counts",
        "n_patches", "overflow", "start", "padding", "unseen", "n_queue", "n_steps" and others.
        Until each has a guess and *reveal* is pressed, the grid and all that tells of it stay
        covered; other settings cover it again.

    Attributes
    ----------
    settings : Settings
        What is chosen at present; set it and the picture follows.
    scene : Scene
        The present picture, in numbers and words.
    selected : int
        The selected patch, counted from 0.
    guesses : dict of str to str
        What was guessed last, by the names in `predict`.

    Raises
    ------
    ValueError, TypeError, DataError, FileNotFoundError
        For data that can't be shown, settings that don't fit it, or names that nothing has, with
        the reason.
    """

    _esm = bundle(SCRIPTS / "pages/index.js")
    _css = (STYLES / "explorer.css").read_text("utf-8")  # with a path anywidget keeps each instance

    settings = traitlets.Instance(Settings).tag(
        sync=True, to_json=lambda settings, _: asdict(settings), from_json=read_settings
    )
    selected = traitlets.Int().tag(sync=True)
    choices = traitlets.Dict(read_only=True).tag(sync=True)
    show = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    lock = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    predict = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    guesses = traitlets.Dict(traitlets.Unicode()).tag(sync=True)

    _on_pages: ClassVar[set[Explorer]] = set()  # those that a page shows are kept for it

    def __init__(
        self,
        cohort_or_volume: Explorable = None,
        *,
        settings: Settings | None = None,
        show: Iterable[str] | None = None,
        lock: Iterable[str] | None = None,
        predict: Iterable[str] | None = None,
    ):
        self.cohort = _open_cohort(cohort_or_volume)
        facts = self.cohort.facts
        for name, shape in zip(facts.ids, facts.shapes, strict=True):
            if len(shape) != 3:
                raise ValueError(
                    f"`cohort_or_volume` must hold 3-D volumes, got shape {shape} in {name}"
                )
        self._answers = Answers(self.cohort)
        scene = self._answers.describe(settings or Settings())
        numbers = [row.key for row in scene.ledger]
        chosen = {
            "choices": {"subject": {str(n): id for n, id in enumerate(facts.ids)}, **CHOICES},
            "show": list(PARTS) if show is None else _check("show", show, PARTS),
            "lock": _check("lock", lock or (), [field.name for field in fields(Settings)]),
            "predict": _check("predict", predict or (), numbers),
        }
        super().__init__(settings=scene.settings, selected=scene.n_patches // 2)
        for name, value in chosen.items():
            self.set_trait(name, value)
        self.on_msg(self._hear)
        self._let_go()

    @property
    def scene(self) -> Scene:
        """The picture that the present settings give."""
        return self._answers.describe(self.settings)

    @traitlets.validate("settings")
    def _resolve_settings(self, proposal: Any) -> Settings:
        return self._answers.describe(proposal["value"]).settings

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Any) -> int:
        selected, n_patches = proposal["value"], self.scene.n_patches
        if not 0 <= selected < n_patches:
            raise ValueError(f"`selected` must be from 0 to {n_patches - 1}, got {selected}")
        return int(selected)

    def _hear(self, _: Any, asked: dict[str, Any], __: Any) -> None:
        """Give a page what it asks for, or learn that none shows this explorer any more."""
        if asked["kind"] == "gone":
            self._on_pages.discard(self)
            _forget_output(self)
        else:
            self._on_pages.add(self)
            self.send(*self._answers.to(**asked))

    def _let_go(self) -> None:
        """Leave it to `_on_pages` to keep this explorer: the registry of widgets keeps all."""
        handle = weakref.WeakMethod(self._handle_msg)
        self.comm.on_msg(lambda message: (method := handle()) and method(message))
        registry._instances[self.model_id] = weakref.proxy(self)

    def close(self) -> None:
        """Take the explorer from all pages."""
        self._on_pages.discard(self)
        super().close()

    def export(
        self, path: str | os.PathLike[str], *, choices: Iterable[Settings] | None = None
    ) -> Path:
        """Write this explorer as one HTML file to hand out; see `export_page`."""
        state = self.get_state(list(Explorer.class_own_traits(sync=True)))
        return export_page(path, self.cohort, self.settings, state, choices=choices)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._on_pages.add(self)
        return super()._repr_mimebundle_(**kwargs)

    def _stand_in(self) -> dict[str, str]:
        if self.predict:
            asked = [row.label for row in self.scene.ledger if row.key in self.predict]
            text = f"**Guess first:** {', '.join(asked)}. The picture comes where widgets run."
            return {"text/markdown": text}  # a picture would tell
        png = base64.b64encode(self._draw()).decode()
        return {"image/png": png, "text/html": write_picture(self.scene, png, self.show)}

    def _draw(self) -> bytes:
        """Draw the plane that stands where widgets don't run."""
        from patchviz.figures import plane_png

        scene = self.scene
        try:
            subject = self.cohort[scene.settings.subject]
            return plane_png(scene, subject.image[scene.settings.channel], subject.label)
        except (ValueError, OSError):  # the front end is told why when it asks for voxels
            return plane_png(scene)


@cache
def _heads() -> Cohort:
    """Make the cohort that stands in for data; once, so that heads are drawn once a kernel."""
    return Cohort.phantom()


def _open_cohort(source: Explorable) -> Cohort:
    if source is None:
        return _heads()
    if isinstance(source, Cohort):
        return source
    if isinstance(source, (str, os.PathLike)):
        path = Path(source).expanduser()
        return Cohort.from_folder(path) if path.is_dir() else Cohort.from_files([path])
    return Cohort.from_arrays([source])


def _check(argument: str, names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the names that a teacher chose, each once."""
    if isinstance(names, str):
        raise TypeError(f"`{argument}` must be a list of names, got {names!r}")
    unique = list(dict.fromkeys(names))
    for name in unique:
        require_choice(argument, name, known)
    return unique


def _forget_output(widget: Widget) -> None:
    """Take a widget whose output is gone from IPython's history, which keeps it for good."""
    if (shell := get_ipython()) is None:
        return
    outputs = shell.user_ns.get("_oh", {})
    for space in (shell.user_ns, shell.user_ns_hidden, outputs, vars(shell.displayhook)):
        for name, value in list(space.items()):
            if value is widget and not str(name).strip("_0123456789"):  # as _, __ and _12
                space[name] = None


class WidgetCheck(Widget):
    """Says in the browser that widgets work."""

    _esm = """export default { render({ el }) {
        el.innerHTML = '<p role="status">✓ Widgets work here: go on to the next cell.</p>';
    } };"""

    def _stand_in(self) -> dict[str, str]:
        return {"text/markdown": _REMEDY}


_REMEDY = """**Widgets are not running here** (or this is a saved page). To make them run:

1. start JupyterLab with the command `patchviz`, from the environment where patchviz is installed;
2. choose *Run > Run All Cells*;
3. if this text stays, JupyterLab and the notebook's kernel live in different environments: install
   `anywidget` where JupyterLab runs, start it anew and reload the page."""


def check_widgets() -> Any:
    """Show a line that says whether widgets work, and what to do where they don't."""
    return WidgetCheck()
