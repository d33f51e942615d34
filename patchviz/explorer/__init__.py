"""The widget `Explorer`: what it tells its front end, its ES modules, and the page it exports."""

from patchviz.explorer.export import export_page
from patchviz.explorer.widget import Explorer, check_widgets

__all__ = ["Explorer", "check_widgets", "export_page"]
