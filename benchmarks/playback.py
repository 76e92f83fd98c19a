"""Plays videos as their viewers do: in Chromium, from a page on this disk, and through FFmpeg.

    python -m benchmarks.playback [FILE ...] [--shots DIR] [--browser chromium]

Run it from the root of a checkout, where the weights are. Each video has to tell its size and its
length, let itself be sought to the middle and go on from there in a browser without a window, and
be decoded by FFmpeg without a complaint. Without FILEs, videos of many makes are made and cleaned
first, and their copies played. ``--shots`` keeps a picture of each page while it plays. Ends with 1
if one does not play. Chromium is spoken to over two pipes and may not reach any network.
Needs POSIX.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import count, islice
from pathlib import Path
from select import select
from typing import IO, Any

import av
import numpy as np

from benchmarks.interruption import copies
from benchmarks.throughput import scrub

QUIET = (
    "--headless",
    "--no-sandbox",  # It does not start for root without; the files are our own.
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)

PATIENCE = 30.0
"""Seconds that one video may take in the browser."""

SAME_LENGTH = 0.1
"""Seconds by which browser and container may see its length differently."""

PAGE = "<!doctype html><meta charset=utf-8><body style=margin:0><video muted></video>"

PLAY = """(async (source, patience) => {
    if (document.readyState !== "complete")
        await new Promise((yes) => addEventListener("load", yes, {once: true}));
    const video = document.querySelector("video");
    const seen = {error: "", duration: 0, width: 0, height: 0, from: 0, to: 0, frames: 0};
    const note = () => Object.assign(seen, {
        duration: video.duration, width: video.videoWidth, height: video.videoHeight,
        to: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames});
    const happens = (name) => new Promise((yes, no) => {
        video.addEventListener(name, yes, {once: true});
        video.addEventListener("error", () => no(new Error(
            `error ${video.error.code}: ${video.error.message}`)), {once: true});
        setTimeout(() => no(new Error(`waited in vain: ${name}`)), patience);
    });
    try {
        const known = happens("loadeddata");
        video.src = source;
        await known;
        note();
        const there = happens("seeked");
        video.currentTime = video.duration / 2;
        await there;
        note();
        seen.from = video.currentTime;
        const before = seen.frames;
        const ended = happens("ended");
        await video.play();
        await ended;
        note();
        seen.frames -= before;
    } catch (error) {
        seen.error = error.message;
    }
    return seen;
})"""
"""Gives what is seen of a video; ``frames`` are those decoded since it began to play."""


# --- the browser --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Browser:
    """A page in Chromium, spoken to as its DevTools protocol says: JSON, and a zero after each."""

    calls: IO[bytes]
    answers: int
    numbers: Iterator[int]

    def tell(self, method: str, session: str | None = None, **what: Any) -> dict[str, Any]:
        """The answer to one call; raises TimeoutError where none comes."""
        number = next(self.numbers)
        call = {"id": number, "method": method, "params": what}
        if session:
            call["sessionId"] = session
        self.calls.write(json.dumps(call).encode() + b"\0")
        self.calls.flush()
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _message(self) -> bytes:
        message = b""
        while not message.endswith(b"\0"):
            if not select([self.answers], [], [], 4 * PATIENCE)[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self.answers, 1)
            if not part:
                raise EOFError("the browser has ended")
            message += part
        return message[:-1]


@contextlib.contextmanager
def chromium(name: str) -> Iterator[Browser]:
    """A browser with a home of its own, gone at the end."""
    calls_in, calls_out = os.pipe()
    answers_in, answers_out = os.pipe()
    # It reads calls from 3 and answers on 4, and a shell is what can put them there.
    line = ["sh", "-c", f'exec "$@" 3<&{calls_in} 4>&{answers_out}', "sh", name, *QUIET]
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [*line, f"--user-data-dir={home}"],
            pass_fds=(calls_in, answers_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(calls_in)
        os.close(answers_out)
        try:
            with os.fdopen(calls_out, "wb") as calls:
                yield Browser(calls, answers_in, count(1))
        finally:
            process.terminate()
            process.wait()
            os.close(answers_in)


def played(browser: Browser, path: Path, shot: Path | None) -> dict[str, Any]:
    """What the browser makes of a video; see PLAY. ``shot`` gets a picture of its last frame."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(PAGE)
        target = browser.tell("Target.createTarget", url="about:blank")["targetId"]
        session = browser.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tell = partial(browser.tell, session=session)
        tell("Page.enable")
        tell("Page.navigate", url=page.as_uri())
        source = json.dumps(path.resolve().as_uri())
        ended = tell(
            "Runtime.evaluate",
            expression=f"{PLAY}({source}, {1000 * PATIENCE})",
            awaitPromise=True,
            returnByValue=True,
        )
        if shot is not None:
            picture = tell("Page.captureScreenshot", format="png")["data"]
            shot.write_bytes(b64decode(picture))
        browser.tell("Target.closeTarget", targetId=target)
    value: dict[str, Any] = ended["result"].get("value") or {"error": str(ended["result"])}
    return value


