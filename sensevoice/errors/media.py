"""A file that was given cannot be read, or not with these settings."""

from __future__ import annotations

import os
from typing import Any

from sensevoice.errors.base import SenseVoiceError


class MediaError(SenseVoiceError):
    """Something about the file that was given."""

    path: str | os.PathLike[str]
    reason: object = ""
    peak_bytes: int = 0
    """The most memory that the decoder used, where it got as far as that."""

    code = "media"
    zh = "无法读取“{name}”：{reason}"
    en = "Cannot read “{name}”: {reason}"


class FileMissing(MediaError):
    code = "file_missing"
    zh = "找不到文件“{name}”，请检查路径或重新上传。"
    en = "There is no file “{name}”. Check the path or upload it again."


class EmptyFile(MediaError):
    code = "empty"
    zh = "文件“{name}”是空的（0 字节），请重新选择。"
    en = "The file “{name}” is empty (0 bytes). Please choose another."


class NotMedia(MediaError):
    code = "not_media"
    zh = "无法识别“{name}”，它可能不是音视频文件，或已损坏。请换一个文件，或先转换成 mp3、wav、mp4。"
    en = (
        "“{name}” is not a media file we can read, or it is damaged. "
        "Try another file, or convert it to mp3, wav or mp4 first."
    )


class NoAudioTrack(MediaError):
    code = "no_audio"
    zh = "“{name}”里没有音轨，请上传有声音的文件。"
    en = "“{name}” has no audio track. Please upload a file with sound."


class NoPicture(MediaError):
    code = "no_picture"
    zh = "“{name}”里没有能读取的画面，无法剪成视频。请改剪声音（mp3、m4a、wav、flac）。"
    en = "“{name}” has no picture that can be read, so no film can be cut. Cut sound: mp3, m4a, wav or flac."


class NoSuchTrack(MediaError):
    track: int
    count: int
    """The tracks that there are, both from 1."""

    code = "no_track"
    zh = "“{name}”没有第 {track} 条音轨，只有 {count} 条。请选择 1 到 {count}，或使用默认音轨。"
    en = "“{name}” has no audio track {track}, only {count}. Choose 1 to {count}, or the default track."


class NoSuchChannel(MediaError):
    channel: str
    count: int
    """The channels that there are, both from 1."""

    code = "no_channel"
    zh = "“{name}”没有第 {channel} 声道，只有 {count} 个。请选择 1 到 {count}，或 mix、split。"
    en = "“{name}” has no channel {channel}, only {count}. Choose 1 to {count}, or mix, split."


class NoUsableSound(MediaError):
    code = "no_sound"
    zh = "“{name}”的音轨里没有可用的声音，可能没录完就断了。请检查原文件能否播放。"
    en = (
        "The audio track of “{name}” holds no usable sound; the recording may have been cut off. "
        "Check that the original plays."
    )


class UnfinishedRecording(MediaError):
    code = "unfinished"
    zh = "“{name}”没有正常结束（缺少 moov），请用原设备重新导出。"
    en = "“{name}” was not finished (no moov). Export it again from the device that recorded it."


class UnsupportedCodec(MediaError):
    codec: str

    code = "codec"
    zh = "“{name}”的音频编码 {codec} 不支持，请先转换成 mp3、wav 或 m4a。"
    en = "The audio codec of “{name}”, {codec}, is not supported. Convert it to mp3, wav or m4a first."


class TooShort(MediaError):
    min_ms: int

    code = "too_short"
    zh = "“{name}”的声音太短（不足 {min_ms} 毫秒），没有可识别的内容。"
    en = "The sound in “{name}” is too short (under {min_ms} ms) to recognise anything."


class UnusualAudio(MediaError):
    found: str

    code = "rate_or_channels"
    zh = "“{name}”的采样率或声道数不正常（{found}），请先转换成 16 kHz 单声道的 wav。"
    en = (
        "“{name}” has an unusual sample rate or number of channels ({found}). "
        "Convert it to 16 kHz mono first."
    )


class Playlist(MediaError):
    code = "playlist"
    zh = "“{name}”是播放列表，不是录音。请上传它所指的音视频文件本身。"
    en = "“{name}” is a list of other files and no recording. Upload the media files themselves."


class CopyProtected(MediaError):
    code = "drm"
    zh = "“{name}”有版权加密（DRM），无法转写。请使用没有加密的版本，或在播放时另行录音。"
    en = "“{name}” is copy-protected (DRM) and cannot be transcribed. Use a version without protection."


class LockedFormat(MediaError):
    code = "locked"
    zh = "“{name}”是音乐软件的加密格式（ncm、kgm、qmc 等）。请先在该软件里导出为 mp3 或 wav。"
    en = (
        "“{name}” is in a music app's locked format (ncm, kgm, qmc …). "
        "Export it as mp3 or wav from that app first."
    )


class SilkVoice(MediaError):
    code = "silk"
    zh = "“{name}”是微信或 QQ 的语音（SILK），暂不支持。请先转换成 mp3 或 wav。"
    en = (
        "“{name}” is a WeChat or QQ voice message (SILK), which is not supported. "
        "Convert it to mp3 or wav first."
    )


class TooLong(MediaError):
    max_hours: float

    code = "too_long"
    http_status = 413
    zh = "“{name}”超过 {max_hours:g} 小时的上限，请分段上传。已完成的部分保留。"
    en = (
        "“{name}” is longer than the limit of {max_hours:g} hours. "
        "Please split it. What was finished is kept."
    )


class TimedOut(MediaError):
    code = "timed_out"
    zh = "读取“{name}”超时，已停止。文件可能已损坏，请先用其他软件转换成 mp3 或 wav。"
    en = "Reading “{name}” took too long and was stopped. It may be damaged; convert it to mp3 or wav first."


class Unreadable(MediaError):
    code = "unreadable"
    zh = "“{name}”的后面部分无法读取：数据损坏过多，或同一段数据被反复引用。请检查原文件，或重新导出。"
    en = (
        "“{name}” cannot be read to its end: too much of it is damaged, or it names the same data again and "
        "again. Check the original, or export it again."
    )


class DecoderCrashed(MediaError):
    reference: str
    """By which the fault can be found in the log."""

    code = "decoder_crashed"
    zh = "读取“{name}”时解码器崩溃，服务不受影响。编号 {reference}。请先用其他软件转换成 mp3 或 wav。"
    en = (
        "The decoder crashed on “{name}”; the service is fine. Reference {reference}. "
        "Convert the file to mp3 or wav with another program first."
    )


def media_error(code: str, **data: Any) -> MediaError:
    """Return the MediaError with a code; the base class for one that is not known."""
    kinds = {kind.code: kind for kind in MediaError.__subclasses__()}
    if code not in kinds:
        return MediaError(**{"reason": code, **data})
    return kinds[code](**data)
