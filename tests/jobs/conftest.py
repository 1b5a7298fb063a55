"""What several tests of jobs begin with."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "客服.wav"
    path.write_bytes(b"RIFF" + bytes(1000))
    return path
