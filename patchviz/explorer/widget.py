"""The explorer: one widget whose views are ES modules that share its model."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from numpy.typing import NDArray

from patchviz.data.cohort import Cohort
from patchviz.epochs.orders import ORDERS
from patchviz.explorer.answers import Answers, read_settings
from patchviz.explorer.bundle import SCRIPTS, STYLES, bundle
from patchviz.explorer.fallback import beside, write_picture
from patchviz.explorer.parts import check_lock, check_predict, check_show
from patchviz.grid.patch_grid import PADDING_MODES
from patchviz.grid.policies import POLICIES
from patchviz.scene.records import Scene
from patchviz.scene.settings import Settings

Source = Cohort | NDArray[Any] | str | os.PathLike[str] | None

BLANK_RULES = {
    "false": "keep all",
    "any": "skip: no foreground",
    "center": "skip: background at the centre",
    "0.01": "skip: below 1 % foreground",
    "0.05": "skip: below 5 % foreground",
}


class Explorer(anywidget.AnyWidget):
    """Look at a volume and the patches that it is cut into, and change how it is cut.

    Sliding, rotating and hovering happen in the browser alone; this side is asked for the Scene of
    settings that the browser hasn't seen yet, and for voxels, once: first the planes on show, then
    the whole volume behind them. Where image and label are more than 256 MiB, a byte per voxel and
    each, planes alone are sent, while they are slid through.

    Parameters
    ----------
    cohort_or_volume : Cohort, ndarray, or path, optional
        What to look at: a cohort; a 3-D array (or channel first, 4-D); a NIfTI file; a folder with
        one sub-folder a subject. By default a cohort of thirty synthetic heads.
    settings : Settings, optional
        Where to start.
    show : list of str, optional
        The parts to show, all by default: "sentence", "patch_size", "planes", "cage", "boards",
        "table", "queue", "batch", "split", "coverage", "picture", "settings", "policies",
        "ledger". Where there are four or fewer, those that fold are open.
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
    _css = STYLES / "explorer.css"

    settings = traitlets.Instance(Settings).tag(
        sync=True, to_json=lambda settings, _: asdict(settings), from_json=read_settings
    )
    selected = traitlets.Int().tag(sync=True)
    choices = traitlets.Dict(read_only=True).tag(sync=True)
    show = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    lock = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    predict = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    guesses = traitlets.Dict(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        cohort_or_volume: Source = None,
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
        chosen = {
            "show": check_show(show),
            "lock": check_lock(lock),
            "predict": check_predict(predict, scene),
        }
        super().__init__(settings=scene.settings, selected=scene.n_patches // 2)
        policies = POLICIES.values()
        choices = {
            "subject": {str(n): name for n, name in enumerate(facts.ids)},
            "policy": {p.name: f"{p.name}: {p.summary} ({p.reference})" for p in policies},
            "padding_mode": {mode: mode for mode in PADDING_MODES},
            "skip_blank": BLANK_RULES,
            "sampling": {
                "grid": "the grid",
                "uniform": "anywhere",
                "0.33": "with foreground",
                "0,1": "by class",
            },
            "order": {order: order.replace("_", " ") for order in ORDERS},
        }
        for name, value in {"choices": choices, **chosen}.items():
            self.set_trait(name, value)
        self.open_voxels = self._answers.open_voxels
        self.on_msg(self._answer)

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

    def _answer(self, _: Any, asked: dict[str, Any], __: Any) -> None:
        """Give the front end what it asks for."""
        for content, buffers in self._answers.to(asked):
            self.send(content, buffers)

    def export(
        self, path: str | os.PathLike[str], *, choices: Iterable[Settings] | None = None
    ) -> Path:
        """Write this explorer as one HTML file to hand out; see `export_page`."""
        from patchviz.explorer.export import export_page

        return export_page(self, path, choices=choices)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if self.predict:
            asked = [row.label for row in self.scene.ledger if row.key in self.predict]
            text = f"**Guess first:** {', '.join(asked)}. The picture comes where widgets run."
            return beside(bundle, "text/markdown", text)  # a picture would tell
        png = self._draw()
        bundle = beside(bundle, "image/png", base64.b64encode(png).decode())
        return beside(bundle, "text/html", write_picture(self.scene, png, self.show))

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


def _open_cohort(source: Source) -> Cohort:
    if source is None:
        return _heads()
    if isinstance(source, Cohort):
        return source
    if isinstance(source, (str, os.PathLike)):
        path = Path(source).expanduser()
        return Cohort.from_folder(path) if path.is_dir() else Cohort.from_files([path])
    return Cohort.from_arrays([source])
