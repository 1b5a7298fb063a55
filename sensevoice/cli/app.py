"""Starts the web app: arguments → models → page → address."""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sensevoice import __version__
from sensevoice.access import AccessMiddleware, AccessPolicy, Accounts, Login
from sensevoice.access.http import connections
from sensevoice.access.origins import allowed_hosts
from sensevoice.cli import arguments, startup
from sensevoice.errors import MissingDependency, OptionError, SenseVoiceError
from sensevoice.models import loader
from sensevoice.models.loading import Loaded, LoadingRecognizer
from sensevoice.runtime import environment, hangup, logs, supervisor
from sensevoice.runtime.directories import data_directory
from sensevoice.ui import uploads as ui_uploads

LAST_WORDS_S = 3.0
"""How long an open page, which asks every second, has to learn why the program ends."""

EPILOG = """
examples / 示例:
  python app_sensevoice.py --demo                 the bundled model, no download / 演示模型，无需下载
  python app_sensevoice.py                        SenseVoiceSmall; the first start downloads about 1 GB
  python app_sensevoice.py --device cpu --port 7000
  python app_sensevoice.py --auth me:secret       ask for a password / 设置用户名和密码
  python app_sensevoice.py --model /models/SenseVoiceSmall --vad-model /models/fsmn-vad   offline / 离线
  SENSEVOICE_PORT=7000 python app_sensevoice.py   every option is a variable, too / 也可用环境变量

then, on your own computer / 然后在自己的电脑上:
  ssh -L 6006:127.0.0.1:6006 -p <ssh port> <user>@<host>      and open http://127.0.0.1:6006
"""


def argument_parser(prog: str | None = None) -> Any:
    parser = arguments.parser(
        "SenseVoice: transcripts with language, emotion and sound events / 语音理解", EPILOG, prog
    )
    group = parser.add_argument_group("page / 页面")
    group.add_argument(
        "--host", default="0.0.0.0", help="address to listen on (default %(default)s) / 监听地址"
    )
    group.add_argument("--port", type=int, default=6006, help="port (default %(default)s) / 端口")
    group.add_argument(
        "--auth",
        action="append",
        default=[],
        metavar="USER:PASSWORD",
        env_var=environment.LOGINS,
        help="ask visitors to log in; may be given more than once / 访问需要登录，可多次使用",
    )
    group.add_argument(
        "--auth-file",
        metavar="FILE",
        help="logins with hashed passwords, written by scripts/passwd.py / 登录文件",
    )
    group.add_argument(
        "--open", action="store_true", help="let in whoever reaches this machine, unasked / 不设访问限制"
    )
    group.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="host name under which the page is reached, e.g. of a reverse proxy / 允许的主机名",
    )
    group.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="address of a reverse proxy whose X-Forwarded-For is believed / 可信的反向代理地址",
    )
    group.add_argument(
        "--max-upload-mb", type=int, default=2048, help="largest file (default %(default)d) / 上传大小上限"
    )
    group.add_argument(
        "--min-free-mb",
        type=int,
        default=1024,
        help="refuse uploads below this free space / 最小剩余磁盘空间",
    )
    group.add_argument(
        "--root-path", default="", help="path behind a reverse proxy, such as /asr / 反向代理路径"
    )
    group.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where jobs are kept (default ~/.local/share/sensevoice/PORT) / 任务目录",
    )
    group.add_argument(
        "--media-dir",
        metavar="DIR",
        help="offer the recordings in this directory of the server / 可直接选用的服务器目录",
    )
    group.add_argument(
        "--keep-hours",
        type=float,
        default=72,
        help="jobs go after so long (default %(default)g) / 任务保留时间",
    )
    group.add_argument(
        "--max-data-gb",
        type=float,
        default=50,
        help="most room for jobs (default %(default)g) / 任务占用上限",
    )
    group.add_argument(
        "--keep-api-jobs",
        action="store_true",
        help="keep what programs send to /v1 among the jobs of the page / 保留通过 /v1 提交的任务",
    )
    group.add_argument(
        "--on-hangup",
        choices=hangup.CHOICES,
        default=hangup.STAY,
        help="when the terminal is closed: stay in the background, or end (default %(default)s) / "
        "终端关闭时继续在后台运行或退出",
    )
    group.add_argument("--version", action="version", version=__version__)
    arguments.add_model_arguments(parser)
    arguments.add_option_arguments(parser)
    # Of the page; the API and the scripts tell nobody apart unless they are asked to.
    parser.set_defaults(speakers="auto")
    return parser


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Run the app until it is asked to end; return the exit code."""
    environment.hide_logins()
    notices = environment.prepare()  # before `run` imports the heavy libraries, which read it
    args = argument_parser(prog).parse_args(argv)
    os.umask(0o077)  # recordings and transcripts are for nobody else on this machine
    terminal = _terminal(args)
    if not supervisor.is_supervised():
        # As this process was started: with -m and Python's own options, which are not in sys.argv.
        return supervisor.supervise([sys.executable, *sys.orig_argv[1:]], terminal=terminal)
    supervisor.end_with_the_supervisor()
    for notice in notices:
        startup.echo(notice)
    logs.set_up()
    try:
        return run(args, terminal)
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


def run(args: Any, terminal: hangup.Terminal | None) -> int:
    """Open the page, then load the models behind it, until the program is asked to end."""
    options = arguments.options(args)
    accounts = Accounts(environment.logins(), Path(args.auth_file) if args.auth_file else None)
    settings = arguments.model_settings(args)
    startup.check_port(args.host, args.port)
    startup.announce_versions()

    # uvicorn would believe whatever is forwarded from this machine.
    os.environ["FORWARDED_ALLOW_IPS"] = ",".join(args.trusted_proxy)
    uploads = ui_uploads.WorkDirectory()
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.path)  # gradio reads it when it is imported
    from sensevoice import ui
    from sensevoice.api import api_routes
    from sensevoice.transcribe import pipeline

    recognizer = LoadingRecognizer(loader.known_info(settings))
    runner = _job_runner(args, recognizer)
    page = ui.PageSettings(
        options=options,
        model=recognizer.status,
        version=__version__,
        demo=ui.bundled_demo() if settings.demo else None,
        max_upload_mb=args.max_upload_mb,
        media_dir=_media_directory(args.media_dir),
    )
    refs = ui.UploadRefs()
    uploads.keep(refs.paths)
    app = ui.build_app(runner, page, refs)
    policy = _door(args, bool(accounts))
    guard = functools.partial(
        AccessMiddleware,
        policy=policy,
        uploads=uploads.path,
        min_free_bytes=args.min_free_mb << 20,
        login=Login(accounts, f"sensevoice-session-{args.port}") if accounts else None,
    )
    hear = functools.partial(_hear, pipeline, recognizer)
    routes = [
        *ui.job_routes(runner, hear, pipeline.cut),
        *api_routes(runner, uploads.path, options, args.keep_api_jobs),
    ]
    ending = Ending(terminal)
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
    # Not before: importing torch would hold up the page.
    recognizer.load_in_background(
        functools.partial(_load, settings, runner.store.directory),
        when_ready=functools.partial(_begin, args, runner),
        when_failed=functools.partial(_give_up, recognizer, runner, ending),
    )
    code = ending.wait()
    app.close()
    runner.close()
    uploads.close()
    if not recognizer.settled:
        # Libraries in the middle of their import, or a download, cannot be stopped, and would be waited for.
        sys.stdout.flush()
        os._exit(code)
    recognizer.close()
    return code


def _door(args: Any, login: bool) -> AccessPolicy:
    return AccessPolicy(
        max_upload_mb=args.max_upload_mb,
        login=login,
        open_to_all=args.open,
        hosts=allowed_hosts(args.allow_host),
        proxied=bool(args.allow_host or args.root_path or args.trusted_proxy),
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
    return jobs.JobRunner(store, functools.partial(_transcribe, pipeline, recognizer), paused=True)


def _load(settings: loader.ModelSettings, data_directory: Path, on_step: Any) -> Loaded:
    from sensevoice import jobs

    loaded = startup.load(settings, on_step, supervisor.start_over)
    suspecting = jobs.SuspectingRecognizer(loaded, data_directory / "in_the_model.json")
    return Loaded(loaded.scheduled(suspecting), loaded.directory)


def _begin(args: Any, runner: Any) -> None:
    runner.resume()
    startup.announce_ready(args.host, args.port, args.root_path)


def _give_up(recognizer: LoadingRecognizer, runner: Any, ending: Ending, error: SenseVoiceError) -> None:
    """End the program with the error's sentence, here and on the pages that are open."""
    code = startup.fail(error)
    runner.fail_all(error)
    if recognizer.watched:
        time.sleep(LAST_WORDS_S)
    ending.end(code)


