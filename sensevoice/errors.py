"""Every error raised on purpose, each with a sentence in Chinese and in English.

SenseVoiceError
├── OptionError                 a setting with a value that is not allowed
│   └── BadVocabulary           a line of a list of hotwords
├── MediaError                  something about the file that was given
│   ├── FileMissing
│   ├── EmptyFile
│   ├── NotMedia
│   ├── NoAudioTrack
│   ├── NoPicture               a film is to be cut of sound alone
│   ├── NoSuchTrack
│   ├── NoSuchChannel
│   ├── NoUsableSound
│   ├── UnfinishedRecording
│   ├── UnsupportedCodec
│   ├── UnusualAudio            a rate or a number of channels that no recording has
│   ├── Playlist
│   ├── CopyProtected
│   ├── LockedFormat            the files of music apps
│   ├── SilkVoice
│   ├── TooShort
│   ├── TooLong
│   ├── TimedOut
│   ├── Unreadable              damaged, or made, so that reading it would not come to an end
│   └── DecoderCrashed          with a number that the log has too
├── RecognitionFailed           one clip; the other segments go on
│   └── GpuMemory
├── CardLost                    one of several GPUs; a job begins again on another
├── WorkerLost                  the processes of a fleet died of a recording
├── TooBusy                     too many runs are waiting for their turn
├── LiveBusy                    as many speak as the machine, or a login, can hold
├── LiveDiskFull                what is said cannot be written at this moment
├── CaptionsEnded               the link to captions of a recording that has ended, or was taken back
├── DiskLow                     no room for another recording
├── NothingToCut                no rows were chosen, or far too many
├── NoRoomToCut                 the disk does not take the clips
├── CutGone                     clips that were deleted or kept for their time
├── CutFailed                   with a number that the log has too
├── WaitingForDisk              a running job waits until the disk takes what it has to write
├── JobNotFound                 there is no such job, or it is somebody else's
├── JobDamaged                  what lies on disk of a job cannot be read
├── Unexpected                  a fault of the program, with a number that the log has too
├── MinutesFailed               the user's language model gave no minutes
├── BadRequest                  what a browser asked for does not exist
├── BadQuery                    a line of the search that cannot be read
├── RuleNotFound                a search under a name that is not there
├── IndexMissing                there is no search index where one was looked for
├── NotAnIndex                  a file that is no search index of ours
├── RowChanged                  a row that was corrected elsewhere since it was seen
├── RowsChanged                 what was heard again belongs to rows that are no longer so
├── LoginNeeded                 the page is open to those who log in
├── LoginWrong
├── AccessDenied                     what the access policy refuses
│   ├── Unauthorized
│   ├── UnknownHost
│   ├── BadOrigin
│   ├── RemoteFetchRefused
│   ├── NoSuchAddress
│   ├── HeadersTooLarge
│   ├── BodyTooBig              of anything but an upload
│   ├── TooSlow                 a body that stopped in the middle
│   ├── TooManyTries            of passwords or tokens
│   └── TooBig
├── BadRecord                   a JSON document that is no transcript of ours
└── StartupError                the program cannot start; ends it with exit code 1
    ├── PortTaken
    ├── DataDirectoryUnusable
    ├── DeviceUnavailable
    ├── FleetUnavailable        Ray, or a worker on it
    ├── MissingDependency
    └── ModelError
        ├── ModelNotAvailable   not in the cache and not to be downloaded
        ├── ModelFileMissing
        ├── ModelFileDamaged
        └── SelfTestFailed
"""

from __future__ import annotations

import functools
import os
from typing import Any, ClassVar, dataclass_transform


