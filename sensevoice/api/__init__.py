"""An endpoint in OpenAI's convention, beside the page: any client of theirs can use this program.

parameters.py reads a request, transcriptions.py runs it as a job and answers, shapes.py puts the record into
OpenAI's shapes with our own fields beside theirs, errors.py does so with errors. realtime.py answers while
somebody still speaks.
"""

from __future__ import annotations

from sensevoice.api.realtime import realtime_routes
from sensevoice.api.transcriptions import api_routes

__all__ = ["api_routes", "realtime_routes"]
