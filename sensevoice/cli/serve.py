"""The running web app: the page first, the models behind it, the jobs, and their end."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sensevoice import __version__
from sensevoice.access import AccessMiddleware, AccessPolicy, Accounts, Login
from sensevoice.access.http import connections
from sensevoice.access.origins import allowed_hosts, allowed_origins
from sensevoice.cli import arguments, startup
from sensevoice.cli.ending import Ending
from sensevoice.cli.features import Features
from sensevoice.errors import OptionError, SenseVoiceError
from sensevoice.models import loader
from sensevoice.models.loading import Loaded, LoadingRecognizer
from sensevoice.options import Options
from sensevoice.progress import LoadStep
from sensevoice.runtime import environment, hangup, logs, supervisor
from sensevoice.runtime.directories import data_directory
from sensevoice.ui import close_app
from sensevoice.ui import upload_folder as ui_uploads

LAST_WORDS_S = 3.0
"""How long an open page, which asks every second, has to learn why the program ends."""


def run(args: Any, terminal: hangup.Terminal | None) -> int:
    """Open the page, then load the models behind it, until the program is asked to end.

    Returns the exit code. Raises SenseVoiceError when the program cannot start.
    """
    options = arguments.options(args)
    settings = arguments.model_settings(args)
    accounts = Accounts(environment.logins(), Path(args.auth_file) if args.auth_file else None)
    startup.check_port(args.host, args.port)
    startup.announce_versions()

    # uvicorn would believe whatever is forwarded from this machine.
    os.environ["FORWARDED_ALLOW_IPS"] = ",".join(args.trusted_proxy)
    uploads = ui_uploads.WorkDirectory()
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.path)  # gradio reads it when it is imported
    recognizer = LoadingRecognizer(loader.known_info(settings))
    runner = _job_runner(args, recognizer)
    features = Features.of(args, runner, recognizer)
    ending = Ending(terminal)
    app = _open_page(args, options, settings.demo, accounts, uploads, recognizer, runner, features)
    # Not before: importing torch would hold up the page.
    recognizer.load_in_background(
        functools.partial(_join if args.ray else _load, args, settings, runner.store.directory),
        when_ready=functools.partial(_begin, args, runner),
        when_failed=functools.partial(_end_in_failure, recognizer, runner, ending),
    )
    code = ending.wait()
    close_app(app)
    features.close()
    runner.close()
    uploads.close()
    if not recognizer.settled:
        # Libraries in the middle of their import, or a download, cannot be stopped, and would be waited for.
        sys.stdout.flush()
        os._exit(code)
    recognizer.close()
    return code


def _open_page(
    args: Any,
    options: Options,
    demo: bool,
    accounts: Accounts,
    uploads: ui_uploads.WorkDirectory,
    recognizer: LoadingRecognizer,
    runner: Any,
    features: Features,
) -> Any:
    """Return gradio's app, which answers from now on."""
    from sensevoice import ui

    page = _page_settings(args, options, demo, recognizer)
    refs = ui.UploadRefs()
    uploads.keep(refs.paths)
    app = ui.build_app(runner, page, refs)
    policy = _policy(args, bool(accounts), features.live.is_reader)
    guard = functools.partial(
        AccessMiddleware,
        policy=policy,
        uploads=uploads.path,
        min_free_bytes=args.min_free_mb << 20,
        login=Login(accounts, f"sensevoice-session-{args.port}") if accounts else None,
    )
    routes = _routes(args, options, uploads.path, recognizer, runner, features)
    connections.install()
    app.queue(**ui.queue_arguments()).launch(
        server_name=args.host,
        server_port=args.port,
        root_path=args.root_path or None,
        prevent_thread_lock=True,
        **ui.launch_arguments(page, routes, guard, policy.login),
    )
    logs.take_over_server()
    startup.announce_address(args.host, args.port, args.root_path, policy)
    return app


def _page_settings(args: Any, options: Options, demo: bool, recognizer: LoadingRecognizer) -> Any:
    from sensevoice import ui

    return ui.PageSettings(
        options=options,
        model=recognizer.status,
        version=__version__,
        demo=ui.bundled_demo() if demo else None,
        max_upload_mb=args.max_upload_mb,
        media_dir=_media_directory(args.media_dir),
    )


