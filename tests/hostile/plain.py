"""Not media, wrong names, strange numbers, locked formats, and lists that reach for other files."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO

import numpy as np

from tests.hostile.carriers import SECONDS, available, carrier, pcm, wav
from tests.hostile.case import DAMAGED, TEXT, Case, written

MS = round(SECONDS * 1000)
SILENT = ("no_sound", "not_media")


def not_media() -> Iterator[Case]:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "x")
    chance = random.Random(1)
    contents = {
        "one.wav": b"R",
        "text.wav": b"This is no sound at all.\n" * 40,
        "html.mp3": b"<!doctype html><title>404 Not Found</title>" * 30,
        "json.m4a": b'{"error": "not found"}' * 30,
        "program.mp3": b"\x7fELF" + chance.randbytes(4000),
        "archive.mp4": archive.getvalue(),
        "document.mp3": b"%PDF-1.7\n" + chance.randbytes(4000),
        "pointer.mp3": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + chance.randbytes(2000),
        "subtitles.srt": b"1\n00:00:01,000 --> 00:00:02,000\nhello\n",
        "subtitles.ass": b"[Script Info]\nTitle: x\n",
        "notes.mid": b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0",
        "zeros.mp3": bytes(1 << 20),
        "ones.mp3": b"\xff" * (1 << 20),
        "random.mp3": chance.randbytes(1 << 18),
        "random.mp4": chance.randbytes(1 << 18),
        "paths.txt": b"/etc/passwd\nhttp://127.0.0.1:9/a.wav\n",
        "paths.jsonl": b'{"source": "/etc/passwd"}\n',
        "list.scp": b"a /etc/passwd\n",
    }
    yield Case("not media", "empty.mp3", written(b""), ("empty",))
    for name, content in contents.items():
        yield Case(
            "not media",
            name,
            written(content),
            (*SILENT, "codec", "rate_or_channels", "too_short", "no_audio"),
        )


def wrong_names() -> Iterator[Case]:
    for name, of in (
        *(
            ("mp3.wav", "mp3"),
            ("wav.mp4", "wav"),
            ("mp4.txt", "m4a"),
            ("flac.jsonl", "flac"),
            ("noname", "mp3"),
        ),
        *(
            ("ogg.scp", "opus"),
            ("m4a.html", "m4a"),
            ("wav.m3u8", "wav"),
            ("flac.php", "flac"),
            ("webm.json", "webm"),
        ),
    ):
        if of in available():
            yield Case("wrong names", name, written(carrier(of)), (TEXT,), MS)


def whole() -> Iterator[Case]:
    for name in available():
        yield Case("whole", f"whole.{name}", written(carrier(name)), (TEXT,), MS)


def layouts() -> Iterator[Case]:
    for name, layout in (
        *(("m4a", "7.1"), ("m4a", "5.1"), ("opus", "7.1"), ("flac", "7.1"), ("wav", "7.1"), ("ac3", "5.1")),
        *(("mka", "7.1"), ("ts", "5.1"), ("mov", "7.1"), ("wav", "hexadecagonal")),
    ):
        if name in available():
            content = carrier(name, layout)
            yield Case("channels", f"{layout}.{name}", written(content), (TEXT,), MS)
    yield Case("channels", "64ch.wav", written(wav(pcm(), channels=64)), ("too_short",))  # a legal number
    for channels in (0, 65, 255, 65_535):
        content = wav(pcm(), channels=channels)
        fates = ("rate_or_channels", "codec", "not_media", "no_audio", "no_sound")
        yield Case("channels", f"{channels}ch.wav", written(content), fates)


def numbers() -> Iterator[Case]:
    strange = ("rate_or_channels", "not_media", "codec", "no_sound", "no_audio", "too_short")
    for rate_hz in (0, 1, 100, 3_999, 768_001, 2**31 - 1, 2**32 - 1):
        yield Case("numbers", f"rate{rate_hz}.wav", written(wav(pcm(), rate_hz=rate_hz)), strange)
    for rate_hz in (4_000, 8_000, 11_025, 22_050, 44_100, 96_000, 192_000, 384_000, 768_000):
        content = wav(pcm(1.0, rate_hz), rate_hz=rate_hz)
        yield Case("numbers", f"rate{rate_hz}.wav", written(content), (TEXT,), 1000)
    yield Case("numbers", "header.wav", written(wav()), SILENT)
    yield Case("numbers", "one sample.wav", written(wav(b"\1\1")), ("too_short", "no_sound"))
    yield Case("numbers", "100 samples.wav", written(wav(pcm(100 / 16_000))), ("too_short", "no_sound"))
    yield Case("numbers", "size 4 GB.wav", written(wav(pcm(), data_bytes=2**32 - 1)), (TEXT,), MS)
    yield Case("numbers", "size 0.wav", written(wav(pcm(), data_bytes=0)), (TEXT, *SILENT))
    yield Case("numbers", "bits 0.wav", written(wav(pcm(), bits=0)), (TEXT, DAMAGED, *strange))
    yield Case(
        "numbers", "unknown codec.wav", written(wav(pcm(), tag=0x7777)), ("codec", "not_media", "no_sound")
    )
    floats = np.zeros(64_000, "<f4")
    for name, value in (("nan", np.nan), ("infinite", np.inf), ("huge", 1e38), ("negative", -1e38)):
        samples = floats.copy()
        samples[::7] = value
        yield Case("numbers", f"{name}.wav", written(wav(samples.tobytes(), tag=3, bits=32)), (TEXT,), MS)
    yield Case("numbers", "silence.wav", written(wav(bytes(128_000))), (TEXT,), MS)


def locked() -> Iterator[Case]:
    chance = random.Random(2)
    for name, head, fate in (
        *(("song.ncm", b"CTENFDAM", "locked"), ("song.kgm", b"\x7c\xd5\x32\xeb\x86\x02\x7f\x4b", "locked")),
        *(("song.vpr", b"\x05\x28\xbc\x96\xe9\xe4\x5a\x43", "locked"), ("song.qmcflac", b"", "locked")),
        *(("song.mflac", b"", "locked"), ("song.kwm", b"", "locked"), ("song.mgg", b"", "locked")),
        *(("voice.slk", b"\x02#!SILK_V3", "silk"), ("voice.amr", b"#!SILK_V3", "silk")),
    ):
        yield Case("locked", name, written(head + chance.randbytes(5000)), (fate,))
    m4a = carrier("m4a")
    for entry in (b"drms", b"aavd"):
        name = f"{entry.decode()}.m4a"
        yield Case("locked", name, written(m4a.replace(b"mp4a", entry, 1)), ("drm",))
    encrypted = m4a.replace(b"mp4a", b"enca", 1).replace(b"esds", b"sinf", 1)
    yield Case("locked", "enca.mp4", written(encrypted), ("drm",))


def reaching(port: int) -> Iterator[Case]:
    """Lists and references to a neighbour's file, `secret.wav`, and to a server of ours."""
    refused = ("playlist", "not_media", "no_audio", "no_sound", "codec")
    at = f"http://127.0.0.1:{port}"
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{}\n#EXT-X-ENDLIST\n"
    session = f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n"
    scripts = {
        **{
            f"hls {number}.{suffix}": hls.format(target)
            for number, (target, suffix) in enumerate(
                (target, suffix)
                for target in (
                    "secret.wav",
                    f"{at}/hls.ts",
                    "file:///etc/passwd",
                    "concat:secret.wav|secret.wav",
                )
                for suffix in ("m3u8", "wav", "mp3")
            )
        },
        "live.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nsecret.wav\n",
        "itself.m3u8": hls.format("itself.m3u8"),
        "key.m3u8": hls.format(f'#EXT-X-KEY:METHOD=AES-128,URI="{at}/key"\nsecret.wav'),
        "concat.wav": "ffconcat version 1.0\nfile secret.wav\n",
        "concat http.wav": f"ffconcat version 1.0\nfile {at}/a.wav\n",
        "concat itself.mp3": "ffconcat version 1.0\nfile 'concat itself.mp3'\n",
        "concat many.mp3": "ffconcat version 1.0\n" + "file secret.wav\n" * 20_000,
        "session.sdp": session,
        "session.wav": session,
        "list.pls": f"[playlist]\nFile1={at}/a.wav\nNumberOfEntries=1\n",
        "list.m3u": "secret.wav\n",
        "list.asx": f'<ASX version="3"><Entry><Ref href="{at}/a.wav"/></Entry></ASX>',
        "list.mpd": f'<?xml version="1.0"?><MPD><Period><BaseURL>{at}/a.wav</BaseURL></Period></MPD>',
        "list.xspf": f"<playlist><trackList><track><location>{at}/a</location></track></trackList>",
        "pictures.idx": "# VobSub index file, v7\nid: en, index: 0\n",
        "redirect.mov": f"RTSPtext\r\n{at}/a\r\n",
        "image%03d.png": "x" * 300,
    }
    for name, script in scripts.items():
        yield Case("reaching out", name, written(script.encode()), refused)
    # The reference is passed over: the sound that lies in the file itself may come out, the secret not.
    yield Case("reaching out", "reference.mov", written(_reference_movie()), (TEXT, DAMAGED, *refused))


