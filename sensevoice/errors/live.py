"""A recording cannot be made, or its captions be shown."""

from __future__ import annotations

from sensevoice.errors.base import SenseVoiceError


class LiveBusy(SenseVoiceError):
    count: int
    """How many are being recorded."""

    code = "live_busy"
    http_status = 503
    zh = "现在已有 {count} 路实时识别在进行，没有空位了。请等其中一路结束后再试，或先录音，再上传识别。"
    en = (
        "{count} live recordings are under way, and there is no room for another. Please try again when one "
        "has ended, or record first and upload the recording."
    )


class LiveDiskFull(SenseVoiceError):
    reason: object

    code = "live_disk_full"
    http_status = 507
    zh = "服务器的磁盘暂时写不进去（{reason}），录音先留在浏览器里，腾出空间后会自动补传。请不要关闭网页。"
    en = (
        "The server's disk takes nothing at the moment ({reason}). The recording stays in the browser and is "
        "sent when there is room again. Please do not close the page."
    )


class LiveLoggedOut(SenseVoiceError):
    """Whoever records has logged out meanwhile, or the login is no more."""

    code = "live_logged_out"
    http_status = 401
    zh = "登录已退出或失效，录音到此结束，已作为任务保存。重新登录后可以在列表里找到它。"
    en = (
        "You are no longer logged in, so the recording has ended here. It is kept as a job: log in again to "
        "find it in the list."
    )


class LiveDeleted(SenseVoiceError):
    code = "live_deleted"
    http_status = 410
    zh = "这次录音刚被删除，已经停止录音。"
    en = "This recording was deleted just now, so it has stopped."


class CaptionsEnded(SenseVoiceError):
    code = "captions_ended"
    http_status = 410
    zh = "字幕已经结束：这次录音结束了，或者链接已被收回。"
    en = "These captions have ended: the recording is over, or its link was taken back."
