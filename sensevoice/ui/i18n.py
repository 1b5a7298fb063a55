"""The strings of the page, in Chinese and in English; those of errors are in errors.py."""

from __future__ import annotations

from html import escape
from typing import Literal

from sensevoice.formats import VIEWS
from sensevoice.options import CHANNELS, LANGUAGES, MAX_SPEAKERS
from sensevoice.ui.settings import DemoInfo, PageSettings
from sensevoice.ui.traditional import traditional

Locale = Literal["zh", "zh-Hant", "en"]
"""What a page is shown in; the texts of zh-Hant are those of zh in traditional characters."""

LOCALES: tuple[Locale, ...] = ("zh", "en")
"""In which texts and labels are written."""

I18N_PREFIX = "sv_"
"""Keeps the keys apart from gradio's own, of which some are groups ("file")."""

STATIC: dict[str, tuple[str, str]] = {
    "heading": ("SenseVoice 语音理解", "SenseVoice speech understanding"),
    "tagline": (
        "说了什么、用什么语言、什么情绪、周围有什么声音——上传一段录音就知道。",
        "What was said, in which language, with which emotion, and what else was heard: upload a recording.",
    ),
    "source_file": ("上传文件", "Upload"),
    "source_microphone": ("麦克风", "Microphone"),
    "source_live": ("实时", "Live"),
    "source_server": ("服务器", "Server"),
    "server_files": ("选择文件", "Choose files"),
    "file": ("音频或视频，最大 {max_upload}", "Audio or video, up to {max_upload}"),
    "microphone": ("录音", "Recording"),
    "microphone_help": (
        "浏览器只在 https 或本机地址（localhost、127.0.0.1）上允许录音。",
        "Browsers allow recording only over https or on this machine's own address (localhost, 127.0.0.1).",
    ),
    "language": ("语言", "Language"),
    "language_auto": ("自动识别", "Detect"),
    "language_zh": ("中文", "Chinese"),
    "language_en": ("英文", "English"),
    "language_yue": ("粤语", "Cantonese"),
    "language_ja": ("日文", "Japanese"),
    "language_ko": ("韩文", "Korean"),
    "settings": ("高级", "Advanced"),
    "presets": ("用途", "Use for"),
    "preset_meeting": ("会议", "Meeting"),
    "preset_subtitles": ("字幕", "Subtitles"),
    "preset_calls": ("客服", "Calls"),
    "preset_editing": ("剪辑", "Editing"),
    "preset_none": ("默认", "Default"),
    "preset_meeting_help": (
        "整段的话放在一起，每段最长 15 秒。",
        "Whole thoughts together, up to 15 s each.",
    ),
    "preset_calls_help": (
        "双声道录音左右分开：一边客服，一边客户。",
        "Stereo calls channel by channel: agent and customer.",
    ),
    "preset_subtitles_help": ("短句，每段最长 8 秒。", "Short lines, up to 8 s each."),
    "preset_editing_help": (
        "短句，剪辑点靠近掌声、笑声和关键的话。",
        "Short segments, so that cuts are close to the moment.",
    ),
    "preset_none_help": ("适合大多数录音。", "Suits most recordings."),
    "preset_own_help": ("您自己的设置，见“高级”。", "Settings of your own, see “Advanced”."),
    "merge_length_s": ("每段最长（秒）", "Longest segment (s)"),
    "merge_length_s_help": (
        "相邻的话合并到多长为止；0 为不合并，字幕可用 8，会议可用 15。",
        "Join neighbouring speech up to this length; 0 joins nothing. 8 suits subtitles, 15 meetings.",
    ),
    "merge_gap_s": ("停顿多久断开（秒）", "Split at pauses of (s)"),
    "merge_gap_s_help": (
        "停顿超过这么久就不再合并。",
        "Never join across a pause longer than this.",
    ),
    "batch_size_s": ("每批秒数", "Seconds per batch"),
    "batch_size_s_help": (
        "一次识别多少秒的声音；显存不足时调小。",
        "Seconds of sound recognised at a time; lower it when the GPU runs out of memory.",
    ),
    "use_itn": ("数字与标点", "Digits and punctuation"),
    "use_itn_help": (
        "把“二零二六”写成“2026”，并加上标点。",
        "Write “twenty six” as “26” and set punctuation.",
    ),
    "ban_emo_unk": ("不确定时也标情绪", "Always name an emotion"),
    "ban_emo_unk_help": (
        "不确定时也选一个最像的情绪，会多一些误判。",
        "Choose the likeliest emotion even when unsure; more of them will be wrong.",
    ),
    "keep_numbers": ("数字保留汉字", "Keep numbers as words"),
    "keep_numbers_help": (
        "加标点，但“二零二六”不写成“2026”；用时加倍。",
        "Set punctuation, but leave numbers as they were said; takes twice the time.",
    ),
    "among": ("可能出现的语言", "Expected languages"),
    "among_help": (
        "语言为“自动识别”时，只在勾选的语言里选；都不勾就是不限。",
        "With “Detect”, choose only among these; none ticked means any.",
    ),
    "speakers": ("区分说话人", "Who speaks"),
    "speakers_off": ("关闭", "Off"),
    "speakers_auto": ("自动判断人数", "Find out how many"),
    "speakers_1": ("1 人", "1 person"),
    **{f"speakers_{count}": (f"{count} 人", f"{count} people") for count in range(2, MAX_SPEAKERS + 1)},
    "hotwords": ("热词", "Hotwords"),
    "hotwords_help": (
        "人名、产品名等，一行一个；读法特殊的写成“写法|读音”，例如“单田芳|shan tian fang”。",
        "Names and terms, one a line; where one is said otherwise: “K8s|kubernetes”.",
    ),
    "channel": ("声道", "Channel"),
    "channel_help": (
        "双声道通话或多麦克风录音可把各声道分开识别。",
        "For calls in stereo and several microphones, each channel can be recognised on its own.",
    ),
    "channel_mix": ("混合", "Mix"),
    "channel_left": ("左声道", "Left"),
    "channel_right": ("右声道", "Right"),
    "channel_split": ("各声道分开", "Split"),
    "sounds": ("识别掌声、笑声等声音", "Applause, laughter and other sounds"),
    "sounds_help": (
        "也听没有人说话的地方：掌声、笑声、音乐……",
        "Listen where nobody speaks, too: applause, laughter, music …",
    ),
    "start": ("开始 AI 识别", "Start AI recognition"),
    "cancel": ("取消", "Cancel"),
    "samples": ("示例", "Samples"),
    "transcript": ("识别结果", "Transcript"),
    "transcript_empty": (
        "识别出的文字会一段一段地出现在这里，带着语言、情绪和声音的标签。",
        "The text appears here segment by segment, with tags for language, emotion and sounds.",
    ),
    "view": ("视图", "View"),
    "view_tagged": ("标签", "Tags"),
    "view_emoji": ("表情", "Emoji"),
    "view_plain": ("纯文本", "Plain text"),
    "view_timed": ("带时间", "With times"),
    "view_markdown": ("Markdown 表格", "Markdown table"),
    "view_raw": ("原始", "Raw"),
    "labels": ("标签语言", "Tag language"),
    "labels_zh": ("中文", "中文 (Chinese)"),
    "labels_en": ("English（英文）", "English"),
    "copy": ("复制", "Copy"),
}
"""Strings that the browser inserts in its own language; keys of settings are the names of Options."""

