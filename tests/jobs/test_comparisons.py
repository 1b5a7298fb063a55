"""The row of a job in the table of all jobs is computed once for each version of its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sensevoice.analysis.comparison import Comparison
from sensevoice.jobs import Job, JobStore, comparisons
from sensevoice.jobs.comparisons import compared
from sensevoice.jobs.editing.edits import Change
from sensevoice.options import Options
from tests.ui.ui_script import CALL, Script, call, runner_of


@pytest.fixture
def done(tmp_path: Path) -> Iterator[tuple[JobStore, Job]]:
    recording = tmp_path / "call.wav"
    recording.write_bytes(b"RIFF")
    runner = runner_of(Script(call()), tmp_path)
    job = runner.submit(recording, Options())
    assert runner.wait_for_end(job.id, 10.0)
    yield runner.store, runner.store.job(job.id)
    runner.close()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often something was computed."""
    times: list[str] = []
    compute: Callable[[Any], Comparison] = comparisons.comparison
    monkeypatch.setattr(comparisons, "comparison", lambda record: times.append("") or compute(record))
    return times


def test_once_for_each_version_of_the_record(done: tuple[JobStore, Job], computed: list[str]) -> None:
    store, job = done
    first = compared(store, job)
    assert first.anger_count == 1 and first.first_anger_text == CALL[2].text
    assert compared(store, job) == first and len(computed) == 1
    renamed = store.rename(job, "周一")
    assert compared(store, renamed) == replace(first, source="周一") and len(computed) == 1
    store.change(job, [Change(replace(CALL[2], emotion=""), 2)])
    assert compared(store, job).anger_count == 0 and len(computed) == 2
    store.undo(job)
    assert compared(store, renamed) == replace(first, source="周一") and len(computed) == 3
    store.change_people(job, lambda people: people.renamed("S1", "客服"))
    compared(store, job)
    assert len(computed) == 4


def test_what_was_kept_and_cannot_be_read_is_computed_anew(
    done: tuple[JobStore, Job], computed: list[str]
) -> None:
    store, job = done
    first = compared(store, job)
    for content in ("", "[]", "{}", '{"of": 1, "row": []}'):
        store.folder(job.id).comparison.write_text(content)
        assert compared(store, job) == first
    assert len(computed) == 5
