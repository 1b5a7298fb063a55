"""The colour of each emotion in captions: light tints, legible on video and on black."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EMOTION_COLOURS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "HAPPY": (0xFF, 0xC5, 0x3D),
        "SAD": (0x7C, 0xB7, 0xFF),
        "ANGRY": (0xFF, 0x7A, 0x5C),
        "FEARFUL": (0xC9, 0xA6, 0xFF),
        "DISGUSTED": (0x7B, 0xD8, 0x8F),
        "SURPRISED": (0xFF, 0x9A, 0xD5),
    }
)
"""Emotion → red, green, blue: amber, blue, red-orange, violet, green, pink; contrast 7:1 or more on black."""