SPOKEN: dict[str, tuple[str, str]] = {
    "state_loading": ("载入中", "loading"),
    "state_ready": ("就绪", "ready"),
    "state_demo": ("演示模型", "demonstration model"),
    "state_failed": ("出错", "failed"),
    "loading_and_what": ("{state}：{what}", "{state}: {what}"),
    "step_libraries": ("依赖库", "libraries"),
    "step_download": ("下载模型", "downloading the model"),
    "step_downloaded": ("下载模型 {done} / {total} MB", "downloading {done} of {total} MB"),
    "step_check": ("校验文件", "checking files"),
    "step_load": ("载入模型", "reading the model"),
    "step_prepare": ("为 CPU 准备模型（仅首次）", "preparing the model for this CPU, once"),
    "step_self_test": ("自检", "self-test"),
    "waiting_for_model": (
        "模型还在载入（{what}），好了会自动开始",
        "The model is still loading ({what}); this begins by itself",
    ),
    "no_file": ("请先选择一个音频或视频文件。", "Please choose an audio or video file first."),
    "no_recording": ("请先用麦克风录一段音。", "Please record something with the microphone first."),
    "caller_left": (
        "调用方已断开连接，任务已取消。",
        "The caller has closed its connection, so the job was cancelled.",
    ),
    "not_uploaded": (
        "请用 handle_file() 上传文件；服务器上的路径和网址不被接受，上传的文件几分钟不用就会被清除。",
        "Upload the file with handle_file(); paths on the server and web addresses are not accepted, and an "
        "upload that is not used goes after some minutes.",
    ),
    "unexpected": (
        "出了意料之外的问题，请重试；若再次出现，请把编号 {reference} 告诉管理员，日志里有详情。",
        "Something unexpected went wrong. Try again; if it happens once more, give the administrator the "
        "number {reference}, under which the log has the details.",
    ),
    "starting": ("正在准备…", "Getting ready …"),
    "left_out": (
        "{count} 个文件没有收下，其余的已开始：{reason}",
        "{count} file(s) were not taken in, the others have begun: {reason}",
    ),
    "waiting": ("前面还有 {ahead} 个任务", "{ahead} ahead of this one"),
    "cancelling": ("正在取消…", "Cancelling …"),
    "stage_decode": ("识别中", "Recognising"),
    "stage_recognise": ("识别中", "Recognising"),
    "stage_done": ("整理", "Finishing"),
    "done_so_far": ("已处理 {duration}", "{duration} done"),
    "remaining": ("还需约 {duration}", "about {duration} left"),
    "partial": ("未完成", "Not finished"),
    "partial_until": ("未完成，只到 {time}", "Not finished, up to {time} only"),
    "cancelled": (
        "已取消；之前识别出的内容已保留。",
        "Cancelled; what was recognised until then is kept.",
    ),
    "segments": ("{count} 段", "{count} segments"),
    "segment": ("{count} 段", "{count} segment"),
    "failed": ("{count} 段识别失败", "{count} failed"),
    "took": ("用时 {duration}", "took {duration}"),
    "nothing_heard": ("没有听到说话声", "no speech was heard"),
    "hours": ("{hours} 小时 {minutes:02d} 分", "{hours} h {minutes:02d} min"),
    "minutes": ("{minutes} 分 {seconds:02d} 秒", "{minutes} min {seconds:02d} s"),
    "seconds": ("{seconds} 秒", "{seconds} s"),
}
"""Strings that the server fills in and sends, with placeholders."""