@dataclass_transform(kw_only_default=True)
class SenseVoiceError(Exception):
    """Base of all errors raised on purpose.

    The annotated fields of a subclass are its keyword arguments, which the type checker knows. They are kept
    as `data` and fill the placeholders of the two message templates; a `path` also gives the placeholder
    `{name}`, its last part.
    """

    code: ClassVar[str] = "error"
    zh: ClassVar[str] = "内部错误：{reason}"
    en: ClassVar[str] = "Internal error: {reason}"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 400

    def __init__(self, **data: Any) -> None:
        if "path" in data:
            data.setdefault("name", os.path.basename(os.fspath(data["path"])) or str(data["path"]))
        self.data = data
        super().__init__(self.message("zh") + " / " + self.message("en"))

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), **self.data), ()  # to another process, with its data

    def message(self, language: str) -> str:
        """Return the sentence in "zh" or, for any other value, in English."""
        template = self.zh if language == "zh" else self.en
        return template.format_map(self.data)


class OptionError(SenseVoiceError):
    """A setting with a value that is not allowed."""

    option: str
    value: object
    allowed: object

    code = "bad_option"
    zh = "设置 {option} 的值 {value!r} 不可用，可选：{allowed}。"
    en = "Setting {option} cannot be {value!r}; allowed: {allowed}."
    exit_code = 2


class BadVocabulary(OptionError):
    """A list of hotwords that cannot be read: in which file and line, and why, in Chinese and in English."""

    where: tuple[str, str]
    reason: tuple[str, str]

    code = "bad_hotwords"
    zh = "热词{where}：{reason}"
    en = "Hotwords{where}: {reason}"

    def message(self, language: str) -> str:
        """Return the sentence in "zh" or, for any other value, in English."""
        own = 0 if language == "zh" else 1
        data = {name: value[own] if isinstance(value, tuple) else value for name, value in self.data.items()}
        return (self.zh if language == "zh" else self.en).format_map(data)


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


class DiskLow(SenseVoiceError):
    reason: object
    """With the numbers."""

    code = "disk_low"
    http_status = 507
    zh = "服务器磁盘空间不足，暂时不能接收录音（{reason}）。请删除一些旧任务，或稍后再试。"
    en = "The server is short of disk space and takes no recordings now ({reason}). Delete some old jobs."


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


class Unexpected(SenseVoiceError):
    reference: str
    """By which the fault can be found in the log."""

    code = "internal"
    http_status = 500
    zh = "出了意外的错误，编号 {reference}，已完成的结果都已保留。请把编号告诉管理员，日志里有详细信息。"
    en = (
        "Something unexpected went wrong, reference {reference}; what was finished is kept. "
        "Tell the administrator the number, the log has the details."
    )


class BadRequest(SenseVoiceError):
    """A request that the page does not make."""

    reason: object

    code = "bad_request"
    zh = "请求有误：{reason}"
    en = "This request cannot be answered: {reason}"


class BadQuery(SenseVoiceError):
    """A line that somebody typed into the search."""

    reason: tuple[str, str]
    """In Chinese and in English: it says what to type instead."""

    code = "bad_query"
    zh = "无法查找：{reason}"
    en = "This cannot be searched for: {reason}"
    exit_code = 2

    def message(self, language: str) -> str:
        reason = self.data["reason"]
        if isinstance(reason, tuple):
            reason = reason[0 if language == "zh" else 1]
        return (self.zh if language == "zh" else self.en).format(reason=reason)


class RuleNotFound(SenseVoiceError):
    rule: str

    code = "rule_not_found"
    http_status = 404
    zh = "没有这条规则，它可能已被删除。"
    en = "There is no such rule; it may have been deleted."


class IndexMissing(SenseVoiceError):
    path: str | os.PathLike[str]

    code = "index_missing"
    zh = "没有搜索索引 {path}。页面运行过后才会有；请核对 --data-dir、--port，或用 --index 指定文件。"
    en = (
        "There is no search index {path}. The page makes it when it runs; check --data-dir and --port, or "
        "name a file with --index."
    )
    exit_code = 2