def _transcribe(pipeline: Any, recognizer: Any, path: Path, options: Any) -> Any:
    """Recognise a job's recording; its answers are kept, so that a killed process costs none of them."""
    from sensevoice import jobs

    remembering = jobs.ResumingRecognizer(recognizer, jobs.answers_beside(path))
    copy = jobs.CopyWriter(jobs.playable_beside(path))
    return pipeline.iter_updates(path, remembering, options, copy)


def _hear(pipeline: Any, recognizer: Any, path: Path, spans: Any, options: Any, rejoin: bool = False) -> Any:
    return pipeline.recognise_spans(path, spans, recognizer, options, rejoin)


def _media_directory(wanted: str | None) -> Path | None:
    """Return the directory for --media-dir. Raises OptionError."""
    if not wanted:
        return None
    directory = Path(wanted).expanduser().resolve()
    if not directory.is_dir():
        raise OptionError(option="media-dir", value=wanted, allowed="a directory / 目录")
    return directory


class Ending:
    """The end of the program: on Ctrl-C, when the process is asked to end, or when it cannot go on."""

    def __init__(self, terminal: hangup.Terminal | None) -> None:
        self._ended = threading.Event()
        self._code = 0
        self._terminal = terminal
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: self._ended.set())
        hangup.on_hangup(self._hung_up)

    def end(self, code: int) -> None:
        self._code = code
        self._ended.set()

    def wait(self) -> int:
        """Return the exit code when it is time to end."""
        self._ended.wait()
        if not self._code:
            hangup.echo("\nstopped / 已停止")
        return self._code

    def _hung_up(self) -> None:
        if self._terminal is None:
            self._ended.set()
            return
        self._terminal.leave()
        parent = os.getppid()
        hangup.echo(
            f"the terminal was closed; the program goes on in the background, and ends by kill {parent} / "
            f"终端已关闭，程序在后台继续运行，可用 kill {parent} 结束"
        )
