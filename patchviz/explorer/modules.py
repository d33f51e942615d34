"""The ES modules in the order they need each other, and as one string that loads anywhere."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path

_IMPORT = re.compile(r'from "\./(\w+\.js)"')

# What a widget loads. Modules of equal text are loaded once a page, so that cells that run again
# add none; those of another version have another name. Their URLs are needed until then only.
_LOADER = """\
const loaded = (globalThis[Symbol.for("patchviz modules")] ??= new Map());

async function load(sources) {
  const urls = {};
  for (const [name, source] of sources) {
    const link = (_, other) => `from "${urls[other]}"`;
    const linked = source.replace(/from "\\.\\/(\\w+\\.js)"/g, link);
    urls[name] = URL.createObjectURL(new Blob([linked], { type: "text/javascript" }));
  }
  try {
    return (await import(urls[sources.at(-1)[0]])).default;
  } finally {
    Object.values(urls).forEach((url) => URL.revokeObjectURL(url));
  }
}

if (!loaded.has(NAME)) loaded.set(NAME, load(SOURCES));
export default await loaded.get(NAME);
"""


def read_modules(entry: Path) -> dict[str, str]:
    """Read an ES module and all that it imports, each after those that it needs.

    Parameters
    ----------
    entry : Path
        It and the others are in one folder, and import by ``from "./name.js"`` only.

    Returns
    -------
    dict of str to str
        Source by file name; `entry` is the last.

    Raises
    ------
    ValueError
        For modules that import each other in a circle, with their names.
    """
    sources: dict[str, str] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            circle = " -> ".join([*above[above.index(name) :], name])
            raise ValueError(f"modules must not import each other in a circle, got {circle}")
        if name in sources:
            return
        source = entry.with_name(name).read_text("utf-8")
        for other in _IMPORT.findall(source):
            visit(other, (*above, name))
        sources[name] = source

    visit(entry.name, ())
    return sources


def bundle(entry: Path) -> str:
    """Return one ES module that holds another with all that it imports, and exports its default.

    It needs no server: each module becomes a ``blob:`` URL, once. See `read_modules`.
    """
    sources = json.dumps(list(read_modules(entry).items()), ensure_ascii=False)
    name = json.dumps(sha256(sources.encode()).hexdigest()[:16])
    return _LOADER.replace("NAME", name).replace("SOURCES", sources)


def write_script(entry: Path) -> str:
    """Return the elements of an HTML page that run an ES module, with all that it imports.

    Each module becomes a ``data:`` URL with a name, which a page may load that loads nothing else.
    See `read_modules`.
    """
    urls = {}
    for name, source in read_modules(entry).items():
        linked = source.replace('from "./', 'from "')
        encoded = base64.b64encode(linked.encode()).decode()
        urls[name] = f"data:text/javascript;base64,{encoded}"
    return (
        f'<script type="importmap">{json.dumps({"imports": urls})}</script>\n'
        f'<script type="module">import "{entry.name}";</script>'
    )