class NotAnIndex(SenseVoiceError):
    """A file that was named as a search index."""

    path: str | os.PathLike[str]

    code = "not_an_index"
    zh = "“{name}”不是本版本的搜索索引。请用 sensevoice transcribe … --index 生成，或换一个文件名。"
    en = (
        "“{name}” is no search index of this version of the program. Make one with sensevoice transcribe … "
        "--index, or name another file."
    )
    exit_code = 2


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


class LoginNeeded(SenseVoiceError):
    code = "login_needed"
    http_status = 401
    zh = "请先登录。"
    en = "Please log in first."


class LoginWrong(SenseVoiceError):
    code = "login_wrong"
    http_status = 401
    zh = "用户名或密码不对，请再试一次。"
    en = "User name or password is wrong. Please try again."


class AccessDenied(SenseVoiceError):
    """A request that is turned away before the page sees it."""

    code = "refused"
    http_status = 403
    zh = "此请求被拒绝。"
    en = "This request is refused."


class Unauthorized(AccessDenied):
    code = "uninvited"
    http_status = 401
    zh = "请使用程序启动时在终端里打印的链接（带 token），或通过 SSH 隧道在 http://127.0.0.1 打开。"
    en = (
        "Please open the link (with a token) that the program printed in its terminal, "
        "or come through the SSH tunnel at http://127.0.0.1."
    )


class UnknownHost(AccessDenied):
    host: str

    code = "unknown_host"
    http_status = 421
    zh = "不认识的主机名 {host}。请用 http://127.0.0.1 打开，或在启动时加上 --allow-host {host}。"
    en = "Unknown host name {host}. Open http://127.0.0.1, or start the program with --allow-host {host}."


class BadOrigin(AccessDenied):
    origin: str

    code = "bad_origin"
    zh = "拒绝来自其他网站（{origin}）的请求。若页面在反向代理之后，请在启动时加上 --allow-host。"
    en = "Requests from another site ({origin}) are refused. Behind a reverse proxy, start with --allow-host."


class RemoteFetchRefused(AccessDenied):
    code = "forbidden"
    zh = "不代为获取网络地址。请下载文件后上传。"
    en = "Addresses are not fetched on anybody's behalf. Download the file and upload it."


class NoSuchAddress(AccessDenied):
    code = "no_such_address"
    http_status = 404
    zh = "没有这个地址。"
    en = "There is nothing at this address."


class HeadersTooLarge(AccessDenied):
    max_kb: int

    code = "headers_too_large"
    http_status = 431
    zh = "请求头超过 {max_kb} KB 的上限。请清除浏览器中本站的 Cookie 后重试。"
    en = "The request's headers are over the limit of {max_kb} KB. Clear this site's cookies and try again."


class BodyTooBig(AccessDenied):
    max_kb: int

    code = "body_too_big"
    http_status = 413
    zh = "请求内容超过 {max_kb} KB 的上限，请减少后重试。"
    en = "The request sends more than the limit of {max_kb} KB. Send less."


class TooSlow(AccessDenied):
    code = "too_slow"
    http_status = 408
    zh = "传输中断：长时间没有收到数据，请重新上传。"
    en = "The transfer stopped: nothing came for a long time. Please send it again."


class TooManyTries(AccessDenied):
    code = "too_many_tries"
    http_status = 429
    zh = "尝试次数过多，请过一会儿再试。"
    en = "There were too many wrong tries. Please wait a moment and try again."


class TooBig(AccessDenied):
    max_mb: int

    code = "too_big"
    http_status = 413
    zh = "文件超过 {max_mb} MB 的上限（--max-upload-mb）。请压缩或分段后上传。"
    en = "The file is over the limit of {max_mb} MB (--max-upload-mb). Compress or split it."


class BadRecord(SenseVoiceError):
    """A JSON document that cannot be read back as a transcript."""

    reason: object

    code = "bad_record"
    zh = "这不是可以读取的识别结果：{reason}"
    en = "This is not a transcript that can be read: {reason}"
    exit_code = 2


