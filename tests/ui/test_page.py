"""The page's logic without a browser: what is said, whose turn it is, what a run shows."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import json
import re
import string
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import gradio as gr
import pytest

from sensevoice.errors import DeviceUnavailable, NotMedia, OptionError
from sensevoice.formats import FORMATS, VIEWS, render_view
from sensevoice.jobs import JobRunner, JobStore, Result
from sensevoice.jobs.editing.edits import Change
from sensevoice.models.loading import ModelStatus
from sensevoice.options import Options
from sensevoice.progress import LoadStep, Progress, Step
from sensevoice.transcript import ModelInfo, Segment, Span
from sensevoice.ui import (
    DemoInfo,
    PageSettings,
    Sample,
    build_app,
    close_app,
    i18n,
    launch_arguments,
    markup,
    queue_arguments,
)
from sensevoice.ui.api import make_endpoint
from sensevoice.ui.downloads import file_stem
from sensevoice.ui.handlers import Handlers, Screen, options_from
from sensevoice.ui.markup import TextMark
from sensevoice.ui.presets import PRESETS
from sensevoice.ui.redraw import REDRAW_S, RedrawThrottle
from sensevoice.ui.session import PageSession
from sensevoice.ui.settings_form import FORM
from sensevoice.ui.status import name_only, status_line, waiting_line
from sensevoice.ui.updates import TEXT_PART, changes, updates
from sensevoice.web.texts import TABLES
from tests.ui.ui_script import (
    CALL,
    MODEL,
    READY,
    SETTINGS,
    Script,
    call,
    runner_of,
    speech,
    transcript,
)


class Clock:
    """Time that passes only when told."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    path.write_bytes(b"RIFF")
    return path


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Script], JobRunner]]:
    """Return a function from a script to a runner of jobs."""
    runners: list[JobRunner] = []

    def runner(script: Script) -> JobRunner:
        runners.append(runner_of(script, tmp_path / str(len(runners))))
        return runners[-1]

    yield runner
    for each in runners:
        each.close()


