"""What a reader is told of a problem of a recording, and what to do, in both languages."""

from __future__ import annotations

from sensevoice.transcript import Diagnostic

ADVICE = {
    "low_snr": (
        "背景噪声较大：语音只比背景高 {value:.0f} dB。建议先降噪，或让麦克风靠近说话人。",
        "Much background noise: speech is only {value:.0f} dB louder than the rest. "
        "Reduce the noise first, or bring the microphone closer.",
    ),
    "clipping": (
        "录音削波失真：{value:.1f}% 的采样达到满幅。建议降低录音增益后重录，或使用未失真的原始文件。",
        "The recording is clipped: {value:.1f}% of the samples are at full scale. "
        "Record again with less gain, or use an original that is not distorted.",
    ),
    "very_quiet": (
        "音量很低：语音只有 {value:.0f} dBFS。建议先提高音量（增益）再识别。",
        "Very quiet: speech is at {value:.0f} dBFS. Raise the gain first.",
    ),
    "channels_differ": (
        "各声道内容不同：{value:.0f}% 的时间里只有一个声道在说话。建议把“声道”设为“各声道分开”（split）。",
        "The channels carry different content: for {value:.0f}% of the time one speaks alone. "
        "Set “Channel” to “Split” (split).",
    ),
    "channels_cancel": (
        "左右声道相位相反，混合后会互相抵消（占有声时间的 {value:.0f}%）。已把其中一个声道反相后再识别；"
        "如果结果仍不理想，建议声道选择“左声道”（left）。",
        "The two channels cancel each other when they are mixed (for {value:.0f}% of the loud time). "
        "One of them was turned over; if the result is not good, choose the left channel (left).",
    ),
    "silent": (
        "几乎没有声音：最响处也只有 {value:.0f} dBFS（低于 −60 dBFS）。请确认录的是不是正确的音轨或麦克风。",
        "Nothing is louder than −60 dBFS (the loudest part: {value:.0f} dBFS). "
        "Was the right track or microphone recorded?",
    ),
    "band_limited": (
        "音频带宽只有 {value:.0f} Hz（电话音质），识别率会下降。有更高采样率的原始文件时请使用原始文件。",
        "The sound ends at {value:.0f} Hz (telephone quality), which costs accuracy. "
        "Use an original with a higher sample rate if there is one.",
    ),
    "fast_speech": (
        "语速较快：每分钟约 {value:.0f} 个字或词。可以把“每段最长”设为 20 秒再试。",
        "Fast speech: about {value:.0f} characters or words a minute. Set “Longest segment” to 20 seconds.",
    ),
    "partial": (
        "只转写到 {clock}：解码器在这里停止了，之后的内容没有转写。"
        "请检查原文件能否播放，或先转换成 mp3、wav 再试。",
        "Transcribed up to {clock} only: there the decoder stopped, and what follows is missing. "
        "Check that the original plays, or convert it to mp3 or wav first.",
    ),
    "damaged": (
        "文件有损坏：{value:.0f} 个数据包无法解码，已跳过，可能缺少个别语句。",
        "The file is damaged: {value:.0f} packets could not be decoded and were left out; "
        "some words may be missing.",
    ),
    "incomplete": (
        "文件不完整：只有约 {value:.0f}% 可以读取，已转写这一部分。请检查原文件，或重新导出。",
        "The file is not whole: only about {value:.0f} % of it could be read, which was transcribed. "
        "Check the original, or export it again.",
    ),
    "other_tracks": (
        "文件里还有 {value:.0f} 条音轨没有转写，现在用的是默认音轨。需要时请选择“音轨”（track）。",
        "The file has {value:.0f} more audio tracks; the default one was transcribed. "
        "Choose another by “Track” (track).",
    ),
    "wrong_length": (
        "WAV 文件头写的长度只有实际的 {value:.1f}%（超过 4 GB 或录音未正常结束）。"
        "已按文件的实际大小转写全部内容。",
        "The header of the WAV speaks of only {value:.1f} % of its sound (more than 4 GB, or a recorder that "
        "did not finish). All that the file holds was transcribed.",
    ),
    "broken_clock": (
        "文件的时间戳有 {value:.0f} 处不可信（跳变或重新开始），此后按采样数计时；时间可能与播放器不同。",
        "{value:.0f} of the time stamps of the file cannot be true (they jump, or begin anew); from there on "
        "samples were counted, and times may differ from a player's.",
    ),
}


def advice(name: str, value: float) -> Diagnostic:
    """Return a problem with its sentences; `value` is in the unit that the name implies."""
    zh, en = ADVICE[name]
    minutes, seconds = divmod(int(value), 60)  # of a value in seconds
    data = {"value": value, "clock": f"{minutes}:{seconds:02d}"}
    return Diagnostic(name, round(value, 2), zh.format(**data), en.format(**data))
