"""What a clean WebM may carry: what FFmpeg's muxer writes, without its name.

A pattern is an element's content in hexadecimal digits; a dot is any digit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scrub.metadata.entry import Entry
from scrub.metadata.rules import Test, always, equals, matches

# Of a tag: the length of a track, which the frames tell as well.
_LENGTH = re.compile(rb"DURATION=\d\d:\d\d:\d\d\.\d{9}\0*")
_NUMBER = matches("(..){1,8}")
_SMALL = matches("(00)*..")
_HEADER_NUMBERS = "EBMLVersion EBMLReadVersion EBMLMaxIDLength EBMLMaxSizeLength DocTypeVersion"
_TRACK_NUMBERS = """DefaultDuration CodecDelay SeekPreRoll Video/PixelWidth Video/PixelHeight
    Video/DisplayWidth Video/DisplayHeight Audio/SamplingFrequency"""
_TRACK_CHOICES = """TrackNumber TrackUID TrackType FlagLacing FlagDefault Video/FlagInterlaced
    Video/FieldOrder Video/DisplayUnit Video/Colour/MatrixCoefficients Video/Colour/BitsPerChannel
    Video/Colour/Range Video/Colour/TransferCharacteristics Video/Colour/Primaries
    Video/Colour/ChromaSitingHorz Video/Colour/ChromaSitingVert Audio/Channels Audio/BitDepth"""
_TRACK = "Segment / Tracks / TrackEntry"


def _length(entry: Entry) -> bool:
    return _LENGTH.fullmatch(entry.payload) is not None


def _each(prefix: str, names: str, test: Test) -> dict[str, Test]:
    """The same test for each of the elements, which are told as "outer/inner"."""
    return {f"{prefix} / {name.replace('/', ' / ')}": test for name in names.split()}


WEBM: Mapping[str, Test] = {
    "EBML": always,
    **_each("EBML", _HEADER_NUMBERS + " DocTypeReadVersion", _SMALL),
    "EBML / DocType": equals(b"webm"),
    "Segment": always,
    "Segment / SeekHead": always,
    "Segment / SeekHead / Seek": always,
    "Segment / SeekHead / Seek / SeekID": matches(".{8}"),
    "Segment / SeekHead / Seek / SeekPosition": _NUMBER,
    "Segment / Void": always,
    "Segment / Info": always,
    "Segment / Info / TimestampScale": equals(b"\x0f\x42\x40"),
    "Segment / Info / Void": always,
    "Segment / Info / Duration": _NUMBER,
    "Segment / Tracks": always,
    _TRACK: always,
    **_each(_TRACK, "Video Video/Colour Audio", always),
    **_each(_TRACK, _TRACK_NUMBERS, _NUMBER),
    **_each(_TRACK, _TRACK_CHOICES, _SMALL),
    f"{_TRACK} / Language": equals(b"und"),
    f"{_TRACK} / CodecID": equals(b"V_VP9", b"A_OPUS"),
    # Opus: version, channels, samples to skip, rate, gain of zero, the usual mapping (RFC 7845).
    f"{_TRACK} / CodecPrivate": matches(f"{b'OpusHead'.hex()} 01 0[12] .... .{{8}} 0000 00"),
    "Segment / track video": always,
    "Segment / track sound": always,
    "Segment / Tags": always,
    "Segment / Tags / Tag": always,
    "Segment / Tags / Tag / Targets": always,
    "Segment / Tags / Tag / Targets / TagTrackUID": _SMALL,
    "Segment / Tags / Tag / SimpleTag": _length,
    "Segment / Cluster": always,
    "Segment / Cluster / Timestamp": _NUMBER,
    "Segment / Cluster / SimpleBlock": equals(b"\x00", b"\x80"),
    "Segment / Cluster / BlockGroup": always,
    "Segment / Cluster / BlockGroup / Block": equals(b"\x00"),
    **_each(
        "Segment / Cluster / BlockGroup", "BlockDuration DiscardPadding ReferenceBlock", _NUMBER
    ),
    "Segment / Cues": always,
    "Segment / Cues / CuePoint": always,
    "Segment / Cues / CuePoint / CueTime": _NUMBER,
    "Segment / Cues / CuePoint / CueTrackPositions": always,
    **_each(
        "Segment / Cues / CuePoint / CueTrackPositions",
        "CueTrack CueClusterPosition CueRelativePosition CueDuration",
        _NUMBER,
    ),
}