@pytest.fixture
def make(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function from a script to handlers that redraw at every step."""
    monkeypatch.setattr("sensevoice.ui.redraw.REDRAW_S", 0.0)
    return lambda script: Handlers(start(script), SETTINGS)


@pytest.fixture
def build(start: Any) -> Iterator[Callable[[PageSettings], gr.Blocks]]:
    """Return a function that builds the app, and clear away the event loops that gradio leaves open."""
    yield lambda settings: build_app(start(Script(call())), settings)
    asyncio.set_event_loop(None)
    gc.collect()


builds_an_app = pytest.mark.filterwarnings("ignore::ResourceWarning")


def run(handlers: Handlers, session: PageSession, file: Path, **form: Any) -> list[Screen]:
    return list(handlers.run(session, [file], form, "zh"))


def shown(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


# --- a run ----------------------------------------------------------------------------------------


def test_rows_are_shown_as_they_come_and_the_last_screen_is_the_whole(make: Any, file: Path) -> None:
    script, session, screens = Script(call(), hold_after=2), PageSession(), []
    for screen in make(script).run(session, [file], {}, "zh"):
        screens.append(screen)
        if screen.text:
            script.go.set()
    texts = [screen.text for screen in screens if screen.text]
    assert texts[0] == render_view(transcript(CALL[:1]), "tagged", "zh")
    assert texts[-1] == render_view(transcript(), "tagged", "zh")
    assert [screen.running for screen in screens] == [True] * (len(screens) - 1) + [False]
    assert not session.busy


def test_a_new_run_first_clears_what_the_last_one_left(make: Any, file: Path) -> None:
    first = run(make(Script(call())), PageSession(), file)[0]
    assert (first.text, first.summary) == ("", "")
    assert first.mark.job_id == first.mark.begun


def test_a_part_that_stays_is_left_out_but_the_text_is_repeated() -> None:
    screens = [Screen(True, notice=f"{percent} %", text="你好。") for percent in (1, 1, 2)]
    first, same, further = changes(updates(screen) for screen in screens)
    kept = [gr.skip()] * len(first)
    kept[TEXT_PART] = "你好。"
    assert first[TEXT_PART] == "你好。"
    assert same == kept
    assert further == [*kept[:2], "2 %", *kept[3:]]


def test_drawing_pauses_longer_when_it_takes_longer() -> None:
    clock = Clock()
    pace = RedrawThrottle(clock)
    assert pace.eta_s == 0
    with pace.drawing():
        clock.now_s += 1.0
    assert pace.eta_s == 4.0
    clock.now_s += 4.0
    with pace.drawing():
        pass
    assert pace.eta_s == REDRAW_S


def test_cancel_keeps_what_is_there_and_marks_it(make: Any, file: Path) -> None:
    script, session, screens = Script(call(), hold_after=4), PageSession(), []
    handlers = make(script)
    for screen in handlers.run(session, [file], {}, "zh"):
        screens.append(screen)
        if screen.text and len(screen.text.splitlines()) == 2:
            handlers.cancel(session)
    kept = transcript(CALL[:2], complete_until_ms=CALL[1].span.end_ms)
    assert screens[-1].text == render_view(kept, "tagged", "zh")
    assert shown(screens[-1].summary or "").startswith("未完成，只到 0:09 · ")
    assert "已取消" in screens[-1].notice and not screens[-1].running
    assert script.closed == 1 and not session.busy


def test_a_page_that_goes_away_leaves_its_job_and_finds_it_again(make: Any, file: Path) -> None:
    script, session = Script(call(), hold_after=4), PageSession()
    handlers = make(script)
    screens = handlers.run(session, [file], {}, "zh")
    job_id = next(screens).mark.job_id
    screens.close()
    assert not session.busy
    script.go.set()
    last = list(handlers.open(PageSession(), job_id, "zh"))[-1]
    assert last.text == render_view(transcript(), "tagged", "zh") and not last.running
    assert len(script.runs) == 1


def test_a_job_that_is_gone_or_somebody_elses_is_a_sentence(make: Any, file: Path) -> None:
    handlers = make(Script(call()))
    job_id = next(handlers.run(PageSession(), [file], {}, "zh", "anna")).mark.job_id
    for unknown, owner in ((job_id, "bert"), ("nothing", "anna"), ("../..", "")):
        screens = list(handlers.open(PageSession(), unknown, "en", owner))
        assert len(screens) == 1 and "no such job" in screens[0].notice


def test_several_files_are_several_jobs_and_the_first_is_shown(make: Any, start: Any, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("call.wav", "b.wav", "c.wav")]
    for path in paths:
        path.write_bytes(b"RIFF")
    script = Script(call())
    runner = start(script)
    list(Handlers(runner, SETTINGS).run(PageSession(), paths, {}, "zh"))
    jobs = runner.store.jobs()
    assert [job.name for job in jobs] == ["c.wav", "b.wav", "call.wav"]
    assert all(runner.wait_for_end(job.id, 10.0) for job in jobs)
    assert [path.name for path, _ in script.runs] == ["call.wav", "b.wav", "c.wav"]


def test_of_a_batch_that_does_not_fit_what_fits_is_taken_in_and_the_rest_is_told(
    tmp_path: Path,
) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(5)]
    for path in paths:
        path.write_bytes(b"RIFF")
    script = Script(call(), hold_after=1)
    runner = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), script, at_once=1, max_waiting=2)
    try:
        screens = Handlers(runner, SETTINGS).run(PageSession(), paths, {}, "en")
        assert next(screens).running, "it takes them in"
        first = next(screens)
        taken = len(runner.store.jobs())
        assert 2 <= taken <= 3  # one of them may run already
        assert (
            f"{5 - taken} file(s) were not taken in" in first.notice and "are waiting already" in first.notice
        )
        script.go.set()
        assert all("not taken in" in screen.notice for screen in screens)
    finally:
        script.go.set()
        runner.close()


def test_a_second_start_of_the_same_visitor_does_nothing(make: Any, file: Path) -> None:
    script, session = Script(call()), PageSession()
    handlers = make(script)
    first = handlers.run(session, [file], {}, "zh")
    next(first)
    assert run(handlers, session, file) == []
    assert session.busy, "the first goes on"
    list(first)
    assert len(script.runs) == 1


def test_an_error_in_the_middle_keeps_the_rows_before_it(make: Any, file: Path) -> None:
    last = run(make(Script([*call()[:4], NotMedia(path="a<b>.mkv")])), PageSession(), file)[-1]
    kept = transcript(CALL[:2], complete_until_ms=CALL[1].span.end_ms)
    assert last.text == render_view(kept, "tagged", "zh")
    assert "a&lt;b&gt;.mkv" in last.notice and 'role="alert"' in last.notice
    assert shown(last.summary or "").startswith("未完成")


@pytest.mark.parametrize("locale, word", [("zh", "编号"), ("en", "reference")])
def test_an_unexpected_exception_gives_a_reference_and_goes_to_the_log(
    make: Any, file: Path, caplog: pytest.LogCaptureFixture, locale: Any, word: str
) -> None:
    last = list(make(Script([ZeroDivisionError("secret")])).run(PageSession(), [file], {}, locale))[-1]
    reference = re.search(r"[0-9a-f]{8}", last.notice)
    assert word in last.notice and reference and reference.group() in caplog.text
    assert "secret" not in last.notice and "ZeroDivisionError: secret" in caplog.text


def test_a_run_without_a_transcript_is_an_error(
    make: Any, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    last = run(make(Script(call()[:-1])), PageSession(), file)[-1]
    assert 'role="alert"' in last.notice
    assert "without a transcript" in caplog.text


def test_a_full_disk_gives_a_sentence_and_then_the_result(
    make: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, room = JobStore.finish, threading.Event()

    def no_space(*values: Any) -> None:
        if not room.is_set():
            raise OSError(28, "No space left on device")
        finish(*values)

    monkeypatch.setattr(JobStore, "finish", no_space)
    session, last = PageSession(), Screen()
    for last in make(Script(call())).run(session, [file], {}, "en"):
        if "No space left" in last.notice:
            assert last.running and 'role="alert"' in last.notice and "waits" in last.notice
            room.set()
    assert room.is_set() and not last.running and not session.busy and "alert" not in last.notice
    assert last.text


def test_a_correction_at_the_very_end_of_a_run_is_shown(start: Any, file: Path) -> None:
    runner, session = start(Script(call())), PageSession()
    handlers = Handlers(runner, SETTINGS)
    following = handlers.run(session, [file], {}, "zh")
    last = next(screen for screen in following if not screen.running)
    assert session.busy, "the run has shown its end, and not yet left"
    job = runner.store.job(session.job_id)
    runner.store.change(job, [Change(replace(CALL[0], text="改过了。"), 0)])
    (screen,) = handlers.opened(session, f"{job.id} 2 all 1", "zh")
    assert "改过了。" in screen.text and "改过了。" not in last.text
    assert list(following) == [] and not session.busy


def test_every_text_says_of_what_it_is_and_what_is_asked_for_is_answered(start: Any, file: Path) -> None:
    """The workbench asks until the answer is there; see workbench/text_above.js."""
    runner, session = start(Script(call())), PageSession()
    handlers = Handlers(runner, SETTINGS)
    screens = list(handlers.run(session, [file], {}, "zh"))
    job_id = session.job_id or ""
    assert all(screen.mark for screen in screens)
    assert screens[-1].mark == TextMark(job_id, 1, False, job_id)
    (sure,) = handlers.opened(session, f"{job_id} 1 sure 2", "zh")
    assert sure.mark == TextMark(job_id, 1, True, job_id) and sure.text
    *_, other = handlers.opened(PageSession(), f"{job_id} 1 all 1", "zh")
    assert other.mark == TextMark(job_id, 1, False, "") and other.text == screens[-1].text
    (closed,) = handlers.opened(session, " 0 all 3", "zh")
    assert (closed.text, closed.mark) == ("", TextMark("", 0, False, job_id))
    (gone,) = handlers.opened(session, "nothing 4 all 4", "en")
    assert gone.mark == TextMark("nothing", 4, False, job_id) and "no such job" in gone.notice
    for nonsense in ("", "a", "a 1 all", "a -1 all 1", f"a {10**30} all 1", "a 1 all 1\n", "<b> 1 all 1"):
        assert list(handlers.opened(session, nonsense, "zh")) == []
    assert not session.busy


def test_a_running_job_that_is_followed_is_drawn_without_unsure_tags_from_now_on(
    start: Any, file: Path
) -> None:
    script, session = Script(call(), hold_after=4), PageSession()
    handlers = Handlers(start(script), SETTINGS)
    screens = handlers.run(session, [file], {}, "zh")
    next(screens)
    assert list(handlers.opened(session, f"{session.job_id} 0 sure 1", "zh")) == []
    assert next(screen for screen in screens if screen.text).mark.sure_only
    script.go.set()
    assert list(screens)[-1].mark == TextMark(session.job_id or "", 1, True, session.begun)


def test_what_is_refused_before_a_run_leaves_the_last_result(make: Any, file: Path) -> None:
    script, session = Script(call()), PageSession()
    handlers = make(script)
    run(handlers, session, file)
    job_id = session.job_id
    no_file = list(handlers.run(session, [], {}, "en"))
    bad_option = run(handlers, session, file, batch_size_s=None)
    for screens, sentence in ((no_file, "Please choose"), (bad_option, "每批秒数")):
        assert len(screens) == 1 and sentence in screens[0].notice
        assert screens[0].text is None and not screens[0].running
    assert session.job_id == job_id and not session.busy and len(script.runs) == 1


def test_the_form_overrides_the_defaults_and_names_its_own_labels() -> None:
    defaults = Options(language="yue", word_times=False)
    assert options_from({"channel": "left"}, defaults, "zh") == replace(defaults, channel="left")
    with pytest.raises(OptionError, match="Split at pauses"):
        options_from({"merge_gap_s": 99.0}, defaults, "en")


def test_another_view_comes_from_the_record(make: Any, file: Path) -> None:
    script, session = Script(call()), PageSession()
    handlers = make(script)
    assert handlers.show(session, "plain", "zh") == Screen()
    run(handlers, session, file)
    for view in VIEWS:
        screen = handlers.show(session, view, "en")
        assert screen.text == render_view(transcript(), view, "en")
    assert len(script.runs) == 1


def test_a_waiting_run_says_how_many_are_ahead_and_can_be_cancelled(make: Any, file: Path) -> None:
    script, session = Script(call(), hold_after=1), PageSession()
    handlers = make(script)
    first = handlers.run(PageSession(), [file], {}, "zh")
    next(first)
    notices = []
    for screen in handlers.run(session, [file], {}, "zh"):
        notices.append(screen.notice)
        if "前面还有 1 个任务" in screen.notice:
            handlers.cancel(session)
    assert "已取消" in notices[-1]
    script.go.set()
    list(first)
    assert len(script.runs) == 1


# --- what is said ---------------------------------------------------------------------------------


def placeholders(sentence: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None}


@pytest.mark.parametrize("key", [*i18n.STATIC, *i18n.SPOKEN])
def test_every_sentence_is_there_in_both_languages(key: str) -> None:
    zh, en = {**i18n.STATIC, **i18n.SPOKEN}[key]
    assert zh.strip() and en.strip()
    assert placeholders(zh) == placeholders(en)


@pytest.mark.parametrize("table", sorted(TABLES.glob("*.json")), ids=lambda table: table.stem)
def test_no_sentence_is_there_twice(table: Path) -> None:
    keys = json.loads(table.read_text("utf-8"), object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    assert sorted(set(keys)) == sorted(keys)  # the later one would be shown


def test_every_choice_and_setting_of_the_page_has_its_words() -> None:
    for name, values in i18n.CHOICES.items():
        assert {f"{name}_{value}" for value in values} <= set(i18n.STATIC)
    assert set(FORM) <= set(i18n.STATIC) and set(FORM) <= set(Options().as_dict())


@pytest.mark.parametrize(
    "header, locale",
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-tw;q=0.9", "zh-Hant"),
        ("zh-HK,en;q=0.9", "zh-Hant"),
        ("zh-Hant-MY", "zh-Hant"),
        ("zh-Hans-HK", "zh"),
        ("en-US,zh-CN;q=0.5", "en"),
        ("fr,zh-CN;q=0.5", "en"),
        ("", "zh"),
        (None, "zh"),
    ],
)
def test_the_reader_is_known_by_the_first_language_of_the_browser(header: str | None, locale: str) -> None:
    assert i18n.locale_of(header) == locale


@pytest.mark.parametrize(
    "ms, zh, en",
    [
        (0, "0.1 秒", "0.1 s"),
        (400, "0.4 秒", "0.4 s"),
        (3000, "3 秒", "3 s"),
        (9949, "9.9 秒", "9.9 s"),
        (9950, "9.9 秒", "9.9 s"),
        (10_999, "10 秒", "10 s"),
        (59_499, "59 秒", "59 s"),
        (59_999, "59 秒", "59 s"),
        (60_000, "1 分 00 秒", "1 min 00 s"),
        (185_000, "3 分 05 秒", "3 min 05 s"),
        (3_599_600, "59 分 59 秒", "59 min 59 s"),
        (3_659_999, "1 小时 00 分", "1 h 00 min"),
        (43_200_000, "12 小时 00 分", "12 h 00 min"),
    ],
)
def test_durations(ms: int, zh: str, en: str) -> None:
    assert (i18n.duration(ms, "zh"), i18n.duration(ms, "en")) == (zh, en)


def test_the_summary_counts_what_was_heard() -> None:
    line = shown(markup.summary(Result(transcript(), False), 0.4, "zh"))
    assert line == "22 秒 · 6 段 · 中文 · 愤怒 1 · 开心 1 · 背景音乐 1 · 用时 0.4 秒"


def test_the_summary_counts_failures_and_says_when_nobody_spoke() -> None:
    failed = replace(speech(0, 1000, ""), error="out of memory")
    html = markup.summary(Result(transcript((failed, CALL[0])), False), 1.0, "en")
    assert "22 s · 2 segments · 1 failed · Chinese" in shown(html)
    assert '<span class="sv-failed">1 failed</span>' in html
    assert "没有听到说话声" in markup.summary(Result(transcript(()), False), 1.0, "zh")


def test_the_summary_passes_no_markup_from_the_model() -> None:
    segment = Segment("speech", Span(0, 1000), "x", "", "<script>", "<b>")
    assert "<b>" not in markup.summary(Result(transcript((segment,)), False), 1.0, "en")


@pytest.mark.parametrize(
    "progress, eta_s, line",
    [
        (Progress("decode", 0, None), 3.0, "识别中 · 已处理 0.1 秒"),
        (Progress("recognise", 80_000, None), 3.0, "识别中 · 已处理 1 分 20 秒"),
        (Progress("recognise", 37_000, 100_000), 8.3, "识别中 37 % · 还需约 8 秒"),
        (Progress("recognise", 1_000, 100_000), 400.0, "识别中 1 %"),
        (Progress("recognise", 37_000, 100_000), None, "识别中 37 %"),
        (Progress("recognise", 99_000, 100_000), 0.05, "识别中 99 % · 还需约 1 秒"),
        (Progress("done", 100_000, 100_000), 9.0, "整理 100 %"),
    ],
)
def test_progress_says_stage_share_and_what_remains(
    progress: Progress, eta_s: float | None, line: str
) -> None:
    assert markup.progress_line(progress, eta_s, "zh") == line


@pytest.mark.parametrize(
    "mb, shown",
    [(1, "1 MB"), (500, "500 MB"), (1024, "1 GB"), (2048, "2 GB"), (2560, "2.5 GB"), (3000, "2.93 GB")],
)
def test_the_limit_is_told_in_words(mb: int, shown: str) -> None:
    assert i18n.size(mb) == shown
    page = i18n.translations(replace(SETTINGS, max_upload_mb=mb))
    assert shown in page["en"]["sv_file"] and shown in page["zh-CN"]["sv_file"]


# --- downloads ------------------------------------------------------------------------------------


def test_a_finished_job_is_shown_without_writing_any_export(
    make: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four of them took three quarters of the time in which a long job opened."""

    def never(*_: Any) -> str:
        raise AssertionError("an export was written")

    rows = {name: replace(row, render=never) for name, row in FORMATS.items()}
    monkeypatch.setattr("sensevoice.formats.FORMATS", rows)
    last = run(make(Script(call())), PageSession(), file)[-1]
    assert last.text == render_view(transcript(), "tagged", "zh")


def test_a_download_is_named_after_its_recording_and_fits_every_file_system() -> None:
    assert file_stem("客服 通话.v2.mp4", partial=False) == "客服 通话.v2"
    assert file_stem("长" * 300 + ".wav", partial=True) == "长" * 66 + ".partial"
    longest = max(len(row.extension) for row in FORMATS.values())
    assert len(file_stem("😀" * 300, partial=True).encode()) + longest < 255
    assert file_stem("", partial=False) == "transcript"


# --- gradio ---------------------------------------------------------------------------------------


@pytest.fixture
def demo_settings(tmp_path: Path) -> PageSettings:
    sample = Sample("客服通话", "Call centre", tmp_path / "call.wav")
    demo = DemoInfo((("zh", "你好<b>"), ("en", "Hello.")), (sample,))
    status = ModelStatus("ready", ModelInfo("demo", "fsmn-vad", "cpu", demo=True))
    return replace(SETTINGS, demo=demo, model=lambda: status)


def test_switches_are_names_that_this_gradio_knows() -> None:
    assert set(launch_arguments(SETTINGS)) <= set(inspect.signature(gr.Blocks.launch).parameters)
    assert set(queue_arguments()) <= set(inspect.signature(gr.Blocks.queue).parameters)


@builds_an_app
def test_nothing_is_shared_measured_or_served_beyond_the_cache(build: Any) -> None:
    arguments = launch_arguments(SETTINGS)
    assert not any(arguments[name] for name in ("share", "mcp_server", "enable_monitoring", "run_history"))
    assert arguments["allowed_paths"] == [] and arguments["show_error"] is False
    assert not build(SETTINGS).analytics_enabled


def test_the_theme_loads_no_font() -> None:
    theme = launch_arguments(SETTINGS)["theme"]
    assert theme._stylesheets == [] and "@font-face" not in theme._get_theme_css()


@builds_an_app
def test_only_the_api_is_open_to_clients(build: Any) -> None:
    app = build(SETTINGS)
    public = [fn.api_name for fn in app.fns.values() if fn.api_visibility != "private"]
    assert public == ["transcribe"]


def test_the_static_words_follow_the_browser(demo_settings: PageSettings) -> None:
    words = i18n.translations(demo_settings)
    assert set(words) == set(i18n.GRADIO_LOCALES)
    assert words["zh-CN"]["sv_sample_0"] == "客服通话" and words["en"]["sv_sample_0"] == "Call centre"
    assert words["zh-TW"]["sv_file"] == "音訊或影片，最大 2 GB"
    assert "你好&lt;b&gt;" in words["zh-TW"]["sv_demo"] and "--demo" in words["en"]["sv_demo"]
    assert not any("{" in word for language in words.values() for word in language.values())


@builds_an_app
def test_every_key_on_the_page_is_translated(build: Any, demo_settings: PageSettings) -> None:
    everything = replace(demo_settings, media_dir=Path(__file__).parent)
    config = json.dumps(build(everything).get_config_file(), default=str).replace("\\", "")
    used = set(re.findall(r'"key": ?"(sv_[^"]+)"', config))
    assert used == set(i18n.translations(demo_settings)["en"]) - {
        *i18n.OF_GRADIO,
        "sv_heading",
        "sv_tagline",
        *(f"sv_preset_{name}_help" for name in (*PRESETS, "own")),  # shown when chosen
    }, "all but gradio's own and the parts of the header"


def test_the_api_waits_for_its_turn_like_the_page(start: Any, file: Path) -> None:
    script, records = Script(call(), hold_after=1), []
    runner = start(script)
    first = runner.submit(file, Options())
    endpoint = make_endpoint(runner, SETTINGS.options, file.parent)
    caller = threading.Thread(target=lambda: records.append(endpoint({"path": str(file)})))
    caller.start()
    caller.join(0.3)
    assert len(script.runs) <= 1 and records == []
    script.go.set()
    caller.join(10.0)
    assert len(records) == 1 and len(script.runs) == 2
    assert runner.store.jobs() == [runner.store.job(first.id)], "what the API asked for is in no list"


def test_the_defaults_of_the_api_are_those_of_the_page(start: Any, tmp_path: Path) -> None:
    options = Options(
        language="ko", sounds=False, word_times=False, channel="left", hotwords=("张伟", "开饭")
    )
    page = replace(SETTINGS, options=options)
    parameters = inspect.signature(make_endpoint(start(Script([])), page.options, tmp_path)).parameters
    wanted = {**page.options.as_dict(), "hotwords": "张伟\n开饭"}  # a text, as it is typed
    assert {name: parameters[name].default for name in wanted} == wanted


def test_visitors_do_not_share_a_desk() -> None:
    session = PageSession()
    assert session.try_begin()
    other = copy.deepcopy(session)
    assert not other.busy and other.try_begin()


def test_the_recordings_that_come_with_the_released_model_are_offered_once_it_is_found(
    tmp_path: Path,
) -> None:
    (tmp_path / "example").mkdir()
    for name in ("zh", "ko", "other"):
        (tmp_path / "example" / f"{name}.mp3").write_bytes(b"x")
    result = replace(SETTINGS, model=lambda: replace(READY, directory=tmp_path))
    files = {sample.title_zh: result.sample_file(sample) for sample in result.samples}
    assert {title: path.name for title, path in files.items() if path} == {"中文": "zh.mp3", "韩文": "ko.mp3"}
    assert not any(SETTINGS.sample_file(sample) for sample in SETTINGS.samples), "not found yet"
    words = i18n.translations(SETTINGS)
    assert words["en"]["sv_sample_4"] == "Korean"


# --- the models are still being loaded ------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "zh", "en"),
    [
        (READY, "iic/SenseVoiceSmall · cuda:0 · 就绪", "iic/SenseVoiceSmall · cuda:0 · ready"),
        (
            ModelStatus("loading", replace(MODEL, device=""), LoadStep("download", 311_600_000, 936_291_369)),
            "iic/SenseVoiceSmall · 载入中：下载模型 312 / 936 MB",
            "iic/SenseVoiceSmall · loading: downloading 312 of 936 MB",
        ),
        (
            ModelStatus("ready", ModelInfo("demo", "vad", "cpu", demo=True)),
            "demo · cpu · 演示模型",
            "demo · cpu · demonstration model",
        ),
        (
            ModelStatus("failed", replace(MODEL, device=""), error=DeviceUnavailable(device="x", reason="y")),
            "iic/SenseVoiceSmall · 出错",
            "iic/SenseVoiceSmall · failed",
        ),
    ],
)
def test_the_status_is_the_truth_in_both_languages(status: ModelStatus, zh: str, en: str) -> None:
    assert shown(status_line(status, "1", "zh")) == zh
    assert shown(status_line(status, "1", "en")) == en


