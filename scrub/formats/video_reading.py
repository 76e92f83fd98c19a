"""Decodes the first video stream of a container into upright RGB frames, through FFmpeg.

FFmpeg is told which container to expect and is given a path that it cannot take for an
address, so that no file can make it guess, or open another file or a connection.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import av.error
import av.filter
import av.logging
import av.stream
import cv2
import numpy as np

from scrub.errors import DamagedError, InputError, TooLargeError, UnsupportedError
from scrub.formats.media import Frame

# FFmpeg would write to the error stream what our errors say better.
av.logging.set_level(None)
av.logging.set_libav_level(av.logging.PANIC)

DEMUXERS = {"mp4": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi"}
"""Kind of container -> FFmpeg's name of what takes it apart."""

MEGA = 1_000_000
LARGEST_FRAME = 40 * MEGA
"""Pixels, a little over 8K: a dozen frames are held at once."""

TOLERATED = 1.0
"""Seconds that all streams may end before the header says; beyond that the file is cut short."""

JUMP = Fraction(1, 10)
"""Seconds of a step for which neither the frame nor the stream says how long it is."""

FEWER_BITS = "more than 8 bits a channel became 8"
FLATTER = "high dynamic range became standard range"
JOINED = "interlaced fields became whole frames"
SLANTED = "a slanted picture was turned to the nearest right angle"
ORDERED = "times that went backwards were put in order"
EMPTY = "holds no frame that can be read"
WHOLE_COPY = "get a whole copy of it"
RECODE = "convert it to MP4 with H.264 with another program first"

WIDE = {16, 18}
"""Transfer functions of high dynamic range: PQ and HLG (ITU-T H.273, table 3)."""

PLAIN_MATRICES = {1, 2, 5, 6}
"""BT.709, not said, BT.601 of both kinds (ITU-T H.273, table 4): kept as they are."""

BT709 = 1
LIMITED, FULL = 1, 2

Step = tuple[str, str | None]
"""The name of one of FFmpeg's filters, and its arguments."""

NAMED: tuple[Step, ...] = tuple(
    ("sidedata", f"mode=delete:type={number}") for number in range(28, 48)
)
"""Takes off a frame what FFmpeg 8 and later hang on it and PyAV 18 has no name for, such as EXIF or
the number of an eye's view: it lists nothing at all of a frame that has such a thing."""

TURNS = {
    (1, 0, 0, 1): (),
    (-1, 0, 0, 1): (("hflip", None),),
    (1, 0, 0, -1): (("vflip", None),),
    (-1, 0, 0, -1): (("hflip", None), ("vflip", None)),
    (0, 1, -1, 0): (("transpose", "clock"),),
    (0, -1, 1, 0): (("transpose", "cclock"),),
    (0, 1, 1, 0): (("transpose", "cclock_flip"),),
    (0, -1, -1, 0): (("transpose", "clock_flip"),),
}
"""What turns a picture upright, for the signs of a display matrix (ISO/IEC 14496-12, 8.3.2)."""


@dataclass(frozen=True, slots=True)
class Colors:
    """Matrix, primaries and transfer as code points of ITU-T H.273; ``range`` as FFmpeg's."""

    matrix: int = BT709
    primaries: int = BT709
    transfer: int = BT709
    range: int = LIMITED


@dataclass(frozen=True, slots=True)
class Picture:
    """What the first frame tells of all: upright size in pixels, pixel aspect ratio, colours.

    ``start`` is its own time stamp in seconds, ``length`` what the header says of the whole, in
    milliseconds and 0 where that is nothing; ``steps`` are FFmpeg's filters from stored frames
    to upright RGB; ``colors`` those that a copy is written in; ``stored`` is what may not change
    from frame to frame; ``sounding`` says that the container holds sound, whether or not anybody
    can decode it.
    """

    width: int
    height: int
    start: Fraction
    aspect: Fraction
    colors: Colors
    steps: tuple[Step, ...]
    stored: tuple[int, int, str]
    warnings: tuple[str, ...]
    length: float = 0.0
    sounding: bool = False


def first_picture(path: Path, kind: str, max_side: int | None) -> tuple[Picture, tuple[str, ...]]:
    """What the first frame of the video is like, and the names of all other streams.

    Raises InputError where there is no video, or none that can be read or written.
    """
    with opened(path, kind) as container:
        stream = video_stream(path, container)
        for frame in container.decode(stream):
            picture = _picture(path, stream, frame, max_side)
            length = max(0.0, 1000 * (container.duration or 0) / av.time_base)
            sounding = bool(container.streams.audio)
            told = replace(picture, length=length, sounding=sounding)
            return told, _others(container, stream)
    raise DamagedError(path, EMPTY, WHOLE_COPY)


