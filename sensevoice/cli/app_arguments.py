"""The options of the web app; every one of them is a variable of the environment, too."""

from __future__ import annotations

from typing import Any

from sensevoice import __version__
from sensevoice.cli import arguments
from sensevoice.runtime import environment, hangup

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
        "--index",
        metavar="FILE",
        help="search what the folder script has written there, too / 一并搜索批量转写写出的索引",
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
        "--live-sessions",
        type=int,
        default=0,
        metavar="N",
        help="live recordings at a time (default 0: one for each core, at least 2; 16 on a GPU) "
        "/ 同时进行的实时识别数",
    )
    group.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="site whose pages may call /v1 with a key, such as https://chat.example.org / "
        "允许哪个网站的页面凭密钥调用 /v1",
    )
    group.add_argument(
        "--webhook-host",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="where programs may be told that a job has ended (docs/programs.md) / 任务结束时可通知的主机",
    )
    group.add_argument(
        "--on-hangup",
        choices=hangup.CHOICES,
        default=hangup.STAY,
        help="when the terminal is closed: stay in the background, or end (default %(default)s) / "
        "终端关闭时继续在后台运行或退出",
    )
    add_language_model_arguments(parser)
    group.add_argument("--version", action="version", version=__version__)
    arguments.add_model_arguments(parser)
    arguments.add_fleet_arguments(parser)
    arguments.add_option_arguments(parser)
    # Of the page; the API and the scripts tell nobody apart unless they are asked to.
    parser.set_defaults(speakers="auto")
    return parser


def add_language_model_arguments(to: Any) -> None:
    """Add which language model writes minutes; without it nothing of that is on the page, or sent."""
    group = to.add_argument_group("minutes / 纪要")
    group.add_argument(
        "--llm-url",
        metavar="URL",
        help="OpenAI-compatible address of a language model that writes minutes, such as "
        "http://127.0.0.1:11434/v1 / 写纪要的语言模型的地址",
    )
    group.add_argument("--llm-model", default="", metavar="NAME", help="its name there / 模型名称")
    group.add_argument(
        "--llm-key",
        metavar="KEY",
        help="the key that it asks for; better as the variable / 密钥，建议用环境变量",
    )
    group.add_argument("--llm-key-file", metavar="FILE", help="a file with the key / 存放密钥的文件")
