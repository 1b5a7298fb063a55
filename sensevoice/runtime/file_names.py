"""File names that every file system takes."""

from __future__ import annotations

from pathlib import PurePath

MAX_NAME_BYTES = 200
"""File systems take 255 bytes; the rest is for what is added to a name, such as ".partial.highlights.csv"."""

MAX_SUFFIX_BYTES = 20


def cut_to_bytes(text: str, most: int) -> str:
    """Return as many whole characters as fit into so many bytes of UTF-8; "?" for what is no character."""
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def short_stem(name: str, fallback: str) -> str:
    """Return a file's name without extension, at most MAX_NAME_BYTES long; `fallback` when it is empty."""
    return cut_to_bytes(PurePath(name).stem or fallback, MAX_NAME_BYTES)


def short_name(name: str, fallback: str) -> str:
    """Return a file's name, at most MAX_NAME_BYTES long, with its extension; `fallback` for an empty stem."""
    suffix = cut_to_bytes(PurePath(name).suffix, MAX_SUFFIX_BYTES)
    return cut_to_bytes(PurePath(name).stem or fallback, MAX_NAME_BYTES - len(suffix.encode())) + suffix
