"""Cuts of recordings: chosen rows as clips in a zip, or one after the other as a reel with its subtitles.

plan.py says where each clip begins and ends, subtitles.py what is said at which time of the reel, cutting.py
brings it together, running.py does so for the page, and encoder.py runs worker/, the confined process that
reads and writes media: nothing else here imports FFmpeg.
"""

from __future__ import annotations

from sensevoice.clips.cutting import Made, make
from sensevoice.clips.model import Clip, CutSettings, Take

__all__ = ["Clip", "CutSettings", "Made", "Take", "make"]
