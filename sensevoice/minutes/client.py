"""Asks a language model, with bounds on how long it may take and how much it may say."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from sensevoice.errors import MinutesFailed, OptionError, first_line
from sensevoice.formats.shared import one_line
from sensevoice.minutes.prompt import Messages

ANSWER_S = 600.0
"""A large model on a CPU reads a part in minutes."""

CONNECT_S = 10.0

MAX_ANSWER_BYTES = 1 << 20

MAX_TOKENS = 4096

BAD_REQUEST = 400

COMPLETIONS = "/chat/completions"


@dataclass(frozen=True)
class LanguageModel:
    """A model behind an address such as `http://127.0.0.1:11434/v1`; `key` is sent as a Bearer token.

    Raises OptionError.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.model:
            raise OptionError(option="llm-model", value=self.model, allowed="the model's name / 模型名称")
        if not (self.key.isascii() and self.key.isprintable()):
            raise OptionError(option="llm-key", value="…", allowed="ASCII")
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise OptionError(option="llm-url", value=self.url[:200], allowed="http://HOST:PORT/v1")

    @property
    def completions(self) -> str:
        """The address of the completions; a bare host is taken to have them where everybody has."""
        base = self.url.rstrip("/").removesuffix(COMPLETIONS)
        return f"{base}{COMPLETIONS}" if httpx.URL(base).path.strip("/") else f"{base}/v1{COMPLETIONS}"


def new_client() -> httpx.AsyncClient:
    """Return a client that follows nothing and goes through no proxy."""
    timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
    return httpx.AsyncClient(follow_redirects=False, timeout=timeout, trust_env=False)


async def ask(client: httpx.AsyncClient, model: LanguageModel, messages: Messages) -> str:
    """Return what the model says. Raises MinutesFailed, whatever is wrong with its server or its answer."""
    body = {"model": model.model, "messages": messages, "temperature": 0.2, "max_tokens": MAX_TOKENS}
    in_json = {**body, "response_format": {"type": "json_object"}}
    try:
        async with asyncio.timeout(ANSWER_S):
            status, content = await _post(client, model, in_json)
            if status == BAD_REQUEST:  # a server that does not know the format
                status, content = await _post(client, model, body)
    except (httpx.HTTPError, OSError, ValueError) as exc:  # TimeoutError is an OSError
        raise MinutesFailed(reason=f"{type(exc).__name__}: {first_line(exc)}") from exc
    if status != 200:
        shown = one_line(content[:200].decode("utf-8", "replace"))
        raise MinutesFailed(reason=f"HTTP {status}: {shown}")
    return _said(content)


async def _post(client: httpx.AsyncClient, model: LanguageModel, body: dict[str, Any]) -> tuple[int, bytes]:
    headers = {"Accept-Encoding": "identity"}  # what is compressed has no bound
    if model.key:
        headers["Authorization"] = f"Bearer {model.key}"
    async with client.stream("POST", model.completions, json=body, headers=headers) as answer:
        content = b""
        async for part in answer.aiter_raw():
            content += part
            if len(content) > MAX_ANSWER_BYTES:
                raise MinutesFailed(reason=f"> {MAX_ANSWER_BYTES >> 20} MB")
        return answer.status_code, content


def _said(content: bytes) -> str:
    """Return the text in the answer of a server (OpenAI's API reference, "The chat completion object")."""
    try:
        said = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError) as exc:
        shown = one_line(content[:80].decode("utf-8", "replace"))
        raise MinutesFailed(reason=f"no chat completion / 不是聊天接口的回答: {shown}") from exc
    if not isinstance(said, str):
        raise MinutesFailed(reason="an empty answer / 回答为空")
    return said
