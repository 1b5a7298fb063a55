"""What people say while they say it: a recording that grows, is recognised as it comes, and ends as a job.

socket.py speaks with the page (protocol.py says what), hub.py knows all recordings that are being made and
how many there may be, session.py is one of them. Its sound is written by recording.py before anything else;
stream.py finds and recognises what is said in it, and commits.py decides which words of it stay.
captions.py shows it to a room, read only.
"""

from __future__ import annotations

from sensevoice.live.captions import captions_routes
from sensevoice.live.hub import LiveHub
from sensevoice.live.socket import live_routes

__all__ = ["LiveHub", "captions_routes", "live_routes"]