DEMO_BANNER = (
    "演示模型只认识下面列出的句子，不能识别别的录音。要识别自己的录音，请去掉 --demo 重新启动。",
    "This demonstration model knows only the sentences listed here and cannot recognise other recordings. "
    "For real use, start without --demo.",
)
DEMO_LIST = ("它认识的 {count} 个句子", "The {count} sentences it knows")

PAGE_LANGUAGES = tuple(language for language in LANGUAGES if language != "nospeech")
"""`nospeech` is a label that the model gives, not a language to choose."""

CHOICES = {
    "language": PAGE_LANGUAGES,
    "speakers": ("off", "auto", *(str(count) for count in range(1, MAX_SPEAKERS + 1))),
    "channel": CHANNELS,
    "view": VIEWS,
    "labels": LOCALES,
}
"""Dropdown → its choices; the text of a choice has the key NAME_VALUE."""

GRADIO_LOCALES: dict[str, Locale] = {"en": "en", "zh-CN": "zh", "zh-TW": "zh-Hant"}
"""The tags under which gradio's page (6.31) knows ours; page_head.py gives it one of these for any other."""

TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
"""How the tags of those begin who read traditional characters; the same as in page_head.py."""


def locale_of(accept_language: str | None) -> Locale:
    """Return the locale for an Accept-Language header, Chinese when there is none.

    By the browser's first language, as in the script of page_head.py, so that labels and sentences are
    always in one language.
    """
    first = (accept_language or "zh-CN").split(",")[0].split(";")[0].strip().lower()
    if first.split("-")[0] != "zh":
        return "en"
    return "zh-Hant" if first.startswith(TRADITIONAL) else "zh"


