"""What people do with a recording once it is recognised, in a real browser, over a scripted run."""

from __future__ import annotations

import re
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from sensevoice.progress import Progress
from sensevoice.transcript import (
    Diagnostic,
    Event,
    Media,
    Segment,
    Span,
    Speaker,
    TagScore,
    Track,
    Transcript,
)
from tests.browser.test_page import start, wait_for_lines, wait_until
from tests.formats.office import table, text_of
from tests.media import babble, write_wav
from tests.ui.ui_script import CALL, CALL_MS, MODEL, SETTINGS, Script, call, call_or_meeting, speech

ROWS = ".svw-rows .svw-line:not([hidden])"
MANY = 3000


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A recording that is loud where the call has its rows."""
    samples = babble(CALL_MS / 1000, -22.0)
    voiced = np.full(len(samples), 0.02)
    for each in CALL:
        voiced[each.span.start_ms * 16 : each.span.end_ms * 16] = 1.0
    return write_wav(tmp_path / "客服通话.wav", samples * voiced)


@pytest.fixture
def done(live_app: Any, page_zh: Any, media: Path) -> Any:
    """A page that shows a finished job."""
    page = page_zh(live_app(Script(call()), SETTINGS))
    start(page, media)
    expect(page.locator("#sv-summary p")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(len(CALL))
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    show(page, "rows")
    return page


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def write_film(path: Path, codec: str, length_s: float) -> Path:
    """Write a test picture of 320 x 180 with a tone."""
    sources = [f"testsrc=size=320x180:rate=5:duration={length_s}", f"sine=duration={length_s}"]
    inputs = [part for source in sources for part in ("-f", "lavfi", "-i", source)]
    ffmpeg(*inputs, "-c:v", codec, "-pix_fmt", "yuv420p", str(path))
    return path


def playing_at_s(page: Any) -> float:
    return float(page.evaluate("document.querySelector('.svw audio').currentTime"))


def show(page: Any, tab: str) -> None:
    """Choose what is shown of the recording: "text", "rows", "overview" or "quality"."""
    page.click(f".svw-tab[data-tab={tab}]")


def export(page: Any, name: str) -> Any:
    """Take a file from the menu and return the download."""
    page.click(".svw-export > summary")
    with page.expect_download() as download:
        page.click(f".svw-export [data-format={name}]")
    return download.value


def row(page: Any, text: str) -> Any:
    return page.locator(ROWS, has_text=text)


def test_rows_appear_while_the_job_runs_and_a_reload_loses_nothing(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call(), hold_after=6)
    page = page_zh(live_app(script, SETTINGS))
    start(page, media)
    expect(page.locator(ROWS)).to_have_count(3)
    page.reload()
    expect(page.locator(ROWS)).to_have_count(3)
    wait_for_lines(page, 3)
    script.go.set()
    expect(page.locator(ROWS)).to_have_count(len(CALL))
    assert len(script.runs) == 1


def test_filter_to_anger_click_and_the_player_stands_there(done: Any) -> None:
    done.click(".svw-chip:has-text('愤怒 1')")
    expect(done.locator(ROWS)).to_have_count(1)
    expect(done.locator(".svw-filter [role=status]")).to_have_text("显示 1 / 6 段")
    done.evaluate("document.querySelector('.svw audio').play = () => Promise.resolve()")
    done.click(f"{ROWS} .svw-time")
    wait_until(lambda: abs(playing_at_s(done) - CALL[2].span.start_ms / 1000) < 0.3)
    expect(done.locator(f"{ROWS}.svw-now")).to_contain_text("这都第几天了")
    expect(done.locator(".svw-caption")).to_have_text("这都第几天了？")


@pytest.mark.parametrize("suffix, codec", [("webm", "libvpx"), ("mp4", "libx264"), ("mov", "libx264")])
def test_a_film_is_shown_with_its_words(
    live_app: Any, page_zh: Any, tmp_path: Path, suffix: str, codec: str
) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    start(page, write_film(tmp_path / f"采访.{suffix}", codec, CALL_MS / 1000))
    film = page.locator(".svw video")
    expect(film).to_be_visible()
    wait_until(lambda: film.evaluate("film => film.videoWidth") == 320)
    show(page, "rows")
    wait_until(lambda: film.evaluate("film => film.textTracks[0]?.cues?.length ?? 0") >= len(CALL) - 1)
    film.evaluate("film => (film.play = () => Promise.resolve())")
    row(page, "这都第几天了").locator(".svw-time").click()
    wait_until(lambda: abs(film.evaluate("film => film.currentTime") - 9.3) < 0.3)
    words = "film => film.textTracks[0].activeCues[0]?.text ?? ''"
    wait_until(lambda: "这都第几天了" in film.evaluate(words))
    expect(row(page, "这都第几天了")).to_have_class("svw-line svw-now")


def test_a_film_without_a_picture_is_heard(live_app: Any, page_zh: Any, media: Path, tmp_path: Path) -> None:
    sound = tmp_path / "只有声音.mp4"
    ffmpeg("-i", str(media), str(sound))
    page = page_zh(live_app(Script(call()), SETTINGS))
    start(page, sound)
    expect(page.locator(".svw video")).to_be_hidden()
    wait_until(lambda: page.locator(".svw audio").evaluate("sound => sound.duration > 21"))


def test_words_are_found_and_matches_are_stepped_through(done: Any) -> None:
    done.fill(".svw-filter input[type=search]", "您")
    expect(done.locator(ROWS)).to_have_count(2)
    done.evaluate("document.querySelector('.svw audio').play = () => Promise.resolve()")
    for start_ms in (CALL[0].span.start_ms, CALL[3].span.start_ms):
        done.click("button[aria-label='下一处']")
        wait_until(lambda at_ms=start_ms: abs(playing_at_s(done) - at_ms / 1000) < 0.3)
    done.fill(".svw-filter input[type=search]", "nothing like it")
    expect(done.locator(".svw-empty")).to_have_text("没有符合条件的片段。")
    done.click("text=清除筛选")
    expect(done.locator(ROWS)).to_have_count(len(CALL))


def test_the_map_is_clicked_and_told(done: Any) -> None:
    done.evaluate("document.querySelector('.svw audio').play = () => Promise.resolve()")
    box = done.locator(".svw-timeline").bounding_box()
    x = box["width"] * 10_000 / 22_000
    expect(done.locator(".svw-lanes span")).to_have_text(["情绪", "声音"])
    done.locator(".svw-timeline").hover(position={"x": x, "y": 9})
    expect(done.locator(".svw-tip")).to_contain_text("愤怒 · 这都第几天了")
    done.locator(".svw-timeline").click(position={"x": x, "y": 9})
    wait_until(lambda: abs(playing_at_s(done) - 10.0) < 0.3)


def test_channels_that_were_split_have_a_lane_each(live_app: Any, page_zh: Any, media: Path) -> None:
    rows = tuple(
        replace(
            each, channel=("left", "right")[number % 2], span=Span(each.span.start_ms, each.span.end_ms + 900)
        )
        for number, each in enumerate(CALL)
    )
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    expect(page.locator(".svw-lanes span")).to_have_text(["左", "右", "声音"])
    show(page, "rows")
    expect(row(page, "这都第几天了").locator(".svw-channel")).to_have_text("左")
    box = page.locator(".svw-timeline").bounding_box()
    assert box["height"] == 54

    def color(at_ms: int, y: int) -> list[int]:
        return list(
            page.locator(".svw-timeline").evaluate(
                "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data.slice(0, 3)]",
                [int(box["width"] * at_ms / CALL_MS), y],
            )
        )

    calm, angry, nothing = [0x94, 0xA3, 0xB8], [0xC2, 0x41, 0x0C], [0, 0, 0]
    assert [color(2_900, 5), color(2_900, 23)] == [calm, nothing]
    assert [color(8_900, 5), color(8_900, 23)] == [nothing, calm]
    assert [color(9_700, 5), color(9_700, 23)] == [angry, calm], "both speak"
    page.locator(".svw-timeline").hover(position={"x": box["width"] * 11_000 / CALL_MS, "y": 9})
    expect(page.locator(".svw-tip")).to_contain_text("左")


def test_a_corrected_row_is_marked_exported_and_taken_back(done: Any) -> None:
    row(done, "这都第几天了").locator("button[aria-label^='修改']").click()
    done.fill(".svw-edit textarea", "这都第八天了！")
    done.select_option(".svw-edit select[aria-label='情绪']", "SAD")
    done.click(".svw-edit >> text=保存")
    expect(row(done, "这都第八天了")).to_contain_text("已修改")
    expect(row(done, "这都第八天了")).to_contain_text("悲伤")
    download = export(done, "srt")
    assert "这都第八天了！" in download.path().read_text("utf-8")
    assert download.suggested_filename == "客服通话.srt"
    done.click(".svw-toast >> text=撤销")
    expect(row(done, "这都第几天了")).to_have_count(1)


def test_a_row_is_heard_again_in_another_language_and_kept(done: Any) -> None:
    row(done, "好的").locator("button[aria-label^='修改']").click()
    done.select_option(".svw-edit select[aria-label='重新识别为']", "yue")
    done.click(".svw-edit >> button:has-text('重新识别为')")
    expect(done.locator(".svw-edit")).to_contain_text("识别结果: 重新识别")
    expect(row(done, "好的")).to_have_count(1)
    done.click(".svw-edit >> text=采用")
    expect(row(done, "重新识别")).to_have_count(1)


def test_highlights_charts_and_what_was_left_out(done: Any) -> None:
    show(done, "overview")
    expect(done.locator(".svw-highlights li")).to_contain_text(["愤怒"])
    expect(done.locator(".svw-first")).to_have_text("首次愤怒 0:09 这都第几天了？")
    done.click(".svw-highlights .svw-chip:has-text('愤怒 1')")
    expect(done.locator(".svw-highlights li")).to_have_count(0)
    shares = done.locator("#svw-overview .svw-barline")
    expect(shares).to_have_text(["平静或不明显68 %", "开心19 %", "愤怒13 %", "背景音乐8.6 %", "中文100 %"])
    expect(done.locator("#svw-overview .svw-course")).to_have_count(2)
    show(done, "quality")
    expect(done.locator("#svw-quality")).to_contain_text("没有超过 3 秒的遗漏")


def test_a_stretch_that_was_left_out_can_be_heard(live_app: Any, page_zh: Any, media: Path) -> None:
    items = [CALL[0], CALL[5], Transcript("call.wav", 22_000, (CALL[0], CALL[5]), model=MODEL)]
    page = page_zh(live_app(Script(items), SETTINGS))
    start(page, media)
    show(page, "quality")
    page.click("#svw-quality li >> nth=0 >> text=补识别")
    expect(page.locator(".svw-toast")).to_contain_text("识别到 1 段")
    show(page, "rows")
    expect(row(page, "重新识别")).to_have_count(1)
    expect(page.locator(ROWS)).to_have_count(3)
    page.click(".svw-toast >> text=撤销")
    expect(page.locator(ROWS)).to_have_count(2)


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize(
    "way, text, html",
    [
        ("plain", "这都第几天了？", "<p>这都第几天了？</p>"),
        ("tagged", "[中文] [愤怒] 这都第几天了？", "<em>[中文 · 愤怒] </em>这都第几天了？"),
        ("table", "愤怒\t", "<td>中文 · 愤怒</td><td>这都第几天了？</td>"),
    ],
)
def test_what_is_copied_is_text_for_an_editor_and_rich_text_for_word(
    done: Any, way: str, text: str, html: str, secure: bool
) -> None:
    if secure:
        done.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        done.evaluate(
            """() => {
                Object.defineProperty(navigator, "clipboard", { value: undefined });
                document.addEventListener("copy", (event) => (window.taken = ["text/plain", "text/html"].map(
                    (type) => event.clipboardData.getData(type))));
            }"""
        )
    done.click(".svw-copy > summary")
    done.click(f".svw-copy [data-way={way}]")
    expect(done.locator(".svw-toast")).to_contain_text("已复制 6 段")
    read = """async () => window.taken ?? Promise.all(["text/plain", "text/html"].map(async (type) =>
        (await (await navigator.clipboard.read())[0].getType(type)).text()))"""
    plain, rich = done.evaluate(read)
    assert text in plain and html in rich


def test_selected_rows_alone_are_copied(done: Any) -> None:
    done.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(done.locator(".svw-copy [data-way=selected]")).to_be_disabled()
    row(done, "好的").get_by_label("选择").check()
    done.click(".svw-copy > summary")
    done.click(".svw-copy [data-way=selected]")
    expect(done.locator(".svw-toast")).to_contain_text("已复制 1 段")
    assert done.evaluate("navigator.clipboard.readText()").strip() == "[中文] [开心] 好的，谢谢！"


def test_a_browser_that_does_not_let_copy_is_not_said_to_have_copied(done: Any) -> None:
    done.evaluate("""() => {
      navigator.clipboard.write = navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
      document.execCommand = () => false;
    }""")
    done.click(".svw-copy > summary")
    done.click(".svw-copy [data-way=tagged]")
    expect(done.locator(".svw-toast")).to_contain_text("手动复制")
    show(done, "text")
    done.click("#sv-copy")
    expect(done.locator("#sv-copy")).to_have_text("请手动复制")


def test_ticked_rows_are_cut_out_and_saved(done: Any) -> None:
    for number in (0, 2):
        done.locator(ROWS).nth(number).locator("input[type=checkbox]").check()
    done.click(".svw-export > summary")
    expect(done.locator("[data-cut=cutWhat]")).to_have_value("selected")
    expect(done.locator("[data-cut=cutMedia] option[value=mp4]")).to_be_disabled()  # there is no picture
    done.select_option("[data-cut=cutMedia]", "wav")
    done.click("[data-cut=go]")
    expect(done.locator("#sv-toasts [data-cut=file]")).to_be_visible(timeout=60_000)
    with done.expect_download() as download:
        done.click("#sv-toasts [data-cut=file]")
    assert download.value.suggested_filename == "客服通话.reel.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist()[0] == "客服通话.reel.wav" and len(archive.namelist()) == 5
    done.click("#sv-toasts .svw-stays .svw-close")
    expect(done.locator("#sv-toasts .svw-stays")).to_have_count(0)


def test_word_and_excel_files_are_taken_away(done: Any) -> None:
    done.click(".svw-export > summary")
    done.locator(".svw-export label", has_text="Word 用表格").locator("input").check()
    done.keyboard.press("Escape")
    document, workbook = export(done, "docx"), export(done, "xlsx")
    assert [file.suggested_filename for file in (document, workbook)] == ["客服通话.docx", "客服通话.xlsx"]
    assert table(Path(document.path()).read_bytes())[0][-1] == "文本"
    assert CALL[0].text in text_of(Path(workbook.path()).read_bytes())


def test_only_what_is_filtered_is_exported(done: Any) -> None:
    done.click(".svw-chip:has-text('开心 1')")
    done.click(".svw-export > summary")
    expect(done.locator(".svw-what")).to_have_text("全部 6 段")
    done.check("text=只含筛选出的")
    expect(done.locator(".svw-what")).to_have_text("1 段，只含筛选")
    expect(done.locator(".svw-export > summary")).to_have_text("导出 (1 段，只含筛选) ▾")
    with done.expect_download() as download:
        done.click(".svw-export [data-format=txt]")
    assert download.value.path().read_text("utf-8") == "[中文] [开心] 好的，谢谢！\n"
    moments = export(done, "markers_edl").path().read_text("utf-8")
    assert "这都第几天了" in moments, "key moments are those of the recording"


def test_exports_in_traditional_characters_and_with_named_sounds(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    rows = (replace(CALL[0], events=(Event("Laughter"),)), *CALL[1:])
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    page.click(".svw-export > summary")
    page.check("text=字幕写出声音")
    page.check("text=繁体中文")
    page.reload()
    expect(page.locator(ROWS)).to_have_count(len(rows))
    content = export(page, "srt").path().read_text("utf-8")
    assert "我上週下的單" in content and "[笑声]" in content
    page.click(".svw-export > summary")
    page.uncheck("text=繁体中文")
    page.uncheck("text=字幕写出声音")
    page.keyboard.press("Escape")
    content = export(page, "srt").path().read_text("utf-8")
    assert "我上周下的单" in content and "[笑声]" not in content


def test_without_the_package_there_is_no_switch_for_traditional_characters(
    live_app: Any, page_en: Any, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensevoice.ui.serialise.can_be_traditional", lambda: False)
    page = page_en(live_app(Script(call()), SETTINGS))
    start(page, media)
    page.click(".svw-export > summary")
    expect(page.locator(".svw-export .svw-sheet")).to_contain_text("Sounds in subtitles")
    expect(page.locator(".svw-export .svw-sheet")).not_to_contain_text("Traditional")


def test_recordings_are_listed_renamed_opened_and_deleted_together_with_a_way_back(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    url = live_app(Script(call()), SETTINGS)
    page = page_zh(url)
    library = page.locator(".svw-job")
    expect(page.locator(".svw-jobs")).to_contain_text("还没有录音")
    for _ in range(2):
        page.goto(url)
        start(page, media)
        expect(page.locator("#sv-summary p")).to_be_visible()
    expect(library).to_have_count(2)
    page.click(".svw-bar [aria-label=重命名]")
    page.fill(".svw-naming", "周一的电话")
    page.keyboard.press("Enter")
    expect(library.first).to_contain_text("周一的电话")
    expect(page.locator(".svw-title")).to_have_text("周一的电话")
    page.click(".svw-job >> nth=1 >> .svw-name")
    expect(page.locator(".svw-title")).to_have_text("客服通话.wav")
    keep = page.locator(".svw-bar").get_by_role("button", name="保留")
    keep.click()
    expect(keep).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".svw-bar .svw-facts")).to_contain_text("长期保留")
    keep.press("Enter")
    expect(page.locator(".svw-bar .svw-facts")).to_contain_text("72 小时后删除")
    expect(library.first).to_contain_text("72 小时后删除")
    library.first.get_by_role("button", name="保留").click()
    expect(library.first).to_contain_text("长期保留")
    page.fill(".svw-library input[type=search]", "周一")
    expect(library).to_have_count(1)
    page.fill(".svw-library input[type=search]", "")
    for number in range(2):
        library.nth(number).get_by_role("checkbox").check()
    page.click(".svw-bulk >> text=删除")
    expect(library).to_have_count(0)
    expect(page.locator("body")).to_have_attribute("data-sv", "none")
    page.click(".svw-toast >> text=撤销")
    expect(library).to_have_count(2)
    page.click(".svw-job >> nth=0 >> [aria-label^=删除]")
    expect(library).to_have_count(1)
    page.goto("about:blank")  # what was deleted is gone when the page is, too
    again = page_zh(url)
    expect(again.locator(".svw-job")).to_have_count(1)
    expect(again.locator(".svw-job")).to_contain_text("客服通话.wav")


def test_advice_is_followed_with_a_click_and_another_track_is_chosen(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    advice = Diagnostic("channels_differ", 80.0, "各声道内容不同。", "The channels differ.")
    tracks = Media(track=1, tracks=(Track(1, language="chi"), Track(2, language="eng", title="Dubbed")))
    script = Script(call(diagnostics=(advice,), media=tracks))
    page = page_zh(live_app(script, SETTINGS))
    start(page, media)
    expect(page.locator(".svw-tab[data-tab=quality]")).to_have_text("质量 1")
    show(page, "quality")
    page.click("text=左右分开，重新识别")
    expect(page.locator(".svw-job")).to_have_count(2)
    wait_until(lambda: len(script.runs) == 2)
    assert script.runs[1][1] == replace(SETTINGS.options, channel="split")
    expect(page.locator("#svw-quality li")).to_have_text([advice.zh], timeout=20_000)  # done: no button
    page.select_option("#svw-quality select[aria-label=音轨]", label="音轨 2 · eng · Dubbed")
    page.click("text=识别这条音轨")
    wait_until(lambda: len(script.runs) == 3)
    assert script.runs[2][1] == replace(SETTINGS.options, channel="split", track=2)


def many_rows() -> list[Any]:
    rows = tuple(
        speech(
            number * 3_600,
            number * 3_600 + 3_000,
            f"第 {number} 句话",
            "ANGRY" if number % 50 == 0 else "NEUTRAL",
        )
        for number in range(MANY)
    )
    return [*rows, Progress("done", 1, 1), Transcript("long.wav", MANY * 3_600, rows, model=MODEL)]


def drawn(page: Any) -> int:
    """Return how many rows are laid out and painted."""
    return int(
        page.evaluate(
            f"""[...document.querySelectorAll('{ROWS}')].filter(
                (row) => row.firstChild.checkVisibility({{ contentVisibilityAuto: true }})).length"""
        )
    )


def test_three_thousand_rows_open_at_once_and_only_those_in_sight_are_drawn(
    live_app: Any, page_zh: Any, media: Path, record_property: Any
) -> None:
    url = live_app(Script(many_rows()), SETTINGS)
    page = page_zh(url)
    start(page, media)
    expect(page.locator("#sv-summary p")).to_be_visible(timeout=60_000)
    address = page.url
    page.close()
    again = page_zh(url)
    asked: list[str] = []
    again.on("request", lambda request: asked.append(request.url.removeprefix(f"{url}/sv/")))
    started_s = time.monotonic()
    again.goto(address)
    expect(again.locator(".svw-bar .svw-facts")).to_contain_text(f"{MANY} 段", timeout=20_000)
    expect(again.locator(ROWS)).to_have_count(MANY)
    record_property("open_s", round(time.monotonic() - started_s, 2))
    job_id = address.rpartition("=")[2]
    for path in ("labels", f"jobs/{job_id}", f"jobs/{job_id}/segments?from=0"):
        assert asked.count(path) == 1, f"{path}: asked for early, and not again when gradio is up"
    assert [path for path in asked if "segments" in path] == [f"jobs/{job_id}/segments?from=0"]
    expect(again.locator(ROWS)).to_have_count(MANY)
    assert drawn(again) < 60
    show(again, "rows")
    again.locator(ROWS).first.focus()
    again.keyboard.press("End")
    expect(row(again, f"第 {MANY - 1} 句话")).to_be_in_viewport()
    wait_until(lambda: drawn(again) < 60)
    again.click(".svw-chip:has-text('愤怒 60')")
    expect(again.locator(".svw-filter [role=status]")).to_have_text(f"显示 60 / {MANY} 段")
    high = again.evaluate("document.querySelector('.svw-scroller').scrollHeight")
    assert 60 * 30 < high < 60 * 60, "what is filtered out takes no place, whatever it was before"
    asked_each_frame = again.evaluate(
        """[...document.querySelectorAll(".svw-rows *")].filter(
            (each) => getComputedStyle(each).contentVisibility === "auto").length"""
    )
    assert asked_each_frame <= MANY / 10


def test_people_who_come_with_the_last_rows_are_named_everywhere(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    rows = tuple(replace(each, speaker=f"S{1 + number % 2}") for number, each in enumerate(CALL))
    people = (Speaker("S1"), Speaker("S2"))
    items = [*rows, Transcript("call.wav", CALL_MS, rows, model=MODEL, speakers=people)]
    script = Script(items, hold_after=1)
    page = page_zh(live_app(script, SETTINGS))
    start(page, media)
    expect(page.locator(ROWS)).to_have_count(1)
    script.go.set()
    expect(page.locator("#sv-summary p")).to_be_visible()
    show(page, "overview")
    expect(page.locator(".svw-card td:first-child")).to_have_text(["说话人1", "说话人2"])


class Dripping:
    """A run that gives `before` rows at once and each other one when it is let to."""

    def __init__(self, rows: Sequence[Segment], before: int) -> None:
        self._rows = rows
        self._before = before
        self.more = threading.Semaphore(0)

    def __call__(self, path: Path, options: Any) -> Iterator[Any]:
        shown = 0
        for number, row in enumerate(self._rows):
            while number >= self._before and not self.more.acquire(timeout=0.05):
                shown += 1  # the page is drawn again and again without a new row
                yield Progress("recognise", shown, 1_000)
            yield row
        yield Transcript("long.wav", self._rows[-1].span.end_ms, tuple(self._rows), model=MODEL)


def test_for_one_new_row_only_that_row_is_sent(live_app: Any, page_zh: Any, media: Path) -> None:
    rows = [row for row in many_rows() if isinstance(row, Segment)][:602]
    run = Dripping(rows, before=600)
    page = page_zh(live_app(run, SETTINGS))
    start(page, media)
    expect(page.locator(ROWS)).to_have_count(600)
    wait_for_lines(page, 600)
    text_bytes = len(page.input_value("#sv-text textarea").encode())
    before = page.inner_text("#sv-notice")
    page.wait_for_function("old => document.querySelector('#sv-notice').innerText != old", arg=before)
    received, sent = [], []
    wire = page.context.new_cdp_session(page)  # all that comes, gradio's stream of events as well
    wire.send("Network.enable")
    wire.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
    page.on("response", lambda r: sent.append(r) if "/segments" in r.url else None)
    run.more.release()
    expect(page.locator(ROWS)).to_have_count(601)
    wait_for_lines(page, 601)
    answers = [response.json() for response in sent]
    assert [row["index"] for answer in answers for row in answer["segments"]] == [600]
    assert 0 < sum(received) < text_bytes / 2
    run.more.release()
    expect(page.locator("#sv-summary p")).to_be_visible()


def test_a_failed_row_is_shown_as_failed(live_app: Any, page_en: Any, media: Path) -> None:
    broken = Segment("speech", Span(3000, 4000), error="out of <memory>")
    rows = (CALL[0], broken)
    page = page_en(live_app(Script([*rows, Transcript("a.wav", 5000, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    expect(page.locator(f"{ROWS} .svw-bad")).to_have_text("failed: out of <memory>")


def test_a_lost_connection_is_said_and_mended(live_app: Any, browser: Any, media: Path) -> None:
    script = Script(call(), hold_after=6)
    page = browser.new_context(locale="en-US").new_page()
    page.goto(live_app(script, SETTINGS))
    start(page, media)
    expect(page.locator(ROWS)).to_have_count(3)
    page.route("**/sv/jobs/**", lambda route: route.abort())
    expect(page.locator(".svw-problem")).to_contain_text("Connection lost", timeout=15_000)
    page.unroute("**/sv/jobs/**")
    script.go.set()
    expect(page.locator(ROWS)).to_have_count(len(CALL), timeout=30_000)
    expect(page.locator(".svw-problem")).to_be_hidden()
    page.context.close()


@pytest.mark.parametrize(
    "name, locale, width, scheme",
    [
        ("workbench-zh", "zh-CN", 1366, "light"),
        ("workbench-en", "en-US", 820, "light"),
        ("workbench-dark", "zh-CN", 820, "dark"),
        ("workbench-phone", "zh-CN", 390, "light"),
        ("workbench-phone-en", "en-US", 390, "dark"),
    ],
)
def test_nothing_is_cut_off(
    live_app: Any,
    open_page: Any,
    media: Path,
    name: str,
    locale: str,
    width: int,
    scheme: str,
) -> None:
    rows = tuple(replace(each, speaker=f"S{1 + number % 2}") for number, each in enumerate(CALL))
    two = Transcript("call.wav", CALL_MS, rows, model=MODEL, speakers=(Speaker("S1"), Speaker("S2")))
    page = open_page(live_app(Script([*rows, two]), SETTINGS), locale=locale, width=width, scheme=scheme)
    start(page, media)
    expect(page.locator(ROWS)).to_have_count(len(CALL))
    show(page, "rows")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    texts = page.locator(f"{ROWS} .svw-text")
    widths = texts.evaluate_all("all => all.map((each) => each.parentElement.getBoundingClientRect().width)")
    assert len(widths) == len(CALL) and min(widths) > 250  # it was five characters a line
    for menu in page.locator(".svw-bar .svw-menu").all():
        menu.locator("summary").click()
        holds_its_controls(menu.locator(".svw-sheet"), width)
        page.keyboard.press("Escape")
    show(page, "overview")
    cells = page.locator(".svw-card td")
    expect(cells).not_to_have_count(0)
    for cell in cells.all():  # a character a line, where columns are squeezed
        assert cell.evaluate("each => each.clientHeight") < 50
    if page.is_visible(".svw-home"):
        page.click(".svw-home")  # a phone shows the recording or the library
    page.click(".svw-opening")
    expect(page.locator("dialog[open] select")).to_be_visible()
    for line in page.locator("dialog[open] > .svw-row").all():
        holds_its_controls(line, width)


def holds_its_controls(group: Any, width: int) -> None:
    """Check that a part of the page is on a screen so wide, and what one can click in it inside it."""
    around = group.bounding_box()
    assert around["x"] >= 0 and around["x"] + around["width"] <= width
    for control in group.locator(":is(button, a, select, input):visible").all():
        box = control.bounding_box()
        assert box["x"] >= around["x"] and box["x"] + box["width"] <= around["x"] + around["width"]


SCORES = (
    TagScore("emotion", "ANGRY", 0.41),
    TagScore("emotion", "SAD", 0.32),
    TagScore("language", "zh", 0.97),
)


def scored_call() -> list[Any]:
    """The call, its angry row with scores of which one is low."""
    updates = []
    for update in call():
        if isinstance(update, Segment) and update.emotion == "ANGRY":
            update = replace(update, scores=SCORES)
        elif isinstance(update, Transcript):
            rows = (replace(r, scores=SCORES) if r.emotion == "ANGRY" else r for r in update.segments)
            update = replace(update, segments=tuple(rows))
        updates.append(update)
    return updates


def test_tags_of_which_the_model_is_unsure_are_told_and_hidden_everywhere(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    page = page_zh(live_app(Script(scored_call()), SETTINGS))
    start(page, media)
    show(page, "rows")
    tag = row(page, "这都第几天了").locator(".svw-tag", has_text="愤怒")
    expect(tag).to_have_class("svw-tag svw-emotion svw-unsure")
    expect(tag).to_have_attribute("title", "愤怒 · 模型得分 0.41；其次 悲伤 0.32 · 不确定")
    page.check("text=隐藏不确定的标签")
    expect(tag).to_have_count(0)
    expect(page.locator(".svw-chip:has-text('愤怒')")).to_have_count(0)
    expect(page.locator(".svw-export > summary")).to_have_text("导出 (不含不确定的标签) ▾")
    expect(page.locator(".svw-bar .svw-facts")).to_contain_text("不含不确定的标签")
    assert "愤怒" not in export(page, "txt").path().read_text("utf-8")
    page.locator(".svw-jobs input[type=checkbox]").check()
    with page.expect_download() as several:
        page.click(".svw-bulk a")
    with zipfile.ZipFile(several.value.path()) as archive:
        assert "愤怒" not in archive.read(archive.namelist()[0]).decode()
    wait_until(lambda: "愤怒" not in page.input_value("#sv-text textarea"))
    show(page, "overview")
    expect(page.locator(".svw-highlights li")).to_have_count(0)
    page.reload()
    expect(page.locator(".svw-export > summary")).to_have_text("导出 (不含不确定的标签) ▾")
    wait_until(lambda: "谢谢" in page.input_value("#sv-text textarea"))
    wait_until(lambda: "愤怒" not in page.input_value("#sv-text textarea"))
    show(page, "rows")
    page.uncheck("text=隐藏不确定的标签")
    expect(tag).to_have_count(1)
    wait_until(lambda: "愤怒" in page.input_value("#sv-text textarea"))


DEAF = """
window.deaf = 2;
addEventListener("input", (event) => {
  if (window.deaf && event.target.closest("#sv-opened")) {
    window.deaf -= 1;
    event.stopImmediatePropagation();
  }
}, true);
"""
"""As gradio is while its page begins."""


def test_what_gradio_did_not_hear_is_asked_for_again(live_app: Any, page_zh: Any, media: Path) -> None:
    page = page_zh(live_app(Script(scored_call()), SETTINGS))
    page.evaluate("localStorage.setItem('sv-hide-unsure', 'yes')")
    start(page, media)
    wait_until(lambda: "谢谢" in page.input_value("#sv-text textarea"))
    page.add_init_script(DEAF)
    page.reload()
    # Each time that nobody hears it, twice as long is waited; a slow page is deaf by itself once more.
    wait_until(lambda: "谢谢" in page.input_value("#sv-text textarea"), 40.0)
    wait_until(lambda: "愤怒" not in page.input_value("#sv-text textarea"))
    assert page.evaluate("window.deaf") == 0


def test_presets_fill_the_settings_and_the_browser_keeps_them(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call())
    page = page_zh(live_app(script, SETTINGS))
    page.click("#sv-preset-calls")
    expect(page.locator("#sv-preset-help")).to_contain_text("左右分开")
    page.click("#sv-settings > button")
    expect(page.locator("#sv-channel input")).to_have_value("各声道分开")
    page.click("#sv-preset-subtitles")
    expect(page.locator("#sv-preset-help")).to_contain_text("短句")
    expect(page.locator("#sv-preset-subtitles")).to_have_class(re.compile("primary"))
    expect(page.locator("#sv-channel input")).to_have_value("混合")
    for box in (page.locator("#sv-among").get_by_label("英文"), page.locator("#sv-keep_numbers input")):
        page.wait_for_timeout(700)  # what was chosen before is kept
        kept = page.evaluate("localStorage.getItem('sv-settings')")
        box.check()
        page.wait_for_function("kept => localStorage.getItem('sv-settings') !== kept", arg=kept)
    expect(page.locator("#sv-preset-help")).to_contain_text("您自己的设置")
    page.wait_for_timeout(700)
    page.reload()
    page.wait_for_selector("#sv-start")
    page.wait_for_timeout(700)
    start(page, media)
    expect(page.locator("#sv-summary p")).to_be_visible()
    options = script.runs[0][1]
    assert (options.merge_length_s, options.among, options.keep_numbers) == (8.0, ("en",), True)
    page.click("#sv-settings > button")
    page.click("#sv-preset-none")
    expect(page.locator("#sv-keep_numbers input")).not_to_be_checked()


def test_what_is_opened_or_corrected_is_what_every_surface_shows(
    live_app: Any, page_zh: Any, media: Path, tmp_path: Path
) -> None:
    second = tmp_path / "会议.wav"
    second.write_bytes(media.read_bytes())

    page = page_zh(live_app(call_or_meeting(media.name), SETTINGS))
    page.set_input_files("#sv-file input[type=file]", [str(media), str(second)])
    page.wait_for_selector(f"#sv-file .file-preview >> text={second.stem}")
    page.click("#sv-start")
    expect(page.locator(".svw-job")).to_have_count(2)

    def shows(name: str, text: str) -> None:
        expect(page.locator(".svw-title")).to_have_text(name)
        expect(page).to_have_title(f"{name} · SenseVoice")
        expect(page.locator(ROWS).first).to_contain_text(text)
        wait_until(lambda: text in page.input_value("#sv-text textarea").partition("\n")[0])
        assert text in export(page, "txt").path().read_text("utf-8")

    shows(media.name, "您好")
    page.click(f".svw-job >> text={second.name}")
    shows(second.name, "会议现在开始。")
    show(page, "rows")
    page.locator(ROWS).first.focus()
    page.keyboard.press("e")
    page.fill(".svw-edit textarea", "会议结束。")
    page.click(".svw-edit >> text=保存")
    shows(second.name, "会议结束。")
    page.click("text=所有录音对比")
    page.click(f".svw-compare tbody >> text={media.name}")
    shows(media.name, "您好")
    page.go_back()
    shows(second.name, "会议结束。")


def test_all_jobs_are_compared(done: Any) -> None:
    done.click("text=所有录音对比")
    rows = done.locator(".svw-compare tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("客服通话.wav")
    expect(rows.locator("[data-column=angerShare]")).to_have_text("13 %")
    expect(rows.locator("[data-column=speechRate]")).to_have_count(0)
    done.click(".svw-columns > summary")
    done.check(".svw-columns >> text=语速")
    done.check(".svw-columns >> text=最长没有人说话")
    expect(rows.locator("[data-column=speechRate]")).to_contain_text("字/分钟")
    expect(rows.locator("[data-column=longestSilence]")).to_have_text("2.2 s")
    done.click(".svw-columns > summary")
    done.click(".svw-compare th >> text=愤怒占比")
    expect(done.locator(".svw-compare [aria-sort=descending]")).to_have_text("愤怒占比 ↓")
    done.fill(".svw-compare input[type=search]", "第几天")
    expect(rows).to_have_count(1)
    done.fill(".svw-compare input[type=search]", "会议")
    expect(rows).to_have_count(0)
    expect(done.locator(".svw-compare [role=status]")).to_have_text("0 / 1 个录音")
    done.reload()
    done.click("text=所有录音对比")
    expect(rows.locator("[data-column=speechRate]")).to_have_count(1)
    expect(done.locator(".svw-compare tbody tr")).to_contain_text("这都第几天了")
    with done.expect_download() as download:
        done.click(".svw-compare >> text=全部打包下载")
    assert download.value.suggested_filename == "sensevoice-txt.zip"


def test_the_shown_rows_are_heard_again_and_kept_together(done: Any) -> None:
    done.click(".svw-again summary")
    done.click(".svw-again >> text=开始")
    done.click(".svw-again >> text=全部采用")
    expect(row(done, "重新识别")).to_have_count(sum(each.kind == "speech" for each in CALL))


def test_selected_neighbours_are_joined_anew_side_by_side_and_either_is_kept(done: Any) -> None:
    done.click(".svw-again summary")
    expect(done.locator(".svw-again [role=status]")).to_contain_text("没有选中片段")
    for text in ("您好", "我上周", "这都第几天了", "好的"):
        row(done, text).get_by_label("选择").check()
    expect(done.locator(".svw-again [role=status]")).to_have_text("选中的 4 段")
    expect(done.locator(".svw-again select[aria-label='停顿多久断开']")).to_be_hidden()
    done.select_option(".svw-again select[aria-label='每段最长']", "8")
    expect(done.locator(".svw-again select[aria-label='停顿多久断开']")).to_be_visible()
    done.select_option(".svw-again select[aria-label='数字与标点']", "spokenForm")
    done.click(".svw-again >> text=开始")
    pair = done.locator(".svw-pair")
    expect(pair).to_have_count(2)
    expect(pair.first).to_contain_text("这都第几天了")
    pair.nth(1).get_by_text("保留原来的").click()
    pair.first.get_by_text("采用").click()
    expect(row(done, "重新识别")).to_have_count(2)
    expect(row(done, "这都第几天了")).to_have_count(0)
    expect(row(done, "好的")).to_have_count(1)
    done.click(".svw-toast >> text=撤销")
    expect(row(done, "这都第几天了")).to_have_count(1)


def test_recordings_on_the_server_are_picked(live_app: Any, page_zh: Any, media: Path) -> None:
    script = Script(call())
    page = page_zh(live_app(script, replace(SETTINGS, media_dir=media.parent)))
    page.get_by_role("tab", name="服务器").click()
    page.locator("#sv-server li", has_text=media.name).locator("input").check()
    page.wait_for_timeout(300)
    page.click("#sv-start")
    expect(page.locator("#sv-summary p")).to_be_visible()
    assert script.runs[0][0].name == media.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(live_app: Any, open_page: Any, media: Path, scheme: str) -> None:
    """In the workbench, tab by tab, then in the whole page, gradio's own parts as well."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    settings = replace(SETTINGS, media_dir=media.parent)
    page = open_page(live_app(Script(scored_call()), settings), locale="zh-CN", width=1280, scheme=scheme)
    start(page, media)
    expect(page.locator(ROWS)).to_have_count(len(CALL))
    page.click("#sv-settings > button")
    for tab in page.locator(".svw-tab").all():
        tab.click()
        if tab.inner_text() == "逐句":
            page.click(".svw-again summary")
        page.wait_for_timeout(200)
        assert faults(axe.run(page)) == []
    page.click(".svw-export > summary")
    assert faults(axe.run(page)) == []
    page.keyboard.press("Escape")
    page.click("text=所有录音对比")
    expect(page.locator(".svw-compare tbody tr")).to_have_count(1)
    assert faults(axe.run(page)) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="服务器").click()
    expect(page.get_by_role("checkbox", name=media.name, exact=True)).to_be_visible()
    assert faults(axe.run(page)) == []


def faults(found: Any) -> list[Any]:
    return [
        (each["id"], each["impact"], [node["html"][:160] for node in each["nodes"][:3]])
        for each in found.response["violations"]
    ]
