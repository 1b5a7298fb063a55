"""What works beside the jobs: search, and if they were asked for webhooks and a language model's minutes."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensevoice.errors import OptionError
from sensevoice.runtime import environment


@dataclass(frozen=True)
class Features:
    """Each is None when it was not asked for; recordings may always be made."""

    live: Any
    hooks: Any = None
    minutes: Any = None
    search: Any = None

    @classmethod
    def of(cls, args: Any, runner: Any, recognizer: Any) -> Features:
        """Return what the arguments ask for. Raises OptionError, NotAnIndex."""
        # Taken out of the environment in any case: no process that decodes needs to inherit them.
        secret = environment.secret(environment.WEBHOOK_SECRET)
        key = environment.secret(environment.LLM_KEY) or args.llm_key or ""
        hooks = _hooks(args, runner, secret)
        minutes, search = _minutes(args, runner, key), _search(args, runner, hooks)
        return cls(_live(args, runner, recognizer), hooks, minutes, search)

    def close(self) -> None:
        for feature in (self.live, self.search, self.hooks, self.minutes):
            if feature is not None:
                feature.close()


def _live(args: Any, runner: Any, recognizer: Any) -> Any:
    from sensevoice.live import LiveHub

    return LiveHub(runner, recognizer, args.live_sessions)


def _hooks(args: Any, runner: Any, secret: str) -> Any:
    if not args.webhook_host:
        return None
    from sensevoice import webhooks
    from sensevoice.api.job_shapes import job_shape

    targets = webhooks.Targets(args.webhook_host)
    secret = secret or webhooks.kept_secret(runner.store.directory / "webhook-secret")
    return webhooks.WebhookSender(runner, targets, secret, functools.partial(job_shape, runner))


def _minutes(args: Any, runner: Any, key: str) -> Any:
    if not args.llm_url:
        return None
    from sensevoice import minutes

    if args.llm_key_file:
        key = _read(Path(args.llm_key_file))
    return minutes.MinutesMaker(runner, minutes.LanguageModel(args.llm_url, args.llm_model, key))


def _search(args: Any, runner: Any, hooks: Any) -> Any:
    """Return the search over the jobs, and over the file of --index; it tells programs of matches."""
    from sensevoice.api.search import telling
    from sensevoice.search import SearchService

    search = SearchService(runner.store, Path(args.index).expanduser() if args.index else None)
    if hooks is not None:
        search.on_match(telling(hooks))
    return search


def _read(path: Path) -> str:
    """Return the key in a file. Raises OptionError."""
    try:
        return path.expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise OptionError(option="llm-key-file", value=str(path), allowed="a file / 文件") from exc
