"""The matplotlib views of a Scene, one a file: each `draw_*` draws into `ax`.

Without one it is pyplot's current, or all of a new figure that suits the view.
"""

from patchviz.figures.axis import draw_axis
from patchviz.figures.boards import draw_boards
from patchviz.figures.explorer import draw_explorer, explorer_png
from patchviz.figures.ledger import draw_ledger
from patchviz.figures.patch import draw_patch
from patchviz.figures.plane import draw_plane
from patchviz.figures.queue import draw_queue
from patchviz.figures.track import draw_padding_track

__all__ = [
    "draw_axis",
    "draw_boards",
    "draw_explorer",
    "draw_ledger",
    "draw_padding_track",
    "draw_patch",
    "draw_plane",
    "draw_queue",
    "explorer_png",
]
