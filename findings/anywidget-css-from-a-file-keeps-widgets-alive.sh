#!/usr/bin/env bash
# anywidget 0.11.0 (ipywidgets 8.1.9): a closed widget is never freed where `_css` is a path.
#
# Five widgets are made, closed and dropped; then the garbage collector runs. Seen:
#   `_css` is a text:            0 of 5 are alive
#   `_css` is a pathlib.Path:    5 of 5 are alive
# The class watches a file's content for changes, and each instance leaves a callback there that
# holds the instance, with all data that hangs on it; `close()` doesn't take it away. A notebook
# cell that shows a large array and runs again keeps every array. (patchviz hands over texts.)
# The project knows of it: manzt/anywidget issue 929.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check anywidget==0.11.0 ipywidgets==8.1.9
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import gc
import weakref
from pathlib import Path

import anywidget

Path("style.css").write_text("p { color: red }")


def count_alive(css):
    class Widget(anywidget.AnyWidget):
        _esm = "export default { render() {} }"
        _css = css

    references = []
    for _ in range(5):
        widget = Widget()
        references.append(weakref.ref(widget))
        widget.close()
        del widget
    gc.collect()
    return sum(reference() is not None for reference in references)


as_text, as_path = count_alive("p { color: red }"), count_alive(Path("style.css"))
print(f"alive of 5: {as_text} with a text, {as_path} with a path")
assert (as_text, as_path) == (0, 5)
PYTHON
