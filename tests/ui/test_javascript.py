"""The page's JavaScript: what is pure is tested by node's own test runner."""

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
