"""The explorer's ES modules, run by Node: no browser is needed for what has nothing to draw."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from patchviz.explorer.bundle import SCRIPTS


def run_node(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node on what is `given` to it, and return what it prints; without one, skip."""
    if (node := shutil.which("node")) is None:
        pytest.skip("Node isn't found: install it from nodejs.org to test the explorer's logic")
    return subprocess.run([node, *arguments], input=given, capture_output=True, encoding="utf-8")


def ask_node(module: str, code: str, given: Any) -> Any:
    """Return the `answer` that code finds to what is `given`, with a module's exports as `it`."""
    source = f"""import {{ readFileSync }} from "node:fs";
    import * as it from {json.dumps((SCRIPTS / module).as_uri())};
    const given = JSON.parse(readFileSync(0, "utf-8"));
    {code}
    console.log(JSON.stringify(answer));"""
    done = run_node("--input-type=module", "--eval", source, given=json.dumps(given))
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)
