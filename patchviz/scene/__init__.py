"""Everything that is drawn or said about some settings on some data, as one frozen description."""

from patchviz.scene.comparison import compare
from patchviz.scene.peer_calls import write_calls
from patchviz.scene.records import Scene
from patchviz.scene.resolve import resolve
from patchviz.scene.settings import Settings

__all__ = [
    "Scene",
    "Settings",
    "compare",
    "resolve",
    "write_calls",
]
