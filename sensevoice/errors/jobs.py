"""A job, its rows, or its minutes cannot be kept, found, changed or made."""

from __future__ import annotations

from sensevoice.errors.base import SenseVoiceError


class DiskLow(SenseVoiceError):
    reason: object
    """With the numbers."""

    code = "disk_low"
    http_status = 507
    zh = "服务器磁盘空间不足，暂时不能接收录音（{reason}）。请删除一些旧任务，或稍后再试。"
    en = "The server is short of disk space and takes no recordings now ({reason}). Delete some old jobs."


class WaitingForDisk(SenseVoiceError):
    reason: object
    """As the system gives it."""

    code = "waiting_for_disk"
    http_status = 507
    zh = "服务器的磁盘暂时写不进去（{reason}），任务在等待；腾出空间后会自动继续，已完成的部分都保留。"
    en = (
        "The server's disk takes nothing at the moment ({reason}). The job waits, goes on by itself "
        "when there is room, and keeps what is finished."
    )


class JobNotFound(SenseVoiceError):
    job: str

    code = "job_not_found"
    http_status = 404
    zh = "没有这个任务，它可能已被删除或已过保存期限。"
    en = "There is no such job; it may have been deleted or kept for its time."


class JobDamaged(SenseVoiceError):
    """What lies on disk of a job cannot be read."""

    file: str
    reason: object

    code = "job_damaged"
    http_status = 500
    zh = "这个任务的文件 {file} 无法读取（{reason}）。录音和其余部分都保留着，请重新转写这段录音。"
    en = (
        "The file {file} of this job cannot be read ({reason}). The recording and all else are kept; "
        "please transcribe the recording again."
    )


class MinutesFailed(SenseVoiceError):
    reason: object

    code = "minutes_failed"
    http_status = 502
    zh = "语言模型没有给出可用的纪要（{reason}）。请检查 --llm-url 和 --llm-model，或再试一次。"
    en = (
        "The language model gave no usable minutes ({reason}). Check --llm-url and --llm-model, or try again."
    )


class RowChanged(SenseVoiceError):
    """A row that somebody wants to correct is no longer as it was when it was seen."""

    code = "row_changed"
    http_status = 409
    zh = "这一段刚在别处改过，您的修改没有保存，文字还留在编辑框里。请看看它现在的样子，再决定是否保存。"
    en = (
        "This segment was changed elsewhere just now, so yours was not saved; what you typed is still in the "
        "field. Look at how it is now, then save again if you still want to."
    )


class RowsChanged(SenseVoiceError):
    code = "rows_changed"
    zh = "这些片段已经变了，请重新识别一次。"
    en = "These segments have changed meanwhile. Please have them recognised again."
