"""Clips cannot be cut or are gone."""

from __future__ import annotations

from sensevoice.errors.base import SenseVoiceError


class NothingToCut(SenseVoiceError):
    count: int
    most: int

    code = "nothing_to_cut"
    zh = "选中了 {count} 个片段，可以剪 1 到 {most} 个。请勾选或筛选要剪的行。"
    en = "{count} clips were chosen; 1 to {most} can be cut. Tick or filter the rows to cut."


class NoRoomToCut(SenseVoiceError):
    reason: object
    """With the numbers."""

    code = "no_room_to_cut"
    http_status = 507
    zh = "磁盘空间不够，没有剪辑（{reason}）。请少选一些、改剪声音，或腾出空间后再试。"
    en = (
        "There is not enough disk space for the clips, and nothing was kept of them ({reason}). "
        "Choose fewer, cut sound alone, or make room and try again."
    )


class CutGone(SenseVoiceError):
    code = "cut_gone"
    http_status = 404
    zh = "没有这个剪辑，它可能已被删除或已过保存期限。请重新剪一次。"
    en = "There is no such cut; it may have been deleted or kept for its time. Please cut again."


class CutFailed(SenseVoiceError):
    reference: str
    """By which the fault can be found in the log."""

    code = "cut_failed"
    http_status = 500
    zh = "剪辑没有完成，服务不受影响，编号 {reference}。请换一种格式再试，或先用其他软件转换原文件。"
    en = (
        "The clips could not be made; the service is fine. Reference {reference}. "
        "Try another kind of file, or convert the recording with another program first."
    )
