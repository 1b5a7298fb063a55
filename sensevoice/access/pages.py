"""The two pages that people see outside: why they are turned away, and where they log in."""

from __future__ import annotations

import html
from collections.abc import Mapping

from starlette.responses import HTMLResponse, JSONResponse, Response

from sensevoice.errors import SenseVoiceError

STYLE = """
  body { font: 16px/1.7 system-ui, sans-serif; max-width: 40em; margin: 10vh auto; padding: 0 1em; }
  html { color-scheme: light dark; }
  form { display: grid; gap: 0.8em; max-width: 20em; }
  label { display: grid; }
  input, button { font: inherit; padding: 0.4em; }
"""

PAGE = f"""<!doctype html>
<html lang="zh">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>SenseVoice 语音转写 · SenseVoice transcripts</title>
<style>{STYLE}</style>
<h1>SenseVoice 语音转写 <span lang="en">· SenseVoice transcripts</span></h1>
BODY
</html>
"""

FORM = """
<form method="post" action="ACTION">
  <label>用户名 · User name <input name="username" autocomplete="username" required autofocus></label>
  <label>密码 · Password
    <input name="password" type="password" autocomplete="current-password" required></label>
  <input type="hidden" name="query" value="QUERY">
  <button>登录 · Log in</button>
</form>
"""

FOR_PEOPLE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    # With no-referrer, which everything else bears, browsers send forms under the origin "null".
    "Referrer-Policy": "same-origin",
}


def refusal_page(error: SenseVoiceError, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as a page in both languages."""
    page = PAGE.replace("BODY", _sentences(error))
    return HTMLResponse(page, error.http_status, {**FOR_PEOPLE, **(headers or {})})


def login_page(
    action: str, query: str, error: SenseVoiceError, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the form for a login; `query` is the address's, for the page that is shown after it."""
    form = FORM.replace("ACTION", html.escape(action)).replace("QUERY", html.escape(query))
    page = PAGE.replace("BODY", _sentences(error) + form)
    return HTMLResponse(page, error.http_status, {**FOR_PEOPLE, **(headers or {})})


def refusal_json(error: SenseVoiceError, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error for a program: gradio's client shows "detail", OpenAI's "error"."""
    zh, en = error.message("zh"), error.message("en")
    for_openai = openai_error(error.http_status, error.code, str(error))
    content = {"code": error.code, "zh": zh, "en": en, "detail": str(error), "error": for_openai}
    return JSONResponse(content, error.http_status, {"Cache-Control": "no-store", **(headers or {})})


def openai_error(status: int, code: str, message: str, param: str | None = None) -> dict[str, str | None]:
    """Return an error as OpenAI's clients read it; `param` is the parameter that it is about.

    https://platform.openai.com/docs/guides/error-codes
    """
    kind = "invalid_request_error" if status < 500 else "server_error"
    kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(status, kind)
    return {"message": message, "type": kind, "param": param, "code": code}


def _sentences(error: SenseVoiceError) -> str:
    zh, en = (html.escape(error.message(language)) for language in ("zh", "en"))
    return f'<p>{zh}</p>\n<p lang="en">{en}</p>'