@pytest.mark.parametrize("step", get_args(Step))
def test_every_step_has_its_words(step: Step) -> None:
    status = ModelStatus("loading", MODEL, LoadStep(step))
    assert waiting_line(status, "zh") != waiting_line(status, "en")
    assert "{" not in waiting_line(status, "zh") + waiting_line(status, "en")


def test_before_the_page_has_asked_it_claims_nothing() -> None:
    assert shown(name_only(ModelStatus("loading", replace(MODEL, name="<b>")), "1")) == "&lt;b&gt;"


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[tuple[JobRunner, PageSettings]]:
    """A runner that begins nothing yet, and settings that say so."""
    runner = runner_of(Script(call()), tmp_path / "loading", paused=True)
    status = ModelStatus("loading", MODEL, LoadStep("self_test"))
    yield runner, replace(SETTINGS, model=lambda: status)
    runner.close()


def test_a_job_waits_for_the_models_and_says_so(loading: Any, file: Path, tmp_path: Path) -> None:
    runner, settings = loading
    notices: list[str] = []
    for screen in Handlers(runner, settings).run(PageSession(), [file], {}, "zh"):
        notices.append(shown(screen.notice))
        if len(notices) == 3:
            runner.resume()
    assert notices[:3] == ["模型还在载入（自检），好了会自动开始"] * 3
    assert screen.text == render_view(transcript(), "tagged", "zh")


