"""The explorer: one widget whose views are ES modules that share its model."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from patchviz.coverage import compute_coverage, describe_coverage
from patchviz.explorer.modules import bundle
from patchviz.explorer.parts import check_lock, check_predict, check_show
from patchviz.explorer.voxels import Voxels, grey_range, to_greys
from patchviz.facts import CohortFacts
from patchviz.grid import PADDING_MODES
from patchviz.orders import ORDERS
from patchviz.patches import cut_patch
from patchviz.policies import POLICIES
from patchviz.scene import Scene, resolve
from patchviz.settings import Settings, make_patches, make_queue
from patchviz.volumes import Cohort

Source = Cohort | NDArray[Any] | str | os.PathLike[str] | None

HERE = Path(__file__).parent
BLANK_RULES = {
    "false": "keep all",
    "any": "skip: no foreground",
    "center": "skip: background at the centre",
    "0.01": "skip: below 1 % foreground",
    "0.05": "skip: below 5 % foreground",
}


def _from_dict(content: dict[str, Any], _: Any = None) -> Settings:
    """Make the settings that the front end sends: its lists are tuples here."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
    return Settings(**values)


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
        "ledger".
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

    _esm = bundle(HERE / "index.js")
    _css = HERE / "explorer.css"

    settings = traitlets.Instance(Settings).tag(
        sync=True, to_json=lambda settings, _: asdict(settings), from_json=_from_dict
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
        scene = resolve(settings or Settings(), facts)
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
            "order": {order: order.replace("_", " ") for order in ORDERS},
        }
        for name, value in {"choices": choices, **chosen}.items():
            self.set_trait(name, value)
        # found once; of volumes, the one on show stays open
        self._grey_range = cache(lambda n, channel: grey_range(self.cohort[n].image[channel]))
        self.open_voxels = lru_cache(maxsize=1)(self._open_voxels)
        self.on_msg(self._answer)

    @property
    def scene(self) -> Scene:
        """The picture that the present settings give."""
        return resolve(self.settings, self.cohort.facts)

    @traitlets.validate("settings")
    def _resolve_settings(self, proposal: Any) -> Settings:
        return resolve(proposal["value"], self.cohort.facts).settings

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Any) -> int:
        selected, n_patches = proposal["value"], self.scene.n_patches
        if not 0 <= selected < n_patches:
            raise ValueError(f"`selected` must be from 0 to {n_patches - 1}, got {selected}")
        return int(selected)

    def _answer(self, _: Any, asked: dict[str, Any], __: Any) -> None:
        """Give the front end what it asks for."""
        if asked["kind"] == "scene":
            self.send({"kind": "scene", **self._try_scene(asked["settings"])})
        elif asked["kind"] == "ahead":
            tried = [self._try_scene(settings) for settings in asked["settings"]]
            self.send({"kind": "ahead", "scenes": [t["scene"] for t in tried if "scene" in t]})
        elif asked["kind"] == "patches":
            self._send_patches(_from_dict(asked["settings"]), asked["axis"], asked["entries"])
        elif asked["kind"] == "queue":
            self._send_queue(_from_dict(asked["settings"]))
        elif asked["kind"] == "coverage":
            self._send_coverage(_from_dict(asked["settings"]), asked["n_epochs"])
        elif asked["kind"] == "comparison":
            rows = resolve(_from_dict(asked["settings"]), self.cohort.facts).comparison
            self.send({"kind": "comparison", "rows": [asdict(row) for row in rows]})
        elif asked["kind"] in ("volume", "plane", "voxels"):
            try:
                self._send_voxels(**asked)
            except (ValueError, OSError) as error:
                self.send({**asked, "kind": "failure", "text": str(error)})

    def _try_scene(self, settings: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"scene": resolve(_from_dict(settings), self.cohort.facts).to_json()}
        except (ValueError, TypeError) as error:
            control = re.match(r"`(\w+)`", str(error))
            return {"control": control and control[1], "text": str(error).replace("`", "")}

    def _send_queue(self, settings: Settings) -> None:
        content, order = pack_queue(settings, self.cohort.facts)
        self.send(content, [order])

    def _send_coverage(self, settings: Settings, n_epochs: int) -> None:
        coverage = compute_coverage(settings, self.cohort.facts, n_epochs)
        shares = coverage.shares
        content = {
            "kind": "coverage",
            "edges": coverage.edges,
            "shares": shares,
            "text": describe_coverage(coverage, n_epochs),
        }
        counts = np.minimum(coverage.counts, 2**16 - 1).astype("<u2")
        self.send(content, [counts.tobytes()])

    def _send_patches(
        self, settings: Settings, axis: int, entries: Sequence[tuple[int, int]]
    ) -> None:
        """Send each patch's slice through the middle of what is image in it."""
        pictures = [self._cut(settings, axis, *entry) for entry in entries]
        content = {"kind": "patches", "axis": axis, "entries": entries, "shape": pictures[0].shape}
        self.send(content, [b"".join(picture.tobytes() for picture in pictures)])

    def _cut(self, settings: Settings, axis: int, n: int, patch: int) -> NDArray[np.uint8]:
        volume = self.cohort[n].image[settings.channel]
        grid = make_patches(settings, self.cohort.facts, n)
        corner, size = list(grid[patch]), list(grid.patch_size)
        middle = max(0, corner[axis]), min(corner[axis] + size[axis], volume.shape[axis])
        corner[axis], size[axis] = sum(middle) // 2, 1
        slice_ = cut_patch(volume, corner, size, settings.padding_mode).squeeze(axis)
        return to_greys(slice_, *self._grey_range(n, settings.channel))

    def _open_voxels(self, n: int, channel: int) -> Voxels:
        subject = self.cohort[n]
        return Voxels(subject.image[channel], subject.label, self._grey_range(n, channel))

    def _send_voxels(self, kind: str, subject: int, channel: int, **asked: Any) -> None:
        """Send about a volume what the front end asks for: first what and how large it is.

        Then come the planes on show, or one, or a piece of it all.
        """
        voxels = self.open_voxels(subject, channel)
        which = {"subject": subject, "channel": channel}
        planes = []
        if kind == "volume":
            self.send({"kind": kind, **which, **voxels.describe(), "note": voxels.note})
            planes = list(enumerate(asked["position"]))
        elif kind == "plane":
            planes = [(asked["axis"], asked["index"])]
        else:
            chunk = voxels.chunk(asked["part"], asked["offset"])
            self.send({"kind": kind, **which, **asked}, [chunk.data])
        for axis, index in planes:
            cut = [part.ravel().data for part in voxels.plane(axis, index)]
            self.send({"kind": "plane", **which, "axis": axis, "index": index}, cut)

    def export(
        self, path: str | os.PathLike[str], *, choices: Iterable[Settings] | None = None
    ) -> Path:
        """Write this explorer as one HTML file to hand out; see `patchviz.export.export_page`."""
        from patchviz.export import export_page

        return export_page(self, path, choices=choices)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from patchviz.figures import explorer_png

        scene = self.scene
        subject = self.cohort[scene.settings.subject]
        try:
            png = explorer_png(scene, subject.image[scene.settings.channel], subject.label)
        except (ValueError, OSError):  # the front end is told why when it asks for voxels
            png = explorer_png(scene)
        return beside(
            super()._repr_mimebundle_(**kwargs), "image/png", base64.b64encode(png).decode()
        )


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


