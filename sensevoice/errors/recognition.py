"""A recording that can be read is not recognised, or not now."""

from __future__ import annotations

import os

from sensevoice.errors.base import SenseVoiceError


class RecognitionFailed(SenseVoiceError):
    """One clip could not be recognised."""

    reason: object

    code = "recognition"
    zh = "这一段识别失败：{reason}"
    en = "This segment could not be recognised: {reason}"


class GpuMemory(RecognitionFailed):
    """One clip did not even fit by itself."""

    reason: object

    code = "gpu_memory"
    http_status = 507
    zh = "显存不足，单独识别这一段也放不下（{reason}）。请关闭占用显存的程序，或用 --device cpu。"
    en = "GPU memory ran out even for this segment alone ({reason}). Free some, or use --device cpu."


class CardLost(SenseVoiceError):
    """Speech was being found on a card that answers nothing any more; what it had heard is gone with it."""

    reason: object

    code = "card_lost"
    http_status = 503
    zh = "处理这段录音的显卡出现故障（{reason}），已停用；请再提交一次，将由其他显卡处理。"
    en = (
        "The GPU that worked on this recording failed ({reason}) and is no longer used. Please send it again."
    )


class WorkerLost(SenseVoiceError):
    path: str | os.PathLike[str]
    tries: int

    code = "worker_lost"
    http_status = 503
    zh = "处理“{name}”时工作进程连续中断 {tries} 次，已放弃这个文件。请查看该机器的日志（多为内存不足）。"
    en = (
        "“{name}” was given up: {tries} workers in a row died while they had it. "
        "Look at the logs of their machines; most often memory ran out."
    )


class TooBusy(SenseVoiceError):
    waiting: int
    """The number of runs that wait already."""

    code = "too_busy"
    zh = "现在有 {waiting} 个任务在排队，请过几分钟再试。"
    en = "{waiting} runs are waiting already. Please try again in a few minutes."
