"""Fetches and verifies all models without starting anything."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sensevoice.cli import arguments
from sensevoice.errors import SenseVoiceError
from sensevoice.models.sources import files, hub
from sensevoice.runtime import environment

EPILOG = """
To use them on a machine without network, copy the folders it prints and start there with
python app_sensevoice.py --model FOLDER --vad-model FOLDER --speaker-model FOLDER
把打印出来的目录拷到离线机器上，用 --model、--vad-model 和 --speaker-model 指定即可。
"""


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Fetch what the arguments name and print its folders; return the exit code."""
    notices = environment.prepare()
    parser = arguments.parser("Fetch and verify the models / 下载并校验模型", EPILOG, prog)
    parser.add_argument("--model", default=hub.DEFAULT_MODEL, metavar="NAME|DIR")
    parser.add_argument("--vad-model", default=hub.DEFAULT_VAD_MODEL, metavar="NAME|DIR")
    parser.add_argument("--speaker-model", default=hub.DEFAULT_SPEAKER_MODEL, metavar="NAME|DIR")
    parser.add_argument("--hub", choices=hub.HUBS, default="ms", help="ModelScope or Hugging Face / 下载来源")
    parser.add_argument("--model-dir", metavar="DIR", help="where to keep them / 保存目录")
    args = parser.parse_args(argv)
    for notice in notices:
        print(notice, flush=True)
    speech, voices = files.SPEECH, files.VOICES
    wanted = ((args.model, speech), (args.vad_model, speech), (args.speaker_model, voices))
    for name, contents in wanted:
        try:
            directory = hub.find_model(
                name, args.hub, args.model_dir, announce=print, refresh=True, contents=contents
            )
            files.verify(directory, force=True, contents=contents)
        except SenseVoiceError as error:
            print(f"\n{error}", file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:
            print("\nstopped; run again to go on where it was / 已停止，再次运行会接着下载", flush=True)
            return 130
        print(f"whole / 完整: {directory}\n", flush=True)
    return 0
