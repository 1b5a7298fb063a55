"""What a fresh process, in which nothing of funasr is imported yet, can load."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from sensevoice.models.sources import demo
from tests.conftest import ROOT

RELEASED_EXTRAS = """
dataset: SenseVoiceCTCDataset
dataset_conf:
  sos: ${model_conf.sos}
specaug: SpecAugLFR
specaug_conf:
  apply_time_warp: false
  apply_freq_mask: true
  freq_mask_width_range: [0, 30]
  lfr_rate: 6
  num_freq_mask: 1
  apply_time_mask: true
  time_mask_width_range: [0, 12]
  num_time_mask: 1
"""
"""What the released config.yaml names beyond the bundled one: parts that only training uses."""

LOAD_MODEL = """
import sys
from pathlib import Path
from sensevoice.models import funasr_model
model = funasr_model.open_model("SenseVoiceSmall", Path(sys.argv[1]), "cpu")
print(type(model.model).__name__)
"""


def in_a_fresh_process(code: str, *arguments: str) -> str:
    """Return the last line that a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[-2]


def test_a_model_with_the_entries_of_the_released_one_loads(tmp_path: Path) -> None:
    directory = shutil.copytree(demo.ASR_DIR, tmp_path / "model")
    with open(directory / "config.yaml", "a", encoding="utf-8") as config:
        config.write(RELEASED_EXTRAS)
    assert in_a_fresh_process(LOAD_MODEL, str(directory)) == "TimedSenseVoiceSmall"


def test_what_is_not_there_yet_is_imported_when_a_configuration_names_it() -> None:
    code = """
from sensevoice.models import registry
from sensevoice.models.funasr_imports import import_what_is_named
from funasr.register import tables
found = [len(tables.model_classes), "ConformerEncoder" in tables.encoder_classes]
import_what_is_named({"encoder": "SenseVoiceEncoderSmall", "model": None})
found.append("ConformerEncoder" in tables.encoder_classes)
import_what_is_named({"encoder": "ConformerEncoder"})
print(*found[1:], "ConformerEncoder" in tables.encoder_classes, len(tables.model_classes) > found[0])
"""
    assert in_a_fresh_process(code) == "False False True True"
