"""Starts the web app, under its supervisor."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from sensevoice.cli.app_arguments import argument_parser
from sensevoice.errors import MissingDependency, SenseVoiceError
from sensevoice.runtime import environment, hangup, logs, supervisor
from sensevoice.runtime.directories import data_directory


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Run the app until it is asked to end; return the exit code."""
    environment.hide_secrets()
    notices = environment.prepare()  # before `run` imports the heavy libraries, which read it
    args = argument_parser(prog).parse_args(argv)
    os.umask(0o077)  # recordings and transcripts are for nobody else on this machine
    terminal = _terminal(args)
    if not supervisor.is_supervised():
        # As this process was started: with -m and Python's own options, which are not in sys.argv.
        return supervisor.supervise([sys.executable, *sys.orig_argv[1:]], terminal=terminal)
    supervisor.end_with_the_supervisor()
    return _serve(args, terminal, notices)


def _serve(args: Any, terminal: hangup.Terminal | None, notices: Sequence[str]) -> int:
    # Not above: the supervisor would import all that for nothing, gradio included.
    try:
        from sensevoice.cli import serve, startup
    except ImportError as missing:
        print(MissingDependency(reason=missing), file=sys.stderr)
        return 1
    for notice in notices:
        startup.echo(notice)
    logs.set_up()
    try:
        return serve.run(args, terminal)
    except SenseVoiceError as error:
        return startup.fail(error)
    except ImportError as missing:
        return startup.fail(MissingDependency(reason=missing))
    except KeyboardInterrupt:
        print("\nstopped / 已停止", flush=True)
        return 130


def _terminal(args: Any) -> hangup.Terminal | None:
    """Return the terminal that is left when it is closed; None when the program is to end with it."""
    if args.on_hangup == hangup.END:
        return None
    return hangup.Terminal(data_directory(args.data_dir, args.port) / hangup.LOG_NAME)
