"""A language model that says what it is told to, as an OpenAI-compatible server on loopback."""

from __future__ import annotations

import json
from typing import Any

from tests.receiver import Answer, Receiver

GOOD = {
    "summary": [{"text": "客户催单，客服道歉。", "rows": [1, 3]}],
    "decisions": [{"text": "马上核实物流。", "rows": [3]}],
    "todos": [{"text": "核实物流信息", "who": "客服", "rows": ["3"]}],
    "questions": [{"text": "什么时候发货？", "rows": [2, 99]}],
}


def said(content: Any) -> Answer:
    """Return the answer of a server whose model says this."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    completion = {
        "object": "chat.completion",
        "choices": [{"message": {"role": "assistant", "content": text}}],
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(completion, ensure_ascii=False).encode()


def asked(stub: Receiver, number: int = -1) -> dict[str, Any]:
    """Return what the stub was asked."""
    body: dict[str, Any] = json.loads(stub.received[number][2])
    return body


def address(stub: Receiver) -> str:
    return f"http://{stub.host}/v1"
