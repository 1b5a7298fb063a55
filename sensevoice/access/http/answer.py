"""What is sent in answer to a request, the body of which may turn out to be none that is wanted."""

from __future__ import annotations

from sensevoice.access.http.asgi import Message, Receive, Send
from sensevoice.access.http.body_limits import BodyRefused
from sensevoice.errors import SenseVoiceError


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
