"""HTTP route for the people of a finished job: counted anew, renamed, put together."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from sensevoice.errors import BadRequest
from sensevoice.jobs import Job, JobRunner, JobStore
from sensevoice.jobs.editing.people import People
from sensevoice.ui import bodies, serialise
from sensevoice.ui.bodies import Body
from sensevoice.ui.requested import finished_job
from sensevoice.ui.serialise import Json


class PeopleRoutes:
    """The handler of the route; it takes a request and its JSON body, and runs in a thread."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._store = runner.store

    def change(self, request: Request, body: Body) -> Json:
        """Count the people anew, rename one, or put two together: `count`, `name` or `into` of `speaker`.

        With an empty `into`, who was put together with another is a person of their own again.
        """
        job = finished_job(self._store, request)
        self._store.change_people(job, self._said_of_people(job, body))
        return serialise.job_details(self._runner, job)

    def _said_of_people(self, job: Job, body: Body) -> Callable[[People], People]:
        if "count" in body:
            count = bodies.count(body)
            if not self._store.folder(job.id).voices.exists():
                raise BadRequest(reason="no voice prints / 没有声纹")
            return lambda people: people.counted(count, job.options)
        speaker, into, name = (bodies.text(body, field) for field in ("speaker", "into", "name"))
        if "into" in body and not into:
            return lambda people: people.parted(speaker)
        if into:
            check_speakers(self._store, job, speaker, into)
            return lambda people: people.joined(speaker, into)
        if "name" not in body:
            raise BadRequest(reason="count, name, into")
        check_speakers(self._store, job, speaker)
        return lambda people: people.renamed(speaker, name)


def check_speakers(store: JobStore, job: Job, *wanted: str) -> None:
    """Raise BadRequest for the id of a speaker that a job does not have."""
    known = {speaker.id for speaker in store.result(job).transcript.speakers}
    for speaker in wanted:
        if speaker not in known:
            raise BadRequest(reason=f"speaker {speaker[:20]}")