def _reference_movie() -> bytes:
    """Return a MOV whose sound is said to lie in secret.wav beside it (QuickTime alias)."""
    mov = bytearray(carrier("mov"))
    at = mov.index(b"url ")
    mov[at : at + 4] = b"alis"
    struct.pack_into(">I", mov, at + 4, 0)
    return bytes(mov)


def names() -> Iterator[Case]:
    content = wav(pcm())
    for name in (
        *(
            "-rf",
            "%s%n.wav",
            "$(x).wav",
            "`x`.wav",
            "a b  c.wav",
            "'quoted'.wav",
            '"double".wav',
            "<img>.wav",
        ),
        *(
            "concat:a|b.wav",
            "http:evil.wav",
            "data:x.wav",
            "pipe:0",
            "tcp:1.wav",
            "file:x.wav",
            "subfile,,a.wav",
        ),
        *(
            "new\nline.wav",
            "tab\t.wav",
            "录音（一）[二].wav",
            "😀.wav",
            "\u202egnp.wav",
            "=1+1.wav",
            "é" * 100 + ".wav",
        ),
        *("#hash.wav", "a?b=c.wav", "a;b.wav", "CON.wav", "..wav", "a\\b.wav"),
    ):
        yield Case("names", name, written(content), (TEXT,), MS)