def decoded(path: Path, kind: str, max_side: int | None) -> Iterator[Frame]:
    """All frames, upright and in order, the first one at time 0.

    Raises DamagedError where the stream breaks or the file ends early.
    """
    clock = _Clock()
    with opened(path, kind) as container:
        stream = video_stream(path, container)
        stream.thread_type = "AUTO"
        # Else each file's decoder takes a thread for each core, whoever else works on them.
        stream.codec_context.thread_count = cv2.getNumThreads()
        stored = _whole(path, container, stream)
        first = next(stored, None)
        if first is None:
            raise DamagedError(path, EMPTY, WHOLE_COPY)
        picture = _picture(path, stream, first, max_side)
        warnings = picture.warnings
        graph = _graph(stream, picture.stored, picture.steps)
        for index, frame in enumerate(_filtered(path, chain([first], stored), picture, graph)):
            time, duration = clock.read(frame, stream)
            if clock.ordered and ORDERED not in warnings:
                warnings += (ORDERED,)
            yield Frame(
                index, frame.to_ndarray(), None, 1000 * float(duration), warnings, 1000 * time
            )


@contextlib.contextmanager
def opened(path: Path, kind: str) -> Iterator[Any]:
    """The container; whatever FFmpeg raises while it is open comes out as an error of ours."""
    options = {"protocol_whitelist": "file", "enable_drefs": "0"}
    try:
        with av.open(
            f"file:{path}",
            format=DEMUXERS[kind],
            options=options if kind == "mp4" else {"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            yield container
    except PermissionError as error:
        raise InputError(path, "may not be read", "change its permissions") from error
    except FileNotFoundError as error:
        raise InputError(path, "is gone", "look where it was moved to") from error
    except MemoryError as error:
        problem = "needs more memory than there is"
        raise TooLargeError(path, problem, "shrink it with another program first") from error
    except av.error.FFmpegError as error:
        problem = f"is damaged or cut short and cannot be read to its end ({error.strerror})"
        raise DamagedError(path, problem, WHOLE_COPY) from error


def video_stream(path: Path, container: Any) -> Any:
    """The stream that players show: the default one, else the first that is not cover art."""
    shown = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not shown:
        raise UnsupportedError(path, "holds no video", "clean only pictures and videos")
    stream = next((one for one in shown if one.disposition & 1), shown[0])
    if stream.codec_context is None:
        raise UnsupportedError(path, "is coded in a way that cannot be read here", RECODE)
    # A damaged frame is an error: what a decoder makes up instead nobody has looked at.
    stream.codec_context.options = {"err_detect": "explode"}
    return stream


def _picture(path: Path, stream: Any, frame: Any, max_side: int | None) -> Picture:
    if frame.width * frame.height > LARGEST_FRAME:
        problem = f"has {frame.width} x {frame.height} pixels, over {LARGEST_FRAME // MEGA} million"
        raise TooLargeError(path, problem, "shrink it with another program first")
    transparent = any(component.is_alpha for component in frame.format.components)
    if transparent or stream.metadata.get("alpha_mode") == "1":
        raise UnsupportedError(path, "is a transparent video", "lay it on a background first")
    warnings = []
    steps: list[Step] = []
    if frame.interlaced_frame or stream.codec_context.field_order > 1:
        steps.append(("bwdif", "mode=send_frame:deint=interlaced"))
        warnings.append(JOINED)
    matrix, exact = _matrix(stream, frame)
    if not exact:
        warnings.append(SLANTED)
    steps += TURNS[matrix]
    width, height = frame.width, frame.height
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if not matrix[0]:
        width, height, aspect = height, width, 1 / aspect
    colors = _colors(frame)
    scaling = []
    if frame.color_trc in WIDE:
        scaling.append("out_primaries=bt709:out_transfer=bt709:intent=perceptual")
        warnings.append(FLATTER)
    elif any(component.bits > 8 for component in frame.format.components):
        warnings.append(FEWER_BITS)
    if max_side is not None and max(width, height) > max_side:
        share = max_side / max(width, height)
        width, height = (max(1, round(side * share)) for side in (width, height))
        scaling.append(f"w={width}:h={height}:flags=area")
    if scaling:
        steps.append(("scale", ":".join(scaling)))
    steps.append(("format", "rgb24"))
    # H.264 with chroma of half size has no odd sides: the last row or column is doubled.
    even = width + width % 2, height + height % 2
    if even != (width, height):
        steps.append(("pad", f"w={even[0]}:h={even[1]}"))
        steps.append(("fillborders", f"right={even[0] - width}:bottom={even[1] - height}"))
    start = (frame.pts or 0) * (frame.time_base or stream.time_base)
    return Picture(*even, start, aspect, colors, tuple(steps), _stored(frame), tuple(warnings))


def _matrix(stream: Any, frame: Any) -> tuple[tuple[int, int, int, int], bool]:
    """The signs of the display matrix's four factors, and whether they say all of it."""
    graph = _graph(stream, _stored(frame), NAMED)
    graph.push(frame)
    for side in graph.pull().side_data:
        if side.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(side), np.int32)[:5])
            upright = abs(a) + abs(d) >= abs(b) + abs(c)
            signs = tuple(
                int(math.copysign(1, value)) if kept else 0
                for value, kept in ((a, upright), (b, not upright), (c, not upright), (d, upright))
            )
            rest = abs(b) + abs(c) if upright else abs(a) + abs(d)
            if signs in TURNS:
                return signs, rest < 0.01 * (abs(a) + abs(b) + abs(c) + abs(d))
    return (1, 0, 0, 1), True