def test_a_job_that_waits_for_the_models_can_be_cancelled(loading: Any, file: Path, tmp_path: Path) -> None:
    runner, settings = loading
    handlers, session = Handlers(runner, settings), PageSession()
    for number, screen in enumerate(handlers.run(session, [file], {}, "en")):
        if number == 1:
            assert "still loading" in screen.notice
            handlers.cancel(session)
    assert "Cancelled" in screen.notice and runner.store.jobs()[0].state == "cancelled"


def test_whoever_waits_is_told_why_the_models_do_not_come(loading: Any, file: Path, tmp_path: Path) -> None:
    runner, settings = loading
    error, session = DeviceUnavailable(device="cuda:7", reason="-"), PageSession()
    screens = Handlers(runner, settings).run(session, [file], {}, "zh")
    next(screens)
    runner.fail_all(error)
    last = list(screens)[-1]
    assert error.message("zh") in shown(last.notice) and not last.running and not session.busy
    assert runner.store.jobs()[0].state == "queued", "it waits for the next start"
    with pytest.raises(gr.Error, match="cuda:7"):
        make_endpoint(runner, settings.options, tmp_path)({"path": str(file)})


def test_a_visitor_who_leaves_at_the_end_keeps_no_server_open() -> None:
    closed: list[bool] = []

    def close(verbose: bool) -> None:
        raise RuntimeError("deque mutated during iteration")

    app: Any = SimpleNamespace(close=close, server=SimpleNamespace(close=lambda: closed.append(True)))
    close_app(app)
    assert closed == [True]
