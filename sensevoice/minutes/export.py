"""The file of a job in one of the export formats, with its minutes where they belong."""

from __future__ import annotations

from collections.abc import Mapping

from sensevoice.analysis.certainty import without_unsure_tags
from sensevoice.formats import render
from sensevoice.formats.query import render_options, sure_only
from sensevoice.formats.shared import Content
from sensevoice.jobs import Job
from sensevoice.minutes.maker import MinutesMaker
from sensevoice.transcript import Transcript


def exported(
    job: Job, transcript: Transcript, name: str, wanted: Mapping[str, str], minutes: MinutesMaker | None
) -> Content:
    """Return what stands in the file of a named format, as wanted. Raises BadRequest, OptionError."""
    options = render_options(wanted)
    content = render(without_unsure_tags(transcript) if sure_only(wanted) else transcript, name, options)
    if name == "markdown" and isinstance(content, str) and minutes is not None:
        return minutes.in_markdown(job, content, options.locale)
    return content
