"""The matplotlib views of a Scene, one a file: each `draw_*` draws into `ax`.

Without one it is pyplot's current, or all of a new figure that suits the view.
"""

from patchviz.figures.axis import draw_axis
from patchviz.figures.patch import draw_patch
from patchviz.figures.plane import draw_plane, plane_png
from patchviz.figures.size_sweep import draw_padding_track

__all__ = [
    "draw_axis",
    "draw_padding_track",
    "draw_patch",
    "draw_plane",
    "plane_png",
]
