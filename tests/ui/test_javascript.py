"""The page's JavaScript: what is pure is tested by node's test runner, types are checked by TypeScript."""

from __future__ import annotations

import shutil
import subprocess

import pytest

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
