"""Minutes as JSON for programs and for the page; times in seconds."""

from __future__ import annotations

from typing import Any

from sensevoice.minutes.model import SECTIONS, KeptMinutes, Statement


def kept_shape(kept: KeptMinutes, version: int) -> dict[str, Any]:
    """Return kept minutes; `version` is that of the record now."""
    sections: dict[str, Any] = {
        name: [_statement_shape(each) for each in kept.minutes.section(name)] for name in SECTIONS
    }
    return {
        "model": kept.model,
        "created_at": int(kept.made_s),
        "language": kept.locale,
        "outdated": kept.version != version,
        "dropped": kept.minutes.dropped,
        **sections,
    }


def _statement_shape(statement: Statement) -> dict[str, Any]:
    rows = [
        {"id": cite.row, "start": cite.start_ms / 1000, "end": cite.end_ms / 1000} for cite in statement.cites
    ]
    return {"text": statement.text, "who": statement.who, "rows": rows}
