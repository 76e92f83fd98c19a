"""Videos with something to hide, one for each place where it can be.

The functions return whole files, written by FFmpeg through PyAV. The names in the tables say
what is in them.
"""

from __future__ import annotations

import functools
import struct
import tempfile
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from PIL import Image

from tests.dirty_heif import box, samsung_trailer
from tests.dirty_web import riff_chunk
from tests.parts import uncovered, xmp
from tests.pictures import canary, picture

EDGE, FRAMES = 64, 6
WHEN = "2026-03-14T18:15:02Z"
PLACE = "+48.8754+002.2945/"
# Codecs of each container, and what removes the encoder's settings from their pixels.
CODECS = {
    "mp4": ("libx264", "aac", "filter_units=remove_types=6"),
    "mov": ("libx264", "aac", "filter_units=remove_types=6"),
    "webm": ("libvpx-vp9", "libopus", "null"),
    "mkv": ("libx264", "aac", "null"),
    "avi": ("mpeg4", "mp2", "null"),
}
MUXERS = {"mkv": "matroska"}


@functools.cache
def frames() -> tuple[np.ndarray, ...]:
    """The test picture, small, moving to the right."""
    small = np.asarray(Image.fromarray(picture()).resize((EDGE, EDGE)))
    return tuple(np.roll(small, 4 * step, axis=1) for step in range(FRAMES))


@functools.cache
def video(
    kind: str = "mp4",
    *,
    sound: bool = False,
    exact: bool = True,
    quiet: bool = True,
    layout: str = "+faststart+negative_cts_offsets",
    prepare: Callable[[av.container.OutputContainer], None] = lambda container: None,
) -> bytes:
    """A clip of six frames; ``exact`` leaves out tool names, ``quiet`` the encoder's settings.

    ``layout`` are the muxer's flags for MP4 and QuickTime;
    ``prepare`` adds to the container what it likes before the first packet.
    """
    own = {"fflags": "+bitexact"} if exact else {}
    own |= {"movflags": layout, "use_editlist": "0"} if kind in ("mp4", "mov") else {}
    codec, voice, cleaner = CODECS[kind]
    # To put its index first, FFmpeg opens the file a second time: it has to have a name.
    with tempfile.NamedTemporaryFile() as file:
        with av.open(file.name, "w", MUXERS.get(kind, kind), options=own) as container:
            flags = {"flags": "+bitexact"} if exact else {}
            shown = container.add_stream(codec, rate=25, options=flags)
            shown.width = shown.height = EDGE
            shown.pix_fmt = "yuv420p"
            heard = container.add_stream(voice, rate=48000, options=flags) if sound else None
            prepare(container)
            clean = BitStreamFilterContext(cleaner if quiet else "null", shown)
            for pixels in (*frames(), None):
                frame = pixels if pixels is None else av.VideoFrame.from_ndarray(pixels)
                for packet in shown.encode(frame):
                    container.mux(clean.filter(packet))
            container.mux(clean.filter(None))
            for frame in (_silence(voice), None) if heard else ():
                container.mux(heard.encode(frame))
        data = file.read()
    # Told to leave out its name, FFmpeg leaves an empty list of descriptions, or half of the name.
    for mark in HALF_NAMES:
        data = data.replace(mark, VOID)
    return data.replace(NO_DESCRIPTIONS, box(b"free", bytes(len(NO_DESCRIPTIONS) - 8)))


HALF_NAMES = (b"\x4d\x80\x84Lavf", b"\x57\x41\x84Lavf")
VOID = b"\xec\x85" + bytes(5)


NO_DESCRIPTIONS = box(
    b"udta",
    box(
        b"meta",
        bytes(4) + box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9)) + box(b"ilst", b""),
    ),
)