def pack_queue(settings: Settings, facts: CohortFacts) -> tuple[dict[str, Any], bytes]:
    """Give the message on the queue of the epoch shown, and its order as little-endian int32."""
    queue = make_queue(settings, facts)
    sizes = [len(grid) for grid in queue.grids]
    caches = [c for c in (1, 2, 4, 8, 16) if c < len(sizes)] + [len(sizes)]
    content = {
        "kind": "queue",
        "epoch": settings.epoch,
        "subjects": np.asarray(queue.subjects).tolist(),
        "sizes": sizes,
        "reads": [[cache, queue.count_reads(cache)] for cache in caches],
    }
    return content, queue.order.astype("<i4").tobytes()


def beside(bundle: Any, mime_type: str, content: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Put beside a widget what stands in its place where widgets don't run."""
    data, metadata = bundle
    return {**data, mime_type: content}, metadata


class _Check(anywidget.AnyWidget):
    """Says in the browser that widgets work."""

    _esm = """export default { render({ el }) {
        el.innerHTML = '<p role="status">✓ Widgets work here: go on to the next cell.</p>';
    } };"""

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return beside(super()._repr_mimebundle_(**kwargs), "text/markdown", _REMEDY)


_REMEDY = """**Widgets are not running here** (or this is a saved page). To make them run:

1. start JupyterLab with the command `patchviz`, from the environment where patchviz is installed;
2. choose *Run > Run All Cells*;
3. if this text stays, JupyterLab and the notebook's kernel live in different environments: install
   `anywidget` where JupyterLab runs, start it anew and reload the page."""


def check_widgets() -> Any:
    """Show a line that says whether widgets work, and what to do where they don't."""
    return _Check()
