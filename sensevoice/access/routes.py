"""Which of gradio's routes may be reached: those that the page, the API and `gradio_client` use.

gradio answers under sixty addresses, among them some that run ffmpeg on what a visitor sent, write code, or
fetch other hosts; each version adds a few. What is needed was measured (the browser tests fail for any other
request of the page) and read in `gradio_client`. A test fails when gradio has a route that is neither named
here nor known to be refused.
"""

from __future__ import annotations

import re

from starlette.routing import compile_path

READ = ("GET", "HEAD")

GRADIO_API = "/gradio_api"

OURS = "/sv/"

UPLOAD = f"{GRADIO_API}/upload"

LOGIN, LOGOUT = "/login", "/logout"

STARTUP = f"{GRADIO_API}/startup-events"

HEARTBEAT = f"{GRADIO_API}/heartbeat/"

EVENTS = f"{GRADIO_API}/queue/data"

FILE = f"{GRADIO_API}/file="

OPENAI_API = "/v1/"

TRANSCRIPTIONS = f"{OPENAI_API}audio/transcriptions"

MODELS = f"{OPENAI_API}models"

SEARCH = f"{OPENAI_API}search"

SEARCH_RULES = f"{SEARCH}/rules"

LIVE = "/live"

REALTIME = f"{OPENAI_API}realtime"

CAPTIONS = "/captions"

CAPTIONS_LIVE = f"{CAPTIONS}/live"

SOCKET = "WEBSOCKET"
"""Stands for the method of a request that opens a WebSocket, which HTTP does not tell from GET."""

JOBS = f"{OPENAI_API}jobs"

JOB = f"{JOBS}/{{job_id}}"

UPLOADS = (UPLOAD, TRANSCRIPTIONS, JOBS)
"""Where files are sent, for which bodies may be large."""

ALLOWED: dict[str, tuple[str, ...]] = {
    "/": READ,
    "/assets/{path:path}": READ,
    "/static/{path:path}": READ,
    "/theme.css": READ,
    "/favicon.ico": READ,
    "/config": READ,
    LOGIN: ("POST",),
    LOGOUT: (
        "POST",
    ),  # ours: gradio's is a GET, which any page can cause, and ends all of a person's sessions
    f"{GRADIO_API}/app_id": READ,  # after a lost connection, the page asks whether it is the same program
    STARTUP: READ,  # gradio asks itself, when it is launched
    f"{GRADIO_API}/info": READ,
    f"{HEARTBEAT}{{session_hash}}": READ,
    f"{GRADIO_API}/queue/join": ("POST",),
    EVENTS: READ,
    f"{GRADIO_API}/run/{{api_name}}": ("POST",),
    f"{GRADIO_API}/call/{{api_name}}": ("POST",),
    f"{GRADIO_API}/call/{{api_name}}/{{event_id}}": READ,
    f"{GRADIO_API}/cancel": ("POST",),
    f"{GRADIO_API}/reset": ("POST",),
    UPLOAD: ("POST",),
    TRANSCRIPTIONS: ("POST",),
    MODELS: READ,
    f"{MODELS}/{{model:path}}": READ,
    SEARCH: READ,
    SEARCH_RULES: (*READ, "POST"),
    f"{SEARCH_RULES}/{{rule}}": (*READ, "POST", "DELETE"),
    JOBS: (*READ, "POST"),
    JOB: (*READ, "DELETE"),
    f"{JOB}/cancel": ("POST",),
    f"{JOB}/rows": READ,
    f"{JOB}/record": READ,
    f"{JOB}/minutes": (*READ, "POST", "DELETE"),
    f"{GRADIO_API}/component_server/": ("POST",),  # what the picker of --media-dir lists, see ui/server_files
    LIVE: (SOCKET,),
    CAPTIONS: READ,
    f"{CAPTIONS}/{{name}}": READ,
    CAPTIONS_LIVE: (SOCKET,),
    REALTIME: (SOCKET,),
    f"{GRADIO_API}/upload_progress": READ,
    f"{FILE}{{path_or_url:path}}": READ,
}
"""The methods allowed for each path, which is written as gradio writes it."""

API_NAMES = ("predict", "transcribe")
"""The page's own calls, all of which gradio's frontend names "predict", and the endpoint of the API."""

_PATTERNS = tuple((compile_path(path)[0], methods) for path, methods in ALLOWED.items())


def is_open(method: str, route: str) -> bool:
    """Return whether a request may be answered: by us, or by a route of gradio's that is needed."""
    if route.startswith(OURS):
        return method != SOCKET
    return any(method in methods and _is(pattern, route or "/") for pattern, methods in _PATTERNS)


def _is(pattern: re.Pattern[str], route: str) -> bool:
    match = pattern.match(route)
    return match is not None and match.groupdict().get("api_name", "predict") in API_NAMES
