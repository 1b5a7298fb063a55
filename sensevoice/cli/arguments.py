"""Command-line arguments that the app and the scripts share; each is also an environment variable."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import configargparse

from sensevoice.models.loader import ModelSettings
from sensevoice.models.precision import PRECISIONS
from sensevoice.models.sources import hub
from sensevoice.options import CHANNELS, LANGUAGES, MERGES, Options, is_number
from sensevoice.vocabulary.terms import read_file

DEFAULTS = Options()


def parser(description: str, epilog: str = "", prog: str | None = None) -> Any:
    """Return an argument parser that also reads SENSEVOICE_… variables and says so in --help."""
    return configargparse.ArgumentParser(
        prog=prog,
        description=description,
        epilog=epilog,
        auto_env_var_prefix="SENSEVOICE_",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_model_arguments(to: Any) -> None:
    """Add which models to load, from where, and on which device."""
    group = to.add_argument_group("models / 模型")
    group.add_argument(
        "--device",
        default="auto",
        metavar="auto|cpu|cuda|cuda:0|cuda:0,cuda:2|cuda:all",
        help="auto: the card with most free memory if there is any; several: all at once / "
        "运行设备，可用多张显卡",
    )
    group.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="auto: bf16 on CUDA, int8 on CPUs made for it, else fp32 / 计算精度",
    )
    group.add_argument(
        "--model",
        default=hub.DEFAULT_MODEL,
        metavar="NAME|DIR",
        help="name on the hub, or a directory (default %(default)s) / 模型名称或目录",
    )
    group.add_argument(
        "--vad-model",
        default=hub.DEFAULT_VAD_MODEL,
        metavar="NAME|DIR",
        help="voice activity detection (default %(default)s) / 语音端点检测模型",
    )
    group.add_argument(
        "--speaker-model",
        default=hub.DEFAULT_SPEAKER_MODEL,
        metavar="NAME|DIR",
        help="tells voices apart, see --speakers / 区分说话人的模型",
    )
    group.add_argument(
        "--hub", choices=hub.HUBS, default="ms", help="download from ModelScope or Hugging Face / 下载来源"
    )
    group.add_argument("--model-dir", metavar="DIR", help="where downloads are kept / 模型缓存目录")
    group.add_argument(
        "--verify",
        action="store_true",
        help="compute the checksums of all model files anew / 重新计算模型文件的校验和",
    )
    group.add_argument(
        "--demo",
        action="store_true",
        help="use the small bundled model: no download, knows only its own sentences / 使用自带的演示模型",
    )


def add_fleet_arguments(to: Any) -> None:
    """Add whether other processes or machines recognise, see `sensevoice.fleet`."""
    group = to.add_argument_group("several machines / 多台机器")
    group.add_argument(
        "--ray",
        nargs="?",
        const="local",
        default="",
        metavar="ADDRESS",
        help="let workers on Ray recognise, one a GPU: on this machine, or in the cluster at an address; "
        "needs pip install 'sensevoice-web[ray]' / 由 Ray 上的工作进程识别",
    )
    group.add_argument(
        "--ray-workers",
        type=int,
        metavar="N",
        help="how many (default: one for each GPU, else for each machine) / 工作进程数",
    )


def add_option_arguments(to: Any) -> None:
    """Add the settings of a run, the same as on the page."""
    group = to.add_argument_group("recognition / 识别设置")
    group.add_argument(
        "--language", choices=LANGUAGES, default=DEFAULTS.language, help="spoken language / 语种（默认自动）"
    )
    group.add_argument(
        "--merge",
        choices=MERGES,
        default=DEFAULTS.merge,
        help="what becomes one row: speech that agrees in language, mood and speaker, or whatever fits the "
        "length, as funasr joins (default %(default)s) / 合并方式：语种、情绪、说话人一致，或只看长度",
    )
    group.add_argument(
        "--pause-ms",
        type=int,
        default=DEFAULTS.pause_ms,
        metavar="MS",
        help="with --merge agreement, cut speech at pauses this long (default %(default)d) / 停顿多长即断开",
    )
    group.add_argument(
        "--merge-length-s",
        type=float,
        default=DEFAULTS.merge_length_s,
        metavar="S",
        help="join neighbouring speech up to this length, 0 joins nothing (default %(default)g) / 每段最长",
    )
    group.add_argument(
        "--merge-gap-s",
        type=float,
        default=DEFAULTS.merge_gap_s,
        metavar="S",
        help="never join across a longer silence (default %(default)g) / 停顿多久断开",
    )
    group.add_argument(
        "--batch-size-s",
        type=float,
        default=DEFAULTS.batch_size_s,
        metavar="S",
        help="seconds of audio at a time; lower it if GPU memory runs out (default %(default)g) / 每批时长",
    )
    group.add_argument(
        "--channel",
        type=_channel,
        default=DEFAULTS.channel,
        metavar="|".join([*CHANNELS, "N"]),
        help="split: each channel on its own, for two-track calls; N: that one, from 1 / 声道",
    )
    group.add_argument(
        "--track",
        type=_track,
        default=DEFAULTS.track,
        metavar="N|default",
        help="which audio track, from 1; default: the one that the file marks / 音轨",
    )
    group.add_argument(
        "--raw-format",
        default=DEFAULTS.raw_format,
        metavar="s16le:8000:1",
        help="what files named .raw or .pcm are: format, rate, channels / 无文件头录音的格式",
    )
    group.add_argument(
        "--speakers",
        default=DEFAULTS.speakers,
        metavar="off|auto|N",
        help="tell who speaks: auto, or how many people there are (default %(default)s) / 区分说话人",
    )
    group.add_argument(
        "--no-itn", dest="use_itn", action="store_false", help="no digits and punctuation / 不做逆文本规范化"
    )
    group.add_argument(
        "--ban-emo-unk", action="store_true", help="never leave the emotion unknown / 不允许“情绪未知”"
    )
    group.add_argument(
        "--languages",
        "--among",  # its name in 0.1, and that of its variable
        dest="among",
        type=lambda text: tuple(text.replace(",", " ").split()),
        default=os.environ.get("SENSEVOICE_AMONG", ""),
        metavar="zh,en",
        help="with --language auto, the languages that can occur (before: --among, SENSEVOICE_AMONG) / "
        "自动识别时可能出现的语种",
    )
    group.add_argument(
        "--keep-numbers",
        action="store_true",
        help="punctuation, but numbers as spoken; twice the time / 加标点但不改写数字",
    )
    group.add_argument(
        "--hotwords",
        type=Path,
        metavar="FILE",
        help="names and terms as they are to be written, one a line (docs/vocabulary.md) / 热词文件",
    )
    group.add_argument(
        "--no-sounds",
        dest="sounds",
        action="store_false",
        help="do not listen between the speech / 不识别语音之间的声音",
    )


def model_settings(args: argparse.Namespace) -> ModelSettings:
    """Return what was chosen with `add_model_arguments`."""
    return ModelSettings(
        model=args.model,
        vad_model=args.vad_model,
        speaker_model=args.speaker_model,
        hub=args.hub,
        cache_dir=args.model_dir,
        device=args.device,
        demo=args.demo,
        precision=args.precision,
        verify=args.verify,
    )


def options(args: argparse.Namespace) -> Options:
    """Return what was chosen with `add_option_arguments`. Raises OptionError."""
    return Options(
        language=args.language,
        use_itn=args.use_itn,
        ban_emo_unk=args.ban_emo_unk,
        merge=args.merge,
        pause_ms=args.pause_ms,
        merge_length_s=args.merge_length_s,
        merge_gap_s=args.merge_gap_s,
        batch_size_s=args.batch_size_s,
        channel=args.channel,
        sounds=args.sounds,
        among=args.among,
        keep_numbers=args.keep_numbers,
        track=args.track,
        raw_format=args.raw_format,
        speakers=args.speakers,
        hotwords=tuple(term.line for term in read_file(args.hotwords)) if args.hotwords else (),
    )


def _channel(text: str) -> str:
    if text not in CHANNELS and not is_number(text):
        raise argparse.ArgumentTypeError(f"{text!r}: {', '.join(CHANNELS)}, 1, 2 …")
    return text


def _track(text: str) -> int:
    if text != "default" and not is_number(text):
        raise argparse.ArgumentTypeError(f"{text!r}: default, 1, 2 …")
    return 0 if text == "default" else int(text)
