"""Encodes painted frames into MP4 (H.264) or WebM (VP9), the same way for everybody.

Nothing of the old container is copied, and the libraries are told to leave out their marks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import av.error
import cv2
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.codec.context import Flags
from av.video.reformatter import VideoReformatter

from scrub.errors import StorageError, TooLargeError, UnsupportedError
from scrub.formats import sound
from scrub.formats.media import Frame, Media
from scrub.formats.video_finish import without_names, without_user_data
from scrub.formats.video_reading import Picture

TICKS = 120
"""Ticks of a millisecond: counted so, a frame at every usual rate lasts a whole number."""

TICK = Fraction(1, 1000 * TICKS)

THREADS = 4
"""Of the encoder: with another number it would give other bytes, which tell of the machine."""

AVX_512 = 13
"""OpenCV's number for what all processors with AVX-512 have (CV_CPU_AVX_512F)."""

STEADY = {"x264-params": "asm=AVX2"} if cv2.checkHardwareSupport(AVX_512) else {}
"""Keeps x264 from AVX-512, with which the same frames give other bytes now and then (core 165, one
thread or many, as long as both macroblock trees and B-frames are on). AVX2 takes no longer."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a container is written: FFmpeg's names of the muxer and of both encoders.

    ``filters`` clean what the video's encoder gives, and ``finish`` what the muxer wrote.
    """

    muxer: str
    video: str
    sound: str
    tuning: Mapping[str, str]
    finish: Callable[[Path], None]
    muxing: Mapping[str, str] = field(default_factory=dict)
    filters: str = "null"


CODINGS = {
    "mp4": Coding(
        "mp4",
        "libx264",
        "aac",
        {"crf": "20", "preset": "veryfast", "motion-est": "dia", **STEADY},
        without_user_data,
        # Where no time lies before 0 there is nothing that an edit list would have to say.
        {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0"},
        # Its settings travel in a message of their own: a unit of type 6 (ITU-T H.264, 7.4.1).
        "filter_units=remove_types=6",
    ),
    "webm": Coding(
        "webm",
        "libvpx-vp9",
        "libopus",
        {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "8", "row-mt": "1"},
        without_names,
    ),
}
"""Kind that is written -> how."""


def write(media: Media, target: Path, picture: Picture, frames: Iterable[Frame]) -> None:
    """Encode ``frames`` and, if asked for, the sound of ``media`` into a new file.

    Raises StorageError where the disk does not take it, UnsupportedError where the encoder
    refuses such frames.
    """
    coding = CODINGS[media.written]
    with _written(media, target, coding) as container:
        stream = _video(container, coding, picture)
        beside = sound.track(media, picture.start, container, coding.sound)
        container.start_encoding()
        for packet in _encoded(stream, coding, picture, frames):
            # Both streams grow side by side, so that neither waits in memory.
            container.mux([packet, *beside.until(packet.pts * TICK)])
        container.mux(beside.rest())
    coding.finish(target)


def _video(container: Any, coding: Coding, picture: Picture) -> Any:
    stream = container.add_stream(coding.video, options=dict(coding.tuning))
    context = stream.codec_context
    context.width, context.height = picture.width, picture.height
    context.pix_fmt = "yuv420p"
    context.time_base = TICK
    context.sample_aspect_ratio = picture.aspect
    context.colorspace = picture.colors.matrix
    context.color_primaries = picture.colors.primaries
    context.color_trc = picture.colors.transfer
    context.color_range = picture.colors.range
    context.thread_count = THREADS
    context.flags |= int(Flags.bitexact)
    return stream


def _encoded(
    stream: Any, coding: Coding, picture: Picture, frames: Iterable[Frame]
) -> Iterator[Any]:
    cleaning = BitStreamFilterContext(coding.filters, stream, stream)
    # One for all frames: each would take its time to make a plan of its own.
    converter = VideoReformatter()
    durations = {}
    for frame in chain(frames, [None]):
        # FFmpeg forgets how long the last frame is to be shown.
        if frame is not None:
            durations[_ticks(frame.time)] = _ticks(frame.duration)
        for packet in stream.encode(
            None if frame is None else _encodable(frame, picture, converter)
        ):
            packet.duration = durations.pop(packet.pts, 0)
            yield from cleaning.filter(packet)
    yield from cleaning.filter(None)


def _encodable(frame: Frame, picture: Picture, converter: VideoReformatter) -> Any:
    colors = picture.colors
    # Its pixels are shared and not copied: they are only read, and here.
    shown = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame.rgb), "rgb24")
    # Without a matrix of its own, a picture is taken for BT.601 on both ways. The mean of four
    # pixels' colours is nearer to the original's than a wider filter's, and sooner there.
    result = converter.reformat(
        shown,
        format="yuv420p",
        dst_colorspace=colors.matrix if colors.matrix == 1 else 5,
        dst_color_range=colors.range,
        interpolation="AREA",
    )
    result.pts = _ticks(frame.time)
    result.time_base = TICK
    return result


def _ticks(milliseconds: float) -> int:
    return round(milliseconds * TICKS)


@contextlib.contextmanager
def _written(media: Media, target: Path, coding: Coding) -> Iterator[Any]:
    """A new container; what FFmpeg raises while it is written comes out as an error of ours."""
    try:
        with av.open(
            f"file:{target}",
            "w",
            format=coding.muxer,
            container_options={"fflags": "+bitexact", **coding.muxing},
        ) as container:
            yield container
    except MemoryError as error:
        problem = "needs more memory than there is"
        raise TooLargeError(media.path, problem, "use a smaller --max-side") from error
    except OSError as error:
        problem = f"cannot be written to ({error.strerror or error})"
        raise StorageError(target.parent, problem, "look whether its disk is full") from error
    except (av.error.FFmpegError, ValueError) as error:
        problem = f"cannot be written as {media.written} ({error})"
        raise UnsupportedError(
            media.path, problem, "convert it with another program first"
        ) from error
