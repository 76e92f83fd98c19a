"""Small videos that are made when a test asks for them: a face that moves over a background."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.pictures import Edges, Pixels, face

WIDTH, HEIGHT = 192, 128
SIDE = 64
FRAMES = 12
MOST_APART = 12.0
"""Levels of 255 by which a test's picture and its video may differ on average."""


def scene(left: int, width: int = WIDTH, height: int = HEIGHT, top: int = 20) -> Pixels:
    """A face at ``left`` on a ground that is another one in each corner."""
    rows, columns = np.mgrid[:height, :width]
    ground = [40 + columns * 100 // width, 190 - rows * 100 // height, 120 + 0 * rows]
    pixels = np.stack(ground, axis=-1).astype(np.uint8)
    shown = face(SIDE)[: max(0, height - top), : max(0, width - left)]
    pixels[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    return pixels


def walk(frames: int = FRAMES) -> Iterator[Pixels]:
    """A face that moves four pixels to the right in each frame."""
    for index in range(frames):
        yield scene(8 + 4 * index)


def place(index: int) -> Edges:
    """Where the face of :func:`walk` is: (left, top, right, bottom)."""
    left = 8 + 4 * index
    return left + 12, 32, left + 52, 76


def video(
    path: Path,
    pictures: Iterable[Pixels] | None = None,
    *,
    muxer: str = "mp4",
    codec: str = "libx264",
    format: str = "yuv420p",
    times: Callable[[int], int] = lambda index: 40 * index,
    options: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    sound: float = 0.0,
    muxing: Mapping[str, str] | None = None,
    setup: Callable[[Any], None] = lambda stream: None,
) -> Path:
    """Write the pictures, shown at ``times`` in milliseconds, with ``sound`` seconds of a tone."""
    with av.open(str(path), "w", format=muxer, container_options=dict(muxing or {})) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, options=dict(options or {}))
        shots = iter(walk() if pictures is None else pictures)
        first = next(shots)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = format
        # AVI knows no times, only a rate.
        tick = Fraction(1, 25 if muxer == "avi" else 1000)
        stream.codec_context.time_base = tick
        setup(stream)
        voice = (
            container.add_stream("aac" if muxer != "webm" else "libopus", rate=48000)
            if sound
            else None
        )
        for index, pixels in enumerate((first, *shots)):
            frame = av.VideoFrame.from_ndarray(pixels).reformat(format=format)
            frame.pts, frame.time_base = round(times(index) / (1000 * tick)), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if voice is not None:
            container.mux(_tone(voice, sound))
    return path


def _tone(stream: Any, seconds: float) -> list[Any]:
    time = np.arange(int(48000 * seconds)) / 48000
    wave = (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)
    packets = []
    for start in range(0, len(wave), 960):
        part = wave[start : start + 960].repeat(2)[None]
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
        frame.rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def decoded(path: Path) -> list[Pixels]:
    """Every frame as FFmpeg alone shows it."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def stamps(path: Path) -> list[float]:
    """When each frame is shown, in milliseconds from the first."""
    with av.open(str(path)) as container:
        times = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
    return [1000 * (time - times[0]) for time in times]