def _routes(
    args: Any,
    options: Options,
    uploads: Path,
    recognizer: LoadingRecognizer,
    runner: Any,
    features: Features,
) -> list[Any]:
    """Return the routes beside gradio's own: of the workbench, and of programs."""
    from sensevoice import ui
    from sensevoice.api import api_routes, realtime_routes
    from sensevoice.live import captions_routes, live_routes
    from sensevoice.transcribe import pipeline

    hear = functools.partial(_hear_in_fleet if args.ray else _hear, pipeline, recognizer)
    return [
        *ui.job_routes(runner, hear, pipeline.cut, features.minutes, features.search),
        *api_routes(
            runner,
            uploads,
            options,
            args.keep_api_jobs,
            _media_directory(args.media_dir),
            features.hooks,
            features.minutes,
            features.search,
        ),
        *live_routes(features.live, options),
        *captions_routes(features.live),
        *realtime_routes(features.live, recognizer, options),
    ]


def _policy(args: Any, login: bool, readers: Callable[[str], bool]) -> AccessPolicy:
    return AccessPolicy(
        max_upload_mb=args.max_upload_mb,
        login=login,
        open_to_all=args.open,
        hosts=allowed_hosts(args.allow_host),
        origins=allowed_origins(args.allow_origin),
        proxied=bool(args.allow_host or args.root_path or args.trusted_proxy),
        readers=readers,
    )


def _job_runner(args: Any, recognizer: LoadingRecognizer) -> Any:
    """Return what works through the jobs, once the models are there."""
    from sensevoice import jobs
    from sensevoice.transcribe import pipeline

    directory = data_directory(args.data_dir, args.port)
    startup.close_to_others(directory)
    store = jobs.JobStore(
        directory,
        lambda: recognizer.info,
        args.keep_hours,
        args.max_data_gb,
    )
    transcribe = functools.partial(_transcribe_in_fleet if args.ray else _transcribe, pipeline, recognizer)
    return jobs.JobRunner(store, transcribe, jobs.AT_ONCE * (args.ray_workers or 1), paused=True)


def _join(args: Any, settings: loader.ModelSettings, data_directory: Path, on_step: Any) -> Loaded:
    on_step(LoadStep("load"))
    return Loaded(startup.join_fleet(settings, args.ray, args.ray_workers), Path(settings.model))


def _load(args: Any, settings: loader.ModelSettings, data_directory: Path, on_step: Any) -> Loaded:
    from sensevoice import jobs

    loaded = startup.load(settings, on_step, supervisor.start_over)
    suspects = jobs.Suspects(data_directory / "in_the_model.json")
    front = functools.partial(jobs.SuspectingRecognizer, suspects=suspects)
    return Loaded(loaded.scheduled(front), loaded.directory)


def _begin(args: Any, runner: Any) -> None:
    runner.resume()
    startup.announce_ready(args.host, args.port, args.root_path)


def _end_in_failure(
    recognizer: LoadingRecognizer, runner: Any, ending: Ending, error: SenseVoiceError
) -> None:
    """End the program with the error's sentence, here and on the pages that are open."""
    code = startup.fail(error)
    runner.fail_all(error)
    if recognizer.watched:
        time.sleep(LAST_WORDS_S)
    ending.end(code)


def _transcribe(pipeline: Any, recognizer: LoadingRecognizer, path: Path, options: Any) -> Any:
    """Recognise a job's recording; its answers are kept, so that a killed process costs none of them."""
    from sensevoice import jobs

    remembering = jobs.ResumingRecognizer(recognizer.share(), jobs.answers_beside(path))
    return pipeline.iter_updates(path, remembering, options, jobs.for_the_player(path))


def _hear(pipeline: Any, recognizer: Any, path: Path, spans: Any, options: Any, rejoin: bool = False) -> Any:
    return pipeline.recognise_spans(path, spans, recognizer, options, rejoin)


def _transcribe_in_fleet(pipeline: Any, recognizer: LoadingRecognizer, path: Path, options: Any) -> Any:
    fleet: Any = recognizer.loaded()
    return fleet.transcribe(path, options)


def _hear_in_fleet(
    pipeline: Any, recognizer: LoadingRecognizer, path: Path, spans: Any, options: Any, rejoin: bool = False
) -> Any:
    fleet: Any = recognizer.loaded()
    return fleet.hear(path, spans, options, rejoin)


def _media_directory(wanted: str | None) -> Path | None:
    """Return the directory for --media-dir. Raises OptionError."""
    if not wanted:
        return None
    directory = Path(wanted).expanduser().resolve()
    if not directory.is_dir():
        raise OptionError(option="media-dir", value=wanted, allowed="a directory / 目录")
    return directory
