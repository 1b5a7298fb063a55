"""People are named, and rows corrected, while a recording is made; the record of the whole has it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conftest import SAMPLES
from tests.live.talk import House, Talker, frames_of, sound_of

FRAMES = frames_of(sound_of(SAMPLES["customer_call"].path)) * 2


def settled_speech(talker: Talker) -> int | None:
    """Return the number of a settled row of somebody."""
    rows = enumerate(talker.rows[: talker.settled])
    return next((number for number, row in rows if row["text"] and row["speaker"]), None)


def test_names_and_corrections_outlive_the_process_and_reach_the_record(
    tmp_path: Path, scheduled: Any
) -> None:
    house = House(tmp_path / "data", scheduled)
    with house.client().websocket_connect("/live") as socket:
        talker = Talker(socket).start(speakers="auto")
        frames = list[bytes]()
        while (number := settled_speech(talker)) is None:  # the voices are loaded beside, and no row waits
            frames += FRAMES
            talker.send_all(frames, len(frames) - len(FRAMES))
            talker.hear_all(len(frames) * 100)
        row, job = talker.rows[number], talker.session
        typed = f"{row['text']}（已核对）"
        socket.send_json({"type": "name", "speaker": row["speaker"], "name": "王 女士"})
        correction = {"type": "correct", "row": number, "start_ms": row["start_ms"]}
        socket.send_json({**correction, "text": typed})
        next(message for message in talker.messages() if talker.rows[number]["text"] == typed)
        socket.send_json({**correction, "start_ms": row["start_ms"] + 1, "text": "x"})
        refused = talker.until("error")
        assert (refused["code"], refused["fatal"]) == ("row_changed", False)
        socket.send_json({"type": "name", "speaker": "S99999", "name": "x"})
        assert talker.until("error")["fatal"] is False
        socket.send_json({"type": "captions", "on": True})
        token = talker.until("captions")["token"]
    house.close()

    again = House(tmp_path / "data", scheduled)
    try:
        with again.client().websocket_connect(f"/captions/live?captions={token}") as captions:
            state = Talker(captions).until("state")
            assert state["names"] == {row["speaker"]: "王 女士"}
        with again.client().websocket_connect("/live") as socket:
            talker = Talker(socket).resume(job)
            talker.hear_all(len(frames) * 100)
            assert talker.rows[number] == {**row, "text": typed, "edited": True}
            talker.stop(len(frames))
        record = again.record(job)
    finally:
        again.close()
    assert "王 女士" in [speaker.name for speaker in record.speakers]
    if not any(each.name == "live_correction_lost" for each in record.diagnostics):
        assert any("（已核对）" in each.text and each.original for each in record.segments)
