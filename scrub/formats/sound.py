"""What becomes of a video's sound: dropped, encoded anew, or with another voice.

Decoded, brought to one rate and at most two channels, and encoded for everybody alike; silence
fills gaps, so that it stays as long as the pictures and in step with them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.filter
from av.codec.context import Flags

from scrub.errors import UnsupportedError
from scrub.formats.media import Media
from scrub.formats.video_reading import opened, pulled

RATE = 48_000
"""Samples a second, which both encoders take."""

BITS = 128_000
"""A second."""

LOWEST, HIGHEST = 0.74, 0.84
"""How far a disguised voice is lowered; each file by another share, so that nobody can undo
all of them with one number."""


class Track:
    """The sound of a clip, encoded little by little; of one without sound, nothing."""

    def __init__(self, packets: Iterable[Any] = ()) -> None:
        self._packets = iter(packets)
        self._next: list[Any] = []

    def until(self, time: float) -> list[Any]:
        """The packets that begin up to ``time``, in seconds."""
        ready, self._next = self._next, []
        for packet in self._packets:
            if packet.pts * packet.time_base > time:
                self._next = [packet]
                break
            ready.append(packet)
        return ready

    def rest(self) -> list[Any]:
        """All packets that are left."""
        return [*self._next, *self._packets]


def track(media: Media, start: Fraction, container: Any, codec: str) -> Track:
    """Add the sound of ``media`` to ``container``, as ``media.sound`` says.

    ``start`` is the time stamp of the first picture, in seconds.
    """
    count = None if media.sound == "drop" else channels(media.path, media.kind)
    if count is None:
        return Track()
    stream = container.add_stream(codec, rate=RATE)
    context = stream.codec_context
    context.layout = "mono" if count == 1 else "stereo"
    context.bit_rate = BITS
    context.time_base = Fraction(1, RATE)
    context.flags |= int(Flags.bitexact)
    return Track(_encoded(media, start, stream))


def channels(path: Path, kind: str) -> int | None:
    """How many channels the first sound has; None where there is none."""
    with opened(path, kind) as container:
        stream = _first(path, container)
        return None if stream is None else int(stream.codec_context.channels)


def length(path: Path, kind: str) -> float | None:
    """Seconds of the first sound, decoded to its end; None where there is none."""
    with opened(path, kind) as container:
        stream = _first(path, container)
        if stream is None:
            return None
        return float(sum(one.samples / one.sample_rate for one in container.decode(stream)))


def _first(path: Path, container: Any) -> Any:
    """The stream that is kept; None where there is none.

    Raises UnsupportedError where FFmpeg knows nobody who could decode it.
    """
    stream = next(iter(container.streams.audio), None)
    if stream is not None and stream.codec_context is None:
        problem = "has sound that is coded in a way that cannot be read here"
        raise UnsupportedError(path, problem, "use --audio drop")
    return stream


def _encoded(media: Media, start: Fraction, stream: Any) -> Iterator[Any]:
    for frame in (*_heard(media, start, stream.codec_context), None):
        for packet in stream.encode(frame):
            # What an encoder puts before the first sample, to warm up, would need an edit list.
            if packet.pts >= 0:
                yield packet


def _heard(media: Media, start: Fraction, context: Any) -> Iterator[Any]:
    """The filtered sound, in frames as the encoder wants them."""
    with opened(media.path, media.kind) as container:
        stream = _first(media.path, container)
        graph = av.filter.Graph()
        last = graph.add_abuffer(template=stream)
        for name, arguments in (*_steps(media), *_form(context), ("abuffersink", None)):
            following = graph.add(name, arguments)
            last.link_to(following)
            last = following
        graph.configure()
        for frame in container.decode(stream):
            if frame.pts is not None:
                frame.pts -= round(start / frame.time_base)
            graph.push(frame)
            yield from pulled(graph)
        graph.push(None)
        yield from pulled(graph)


def _steps(media: Media) -> list[tuple[str, str]]:
    """FFmpeg's filters: in step with the pictures, then another voice where asked for."""
    steps = [("aresample", f"{RATE}:async=1:first_pts=0")]
    if media.sound == "mask":
        slow = round(RATE * random.SystemRandom().uniform(LOWEST, HIGHEST))
        steps += [
            # Played slower, all of a voice is deeper, its resonances too; then made fast again.
            ("asetrate", str(slow)),
            ("aresample", str(RATE)),
            ("atempo", f"{RATE / slow:.6f}"),
            # Breath and room, above and below speech, tell people apart as well.
            ("highpass", "f=120"),
            ("lowpass", "f=3400"),
        ]
    return steps


def _form(context: Any) -> list[tuple[str, str]]:
    """FFmpeg's filters: samples as the encoder takes them, and as many at a time."""
    samples = (
        f"sample_fmts={context.format.name}:sample_rates={RATE}:"
        f"channel_layouts={context.layout.name}"
    )
    return [("aformat", samples), ("asetnsamples", f"n={context.frame_size or 960}:p=1")]
