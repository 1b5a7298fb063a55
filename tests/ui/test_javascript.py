"""The page's JavaScript: what is pure is tested by node's test runner, types are checked by TypeScript."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sensevoice.ui.routes import STATIC
from sensevoice.ui.script_bundle import ENTRIES, bundle
from tests.conftest import ROOT


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_what_is_pure_computes_what_it_should() -> None:
    tests = ROOT / "tests" / "javascript" / "pure.test.mjs"
    ended = subprocess.run(["node", "--test", str(tests)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.skipif(shutil.which("tsc") is None, reason="npm install -g typescript")
def test_types_hold_in_the_modules_that_ask_for_it() -> None:
    """Those with `// @ts-check` in their first line."""
    config = ROOT / "tests" / "javascript" / "tsconfig.json"
    ended = subprocess.run(["tsc", "-p", str(config)], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout


def test_the_bundle_holds_every_module_once_and_exports_what_the_page_starts_with(tmp_path: Path) -> None:
    script = bundle(STATIC)
    for path in STATIC.glob("*.js"):
        assert script.count(f"const $_{path.stem} = (() => {{") == 1, path
    assert not re.search(r"^import\b", script, re.MULTILINE)
    for name in ("mount", "nameBoxes", "watchUploads", "showAccount"):
        assert re.search(rf"^export const {{ [^}}]*\b{name}\b", script, re.MULTILINE)


def test_a_line_that_the_bundle_does_not_understand_is_named(tmp_path: Path) -> None:
    for name in ENTRIES:
        (tmp_path / f"{name}.js").write_text("export const a = 1;\n")
    (tmp_path / "main.js").write_text('import * as all from "./other.js";\n')
    with pytest.raises(ValueError, match=r"main\.js: import \* as all"):
        bundle(tmp_path)