# --- what has to be so --------------------------------------------------------------------------


def complaints(path: Path) -> str:
    """What FFmpeg says when it decodes all of the file and stops at the first error."""
    # Without a finer base of time, it rounds times to the rate that it guesses, and complains
    # of its own rounding where they are uneven.
    options = ("-nostdin", "-v", "error", "-xerror", "-i", str(path), "-enc_time_base", "-1")
    ended = subprocess.run(
        ["ffmpeg", *options, "-f", "null", "-"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = ended.stderr.strip().splitlines()
    return said[0] if said else "" if ended.returncode == 0 else f"ended with {ended.returncode}"


def faults(path: Path, seen: dict[str, Any]) -> list[str]:
    """Why a video does not count as playing; ``seen`` is what the browser made of it."""
    found = []
    if said := complaints(path):
        found.append(f"FFmpeg: {said}")
    if seen["error"]:
        return [*found, f"browser: {seen['error']}"]
    if not (seen["width"] and seen["height"]):
        found.append("browser: shows no picture")
    if abs(length(path) - seen["duration"]) > SAME_LENGTH:
        found.append(f"browser: lasts {seen['duration']:.2f} s and not {length(path):.2f} s")
    if seen["to"] <= seen["from"] or abs(seen["to"] - seen["duration"]) > SAME_LENGTH:
        found.append(f"browser: goes from {seen['from']:.2f} to {seen['to']:.2f} s only")
    if not seen["frames"]:
        found.append("browser: decodes no frame on the way")
    return found


def length(path: Path) -> float:
    """Seconds that the container says it lasts."""
    with av.open(str(path)) as container:
        return (container.duration or 0) / av.time_base


# --- videos of many makes -----------------------------------------------------------------------

FRAMES = 50
SIZE = 480, 272


def crossing(width: int, height: int) -> Iterator[np.ndarray[Any, Any]]:
    """A walk of two seconds through a crowd."""
    from tests.media import crowd

    whole = crowd()
    for index in range(FRAMES):
        left, top = 4 * index, 100 + index
        yield np.ascontiguousarray(whole[top : top + height, left : left + width])


def _uneven(index: int) -> int:
    return 40 * index + 17 * (index % 3) + (400 if index > 20 else 0)


def _deep(stream: Any) -> None:
    context = stream.codec_context
    context.color_trc, context.color_primaries, context.colorspace = 16, 9, 9


def _wide(stream: Any) -> None:
    stream.codec_context.sample_aspect_ratio = Fraction(4, 3)


RAW = {"muxer": "matroska", "codec": "ffv1"}
MAKES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "a.mp4": ({}, ()),
    "b.mov": ({"muxer": "mov"}, ()),
    "c.mkv": ({"muxer": "matroska"}, ()),
    "d.webm": ({"muxer": "webm", "codec": "libvpx-vp9"}, ()),
    "e.avi": ({"muxer": "avi", "codec": "mpeg4"}, ()),
    "f.3gp": ({"muxer": "3gp"}, ()),
    "to webm.mp4": ({}, ("--to=webm",)),
    "to mp4.webm": ({"muxer": "webm", "codec": "libvpx-vp9"}, ("--to=mp4",)),
    "sound kept.mp4": ({"sound": 2.0}, ("--audio=keep",)),
    "sound masked.mp4": ({"sound": 2.0}, ("--audio=mask",)),
    "sound dropped.mp4": ({"sound": 2.0}, ("--audio=drop",)),
    "sound kept.webm": (
        {"muxer": "webm", "codec": "libvpx-vp9", "sound": 2.0},
        ("--audio=keep",),
    ),
    "sound masked.webm": (
        {"muxer": "webm", "codec": "libvpx-vp9", "sound": 2.0},
        ("--audio=mask",),
    ),
    "sound longer.mkv": ({"muxer": "matroska", "sound": 2.2}, ("--audio=keep",)),
    "turned.mp4": ({"setup": lambda stream: stream.set_display_rotation(90), "turns": 1}, ()),
    "upside down.mp4": (
        {"setup": lambda stream: stream.set_display_rotation(180), "turns": 2},
        (),
    ),
    "wide pixels.mp4": ({"setup": _wide}, ()),
    "uneven.mp4": ({"times": _uneven}, ()),
    "uneven.webm": ({"muxer": "webm", "codec": "libvpx-vp9", "times": _uneven}, ()),
    "fast.mp4": ({"times": lambda index: 10 * index}, ()),
    "slow.mp4": ({"times": lambda index: 500 * index, "frames": 8}, ()),
    "one frame.mp4": ({"frames": 1}, ()),
    "two frames.mp4": ({"frames": 2}, ()),
    "odd.mkv": ({**RAW, "format": "yuv444p", "size": (641, 359)}, ()),
    "tiny.mkv": ({**RAW, "format": "yuv444p", "size": (2, 2)}, ()),
    "ten bits.mkv": ({**RAW, "format": "yuv420p10le"}, ()),
    "high range.mkv": ({**RAW, "format": "yuv420p10le", "setup": _deep}, ()),
    "interlaced.mp4": ({"options": {"x264-params": "interlaced=1:tff=1"}}, ()),
    "shrunk.mp4": ({}, ("--max-side=200",)),
}
"""Name -> how it is made (see tests.clips.video), and with which options it is cleaned.

Besides, ``frames`` are fewer, ``size`` is another one, and ``turns`` are the quarters by which the
camera was turned.
"""


def cleaned(folder: Path) -> Iterator[Path]:
    """A clean copy of a video of each make; one run of the real command for each set of options."""
    from tests.clips import video

    for number, wanted in enumerate(dict.fromkeys(options for _, options in MAKES.values())):
        inbox, out = folder / f"in{number}", folder / f"out{number}"
        inbox.mkdir()
        for name, (how, options) in MAKES.items():
            if options == wanted:
                make = dict(how)
                frames, turns = make.pop("frames", FRAMES), make.pop("turns", 0)
                shown = islice(crossing(*make.pop("size", SIZE)), frames)
                stored = (np.ascontiguousarray(np.rot90(one, -turns)) for one in shown)
                video(inbox / name, stored, **make)
        scrub(inbox, out, "--names=keep", "--preset=fast", *wanted)
        yield from sorted(copies(out))


def report(browser: Browser, paths: Iterable[Path], shots: Path | None) -> int:
    """A line for each video; how many do not play."""
    bad = 0
    for path in paths:
        shot = None if shots is None else shots / f"{path.name}.png"
        seen = played(browser, path, shot)
        found = faults(path, seen)
        bad += bool(found)
        told = (
            "{width:4} x {height:4}, {duration:6.2f} s; {from:.2f} to {to:.2f} s, {frames} frames"
        )
        say(f"{path.name:22} {'; '.join(found) or told.format(**seen)}")
    return bad


def say(line: str) -> None:
    """One line of the table."""
    print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what was asked for; 0 where all of it plays."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--shots", type=Path)
    parser.add_argument("--browser", default="chromium")
    asked = parser.parse_args(arguments)
    if asked.shots:
        asked.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium(asked.browser) as browser:
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))
        work: Callable[[], Iterable[Path]] = (
            (lambda: asked.files) if asked.files else partial(cleaned, Path(folder))
        )
        bad = report(browser, work(), asked.shots)
    say(f"{bad} do not play" if bad else "all of them play")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
