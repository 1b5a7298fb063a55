"""An endpoint in OpenAI's convention, beside the page: any client of theirs can use this program.

parameters.py reads a request, intake.py makes a job of it. transcriptions.py runs it while its client waits,
with shapes.py for OpenAI's shapes and our own fields beside theirs; jobs.py and job_shapes.py are for long
recordings that nobody waits for, minutes.py for what a language model makes of them. search.py answers
searches, realtime.py answers while somebody still speaks, errors.py puts errors into OpenAI's shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from sensevoice.api.intake import Intake
from sensevoice.api.jobs import Jobs
from sensevoice.api.minutes import MinutesRoutes
from sensevoice.api.realtime import realtime_routes
from sensevoice.api.search import SearchApi
from sensevoice.api.transcriptions import Transcriptions
from sensevoice.jobs import JobRunner
from sensevoice.minutes import MinutesMaker
from sensevoice.options import Options
from sensevoice.search import SearchService
from sensevoice.webhooks import WebhookSender

__all__ = ["api_routes", "realtime_routes"]


def api_routes(
    runner: JobRunner,
    uploads: Path,
    defaults: Options,
    keep: bool = False,
    media_dir: Path | None = None,
    hooks: WebhookSender | None = None,
    minutes: MinutesMaker | None = None,
    search: SearchService | None = None,
) -> Sequence[BaseRoute]:
    """Return the routes below /v1. `uploads` is where files lie until their job has them.

    Without `hooks` no webhook can be asked for, and without `minutes` or `search` none of these.
    """
    intake = Intake(runner, uploads, media_dir)
    return (
        *Transcriptions(runner, intake, defaults, keep).routes(),
        *Jobs(runner, intake, defaults, hooks, minutes).routes(),
        *MinutesRoutes(runner.store, minutes).routes(),
        *(SearchApi(search, hooks).routes() if search else ()),
    )