def labels_of(locale: Locale) -> Literal["zh", "en"]:
    """Return in which language the labels in a transcript are for a reader."""
    return "en" if locale == "en" else "zh"


def in_locale(zh: str, en: str, locale: Locale) -> str:
    """Return a sentence of ours, or a text with placeholders, as a reader is told it."""
    if locale == "en":
        return en
    return traditional(zh) if locale == "zh-Hant" else zh


def translate(key: str, locale: Locale, **values: object) -> str:
    """Return a string of STATIC or SPOKEN with its placeholders filled."""
    zh, en = SPOKEN[key] if key in SPOKEN else STATIC[key]
    return in_locale(zh, en, locale).format(**values)


def duration(ms: float, locale: Locale) -> str:
    """Return a length of time in words: "0.4 秒", "22 秒", "3 分 05 秒", "1 小时 02 分"."""
    if ms < 9_950:
        return translate("seconds", locale, seconds=f"{max(0.1, ms / 1000):.1f}".removesuffix(".0"))
    seconds = round(ms / 1000)
    if seconds < 60:
        return translate("seconds", locale, seconds=seconds)
    if seconds < 3600:
        return translate("minutes", locale, minutes=seconds // 60, seconds=seconds % 60)
    minutes = round(seconds / 60)
    return translate("hours", locale, hours=minutes // 60, minutes=minutes % 60)


def size(mb: int) -> str:
    """Return megabytes as people read them: "500 MB", "2 GB", "2.5 GB"."""
    return f"{mb} MB" if mb < 1024 else f"{mb / 1024:.3g} GB"


def translations(settings: PageSettings) -> dict[str, dict[str, str]]:
    """Return the static strings by the browser's language, for gr.I18n."""
    return {tag: _static(settings, locale) for tag, locale in GRADIO_LOCALES.items()}


def _static(settings: PageSettings, locale: Locale) -> dict[str, str]:
    upload = size(settings.max_upload_mb)
    texts = {key: in_locale(*pair, locale).replace("{max_upload}", upload) for key, pair in STATIC.items()}
    texts["header"] = f"<h1>{texts['heading']}</h1><p>{texts['tagline']}</p>"
    if settings.demo:
        texts["demo"] = _demo_banner(settings.demo, locale)
    for number, sample in enumerate(settings.samples):
        texts[f"sample_{number}"] = in_locale(sample.title_zh, sample.title_en, locale)
    return {I18N_PREFIX + key: text for key, text in texts.items()}


def _demo_banner(demo: DemoInfo, locale: Locale) -> str:
    rows = "".join(f'<li lang="{escape(lang)}">{escape(text)}</li>' for lang, text in demo.sentences)
    title = in_locale(*DEMO_LIST, locale).format(count=len(demo.sentences))
    banner = in_locale(*DEMO_BANNER, locale)
    return f"<p>{banner}</p><details><summary>{title}</summary><ul>{rows}</ul></details>"