def _silence(codec: str) -> av.AudioFrame:
    """A quarter of a second of stereo, in the form that the codec wants."""
    form, planes = {"aac": ("fltp", 2), "mp2": ("s16", 1), "libopus": ("s16", 1)}[codec]
    depth = np.int16 if form == "s16" else np.float32
    samples = np.zeros((planes, 11520 * 2 // planes), depth)
    frame = av.AudioFrame.from_ndarray(samples, format=form, layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
    return frame


# --- boxes ----------------------------------------------------------------------------------------


@functools.cache
def late_index() -> bytes:
    """A clean MP4 whose index comes last, so that it can grow."""
    return video(layout="-faststart+negative_cts_offsets")


def grown(*extra: bytes, path: tuple[bytes, ...] = (b"moov",)) -> bytes:
    """The clean MP4 with boxes at the end of its "moov", or of another box in it."""
    data, added = late_index(), b"".join(extra)
    changed, at = bytearray(data), 0
    for name in path:
        at = data.index(name, at) - 4
        size = int.from_bytes(data[at : at + 4], "big")
        changed[at : at + 4] = struct.pack(">I", size + len(added))
        end = at + size
    return bytes(changed[:end]) + added + bytes(changed[end:])


def track(kind: bytes, entry: bytes, start: int, size: int) -> bytes:
    """A track of one sample with this sample entry (ISO/IEC 14496-12, 8.3)."""
    table = (
        box(b"stsd", struct.pack(">II", 0, 1) + entry)
        + box(b"stts", struct.pack(">4I", 0, 1, 1, 1))
        + box(b"stsc", struct.pack(">5I", 0, 1, 1, 1, 1))
        + box(b"stsz", struct.pack(">3I", 0, size, 1))
        + box(b"stco", struct.pack(">3I", 0, 1, start))
    )
    hdlr = box(b"hdlr", bytes(8) + kind + bytes(12) + canary("handler").encode() + b"\0")
    media = box(b"mdia", hdlr + box(b"minf", box(b"stbl", table)))
    return box(b"trak", box(b"tkhd", bytes(12) + struct.pack(">I", 9) + bytes(68)) + media)


def with_track(
    kind: bytes, codec: bytes, sample: bytes, *extra: bytes, about: bytes = b""
) -> bytes:
    """The clean MP4 with another track of one sample, and more boxes in its "moov".

    ``about`` stands in its sample entry.
    """
    entry = box(codec, bytes(6) + b"\0\1" + about)
    length = len(grown(track(kind, entry, 0, len(sample)), *extra))
    whole = grown(track(kind, entry, length + 8, len(sample)), *extra)
    return whole + box(b"mdat", sample)


def user(name: bytes, text: str) -> bytes:
    """A text of QuickTime's user data, without a language."""
    return box(name, struct.pack(">HH", len(text), 0) + text.encode())


def tagged(**tags: str) -> Callable[[av.container.OutputContainer], None]:
    return lambda container: container.metadata.update(tags)


def chapters(container: av.container.OutputContainer) -> None:
    second = Fraction(1, 1000)
    container.set_chapters(
        [
            {
                "id": 1,
                "start": 0,
                "end": 200,
                "time_base": second,
                "metadata": {"title": canary("chapter")},
            }
        ]
    )


def gopro(latitude: float, longitude: float) -> bytes:
    """A sample of GoPro's telemetry with one position."""
    values = [round(latitude * 10**7), round(longitude * 10**7), 0, 0, 0]
    return b"DEVC\0\1\0\x1cGPS5l\x14\0\1" + struct.pack(">5i", *values)


def camm(latitude: float, longitude: float) -> bytes:
    """A packet of Google's camera motion metadata with one position."""
    return struct.pack("<HHddd", 0, 5, latitude, longitude, 35.0)


# --- Matroska and AVI -----------------------------------------------------------------------------


def element(number: int, body: bytes) -> bytes:
    """An EBML element with its size in eight bytes (RFC 8794)."""
    head = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return head + struct.pack(">Q", len(body) | 1 << 56) + body


def segment(*extra: bytes) -> bytes:
    """The clean WebM with elements at the end of its segment."""
    data, added = video("webm"), b"".join(extra)
    at = data.index(b"\x18\x53\x80\x67") + 4
    size = int.from_bytes(data[at + 1 : at + 8], "big") + len(added)
    return data[:at] + struct.pack(">Q", size | 1 << 56) + data[at + 8 :] + added


def tag(name: str, text: str) -> bytes:
    simple = element(0x45A3, name.encode()) + element(0x4487, text.encode())
    return element(0x1254C367, element(0x7373, element(0x63C0, b"") + element(0x67C8, simple)))


def attachment(name: str, media: str, body: bytes) -> bytes:
    parts = element(0x466E, name.encode()) + element(0x4660, media.encode())
    return element(0x1941A469, element(0x61A7, parts + element(0x465C, body)))


def live_webm() -> bytes:
    """The clean WebM with open sizes, as a recorder writes that cannot go back."""
    data = bytearray(video("webm"))
    for name in (b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"):
        at = data.index(name) + 4
        width = 9 - data[at].bit_length()
        data[at : at + width] = ((1 << 7 * width) - 1 | 1 << 7 * width).to_bytes(width, "big")
    return bytes(data)


def riff(*extra: bytes) -> bytes:
    """The AVI with chunks at its end."""
    data, added = video("avi"), b"".join(extra)
    size = int.from_bytes(data[4:8], "little") + len(added)
    return data[:4] + struct.pack("<I", size) + data[8:] + added


VIDEO: dict[str, Callable[[], bytes]] = {
    "mp4-tags": lambda: video(
        sound=True,
        exact=False,
        quiet=False,
        prepare=tagged(location=PLACE, title=canary("title"), creation_time=WHEN),
    ),
    "mp4-user-data": lambda: grown(
        box(
            b"udta",
            user(b"\xa9xyz", PLACE) + user(b"\xa9mak", canary("make")) + box(b"smta", bytes(4)),
        )
    ),
    "mp4-quicktime": lambda: video(
        "mov",
        layout="use_metadata_tags",
        prepare=tagged(
            **{
                "com.apple.quicktime.location.ISO6709": PLACE,
                "com.apple.quicktime.model": canary("model"),
            }
        ),
    ),
    "mp4-chapters": lambda: video(prepare=chapters),
    "mp4-gopro": lambda: with_track(b"meta", b"gpmd", gopro(48.8754, 2.2945)),
    "mp4-camm": lambda: with_track(b"camm", b"camm", camm(48.8754, 2.2945)),
    "mp4-subtitles": lambda: with_track(
        b"sbtl", b"tx3g", struct.pack(">H", len(canary("line"))) + canary("line").encode()
    ),
    "mp4-timecode": lambda: with_track(b"tmcd", b"tmcd", bytes(4)),
    "mp4-faces": lambda: with_track(
        b"meta", b"mebx", bytes(8), about=b"\0\0com.apple.quicktime.detected-face.bounds\0\0"
    ),
    "mp4-cover": lambda: grown(
        box(
            b"udta",
            box(
                b"meta",
                bytes(4)
                + box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
                + box(
                    b"ilst",
                    box(
                        b"covr",
                        box(b"data", struct.pack(">II", 13, 0) + uncovered("cover")),
                    ),
                ),
            ),
        )
    ),
    "mp4-second-video": lambda: with_track(b"vide", b"jpeg", uncovered("second")),
    "mp4-live": lambda: video(quiet=False, layout="frag_keyframe+empty_moov"),
    "mp4-xmp": lambda: (
        late_index() + box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + xmp())
    ),
    "mp4-free": lambda: late_index() + box(b"free", canary("free").encode()),
    "mp4-trailer": lambda: late_index() + samsung_trailer(),
    "webm-tags": lambda: video(
        "webm", sound=True, exact=False, prepare=tagged(title=canary("title"), location=PLACE)
    ),
    "webm-date": lambda: segment(tag("DATE_RECORDED", WHEN), tag("ARTIST", canary("artist"))),
    "webm-attachment": lambda: segment(attachment(canary("file"), "image/jpeg", uncovered("in"))),
    "webm-font": lambda: segment(attachment("x.ttf", "font/ttf", canary("font").encode())),
    "webm-chapters": lambda: video("webm", prepare=chapters),
    "webm-void": lambda: segment(element(0xEC, canary("void").encode())),
    "webm-unknown": lambda: segment(element(0x5F5F, canary("own").encode())),
    "webm-live": live_webm,
    "webm-trailer": lambda: video("webm") + canary("trailer").encode(),
    "mkv-tags": lambda: video(
        "mkv", sound=True, exact=False, quiet=False, prepare=tagged(title=canary("title"))
    ),
    "avi-plain": lambda: video("avi", sound=True),
    "avi-info": lambda: video("avi", exact=False, prepare=tagged(title=canary("title"))),
    "avi-xmp": lambda: riff(riff_chunk(b"_PMX", xmp())),
    "avi-date": lambda: riff(riff_chunk(b"IDIT", b"SAT MAR 14 18:15:02 2026")),
    "avi-junk": lambda: riff(riff_chunk(b"JUNK", canary("junk").encode())),
    "avi-trailer": lambda: video("avi") + canary("trailer").encode(),
}