def _colors(frame: Any) -> Colors:
    """Those of the copy: kept where H.264 players know them, converted to BT.709 elsewhere."""
    if frame.format.is_rgb or frame.color_trc in WIDE or frame.colorspace not in PLAIN_MATRICES:
        return Colors()
    full = frame.color_range == FULL or frame.format.name.startswith("yuvj")
    return Colors(
        frame.colorspace, frame.color_primaries, frame.color_trc, FULL if full else LIMITED
    )


def _stored(frame: Any) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


def _others(container: Any, stream: Any) -> tuple[str, ...]:
    """In plain words, what the container holds beside the video that is kept; sound excepted."""
    names = []
    for other in container.streams:
        if other is stream or other.type == "audio":
            continue
        if other.disposition & av.stream.Disposition.attached_pic:
            names.append("uncovered cover picture")
        elif other.type == "video":
            names.append("second video")
        elif other.type == "subtitle":
            names.append("subtitles")
        elif other.type == "attachment":
            names.append("attached file")
        else:
            names.append("data stream beside the video")
    if container.chapters():
        names.append("chapters")
    return tuple(dict.fromkeys(names))


def _graph(stream: Any, stored: tuple[int, int, str], steps: Iterable[Step]) -> Any:
    graph = av.filter.Graph()
    # The container may be wrong about them: the pictures would be stretched to what it says.
    width, height, name = stored
    form = av.VideoFormat(name)
    last = graph.add_buffer(width=width, height=height, format=form, time_base=stream.time_base)
    for step, arguments in (*steps, ("buffersink", None)):
        following = graph.add(step, arguments)
        last.link_to(following)
        last = following
    graph.configure()
    return graph


def _filtered(path: Path, frames: Iterable[Any], picture: Picture, graph: Any) -> Iterator[Any]:
    for frame in frames:
        if _stored(frame) != picture.stored:
            raise UnsupportedError(path, "changes its size or colours half-way", RECODE)
        graph.push(frame)
        yield from pulled(graph)
    graph.push(None)
    yield from pulled(graph)


def pulled(graph: Any) -> Iterator[Any]:
    """What has come out of a graph of filters."""
    with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
        while True:
            yield graph.pull()


def _whole(path: Path, container: Any, stream: Any) -> Iterator[Any]:
    """Decode all of the stream; raise DamagedError where the file holds less than it says."""
    packets = 0
    end = 0.0
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if packet.stream is stream:
            packets += packet.size > 0
            yield from packet.decode()
    listed = len(stream.index_entries) if container.format.name.startswith("mov") else 0
    promised = ((container.duration or 0) + (container.start_time or 0)) / av.time_base
    if container.format.name == "avi" and stream.average_rate:
        # For an AVI, FFmpeg shortens the duration itself where the file is cut.
        promised = float(stream.frames / stream.average_rate)
    if packets < listed or promised - end > TOLERATED:
        raise DamagedError(path, "is cut short: it ends before its header says", WHOLE_COPY)


class _Clock:
    """Turns time stamps into times that start at 0 and only ever rise."""

    def __init__(self) -> None:
        self.ordered = False
        self._origin: Fraction | None = None
        self._last = Fraction(-1)
        self._step = JUMP

    def read(self, frame: Any, stream: Any) -> tuple[float, Fraction]:
        """When the frame is shown and for how long it asks to be, in seconds."""
        base = frame.time_base or stream.time_base
        duration = frame.duration * base if frame.duration else self._nominal(stream)
        stamp = None if frame.pts is None else frame.pts * base
        if self._origin is None:
            self._origin = stamp or Fraction(0)
            time = Fraction(0)
        else:
            time = self._last + self._step if stamp is None else stamp - self._origin
            if time <= self._last:
                # All that follows is moved with it, so that it stays as long as it was.
                self.ordered = True
                self._origin -= self._last + self._step - time
                time = self._last + self._step
        self._last, self._step = time, duration
        return float(time), duration

    def _nominal(self, stream: Any) -> Fraction:
        return 1 / stream.average_rate if stream.average_rate else JUMP
