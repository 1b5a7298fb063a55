"""What is sent in answer to a request, the body of which may turn out to be none that is wanted."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from sensevoice.access.http.asgi import Message, Receive, Send
from sensevoice.access.http.body_limits import BodyRefused
from sensevoice.errors import SenseVoiceError

NOT_FOUND = 404


class Answer:
    """What is sent in answer to a request that was let in, unless its body is refused meanwhile."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.refused: SenseVoiceError | None = None

    def body(self, receive: Receive) -> Receive:
        async def receiving() -> Message:
            try:
                return await receive()
            except BodyRefused as refused:
                self.refused = refused.reason
                raise

        return receiving

    async def send(self, message: Message) -> None:
        if self.refused is not None and not self.started:
            return  # gradio's own words for it
        self.started = True
        await self._send(message)

    async def end(self) -> None:
        """End an answer of which all that matters has been sent."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def is_of_no_session(error: Exception) -> bool:
    """Return whether gradio's stream of events raises that there is no such session, as it has just told.

    A page that is left can still ask for the events of the session which it has just closed.
    """
    cause = error.__cause__
    return isinstance(cause, HTTPException) and cause.status_code == NOT_FOUND