class StartupError(SenseVoiceError):
    """The program cannot start."""

    reason: object = ""

    code = "startup"
    zh = "无法启动：{reason}"
    en = "Cannot start: {reason}"


class PortTaken(StartupError):
    host: str
    port: int

    code = "port_taken"
    zh = "端口 {port} 已被占用。请用 --port 换一个端口，或先停掉占用它的程序。"
    en = "Port {port} is already in use. Choose another with --port, or stop the program that holds it."


class DataDirectoryUnusable(StartupError):
    path: str | os.PathLike[str]

    code = "data_directory"
    zh = "任务目录 {path} 不能使用：{reason}。请用 --data-dir 换一个目录。"
    en = "The directory for jobs, {path}, cannot be used: {reason}. Choose another with --data-dir."


class DeviceUnavailable(StartupError):
    device: str

    code = "device"
    zh = "设备 {device} 不可用：{reason}。可用 --device auto 自动选择，或 --device cpu。"
    en = "Device {device} cannot be used: {reason}. Use --device auto to choose by itself, or --device cpu."


class FleetUnavailable(StartupError):
    code = "fleet"
    zh = "无法使用 Ray 集群：{reason}。请检查 --ray 的地址，并确认已安装 pip install 'sensevoice-web[ray]'。"
    en = (
        "The fleet on Ray cannot be used: {reason}. Check the address given to --ray, and that Ray is there: "
        "pip install 'sensevoice-web[ray]'."
    )


class MissingDependency(StartupError):
    code = "dependency"
    zh = "缺少依赖：{reason}。请运行 bash scripts/run.sh，或 pip install -r requirements.txt。"
    en = "A dependency is missing: {reason}. Run bash scripts/run.sh, or pip install -r requirements.txt."


class ModelError(StartupError):
    """Something about a model directory."""

    path: str | os.PathLike[str]

    code = "model"
    zh = "模型无法载入：{path}：{reason}"
    en = "The model cannot be loaded: {path}: {reason}"


class ModelNotAvailable(ModelError):
    model: str
    missing: str

    code = "model_unavailable"
    zh = (
        "没有模型 {model}：缓存目录 {path} 里缺少 {missing}，而且无法下载（{reason}）。三种办法："
        "① 在能上网的机器上运行 python scripts/download_models.py，再把目录拷过来；"
        "② 用 --model 目录（和 --vad-model 目录）指定已有的模型；③ 用 --demo 先看看演示模型。"
    )
    en = (
        "The model {model} is not here: the cache folder {path} lacks {missing}, and it cannot be downloaded "
        "({reason}). Three ways out: (1) run python scripts/download_models.py on a machine with network and "
        "copy the folder here; (2) name a directory with --model DIR (and --vad-model DIR); "
        "(3) try --demo, the bundled demonstration model."
    )


class ModelFileMissing(ModelError):
    file: str

    code = "model_file_missing"
    zh = "模型目录 {path} 不完整：缺少 {file}。请运行 python scripts/download_models.py 重新下载。"
    en = (
        "The model directory {path} is incomplete: {file} is missing. "
        "Run python scripts/download_models.py to fetch it again."
    )


class ModelFileDamaged(ModelError):
    file: str

    code = "model_file_damaged"
    zh = (
        "模型目录 {path} 里的 {file} 已损坏（{reason}）。请删除它，再运行 python scripts/download_models.py。"
    )
    en = (
        "{file} in the model directory {path} is damaged ({reason}). "
        "Delete it and run python scripts/download_models.py."
    )


class SelfTestFailed(ModelError):
    code = "model_self_test"
    zh = "模型 {path} 载入后自检没有通过（{reason}），它的权重可能不对。请重新下载。"
    en = (
        "The model {path} failed its self-test after loading ({reason}); its weights may be wrong. "
        "Please download it again."
    )


def first_line(error: BaseException, max_length: int = 200) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:max_length]
