"""The ES modules in the order they need each other, and as one string that loads anywhere."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path

SCRIPTS = Path(__file__).parent / "js"
STYLES = Path(__file__).parent / "styles"

_IMPORT = re.compile(r'from "(\.\.?/[\w/]+\.js)"')

# What a widget loads. Modules of equal text are loaded once a page, so that cells that run again
# add none; those of another version have another name. Their URLs are needed until then only.
_LOADER = """\
const loaded = (globalThis[Symbol.for("patchviz modules")] ??= new Map());

async function load(sources) {
  const urls = {};
  for (const [name, source] of sources) {
    const link = (_, other) => `from "${urls[other]}"`;
    const linked = source.replace(/from "([\\w/]+\\.js)"/g, link);
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
    """Read an ES module and all that it imports, each after those that it needs, by their names.

    `entry` lies in a folder of the folder that holds all of them, as ``js/pages/index.js``; the
    path from there, ``pages/index.js``, is its name, by which sources import each other. Modules
    that do so in a circle are a ``ValueError``.
    """
    root = entry.resolve().parents[1]
    sources: dict[str, str] = {}

    def visit(path: Path, above: tuple[str, ...]) -> str:
        name = path.relative_to(root).as_posix()
        if name in above:
            circle = " -> ".join([*above[above.index(name) :], name])
            raise ValueError(f"modules must not import each other in a circle, got {circle}")
        if name not in sources:

            def link(match: re.Match[str]) -> str:
                return f'from "{visit((path.parent / match[1]).resolve(), (*above, name))}"'

            sources[name] = _IMPORT.sub(link, path.read_text("utf-8"))
        return name

    visit(entry.resolve(), ())
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
        encoded = base64.b64encode(source.encode()).decode()
        urls[name] = f"data:text/javascript;base64,{encoded}"
    return (
        f'<script type="importmap">{json.dumps({"imports": urls})}</script>\n'
        f'<script type="module">import "{name}";</script>'
    )
