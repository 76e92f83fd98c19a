"""Where a camera says that it was, in the samples of its telemetry tracks.

GoPro's GPMF (github.com/gopro/gpmf-parser) and Google's Camera Motion Metadata ("camm").
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scrub.metadata.entry import Entry

_CAMM = {5: ("<dd", 4), 6: ("<dd", 16)}  # type of packet -> latitude and longitude, and where
_GPMF = (b"GPS5", b"GPS9")
_SCALE = 1e7


def positions(codec: str, sample: bytes) -> Iterator[Entry]:
    """The first position in a sample, in degrees; nothing where there is none."""
    if codec == "gpmd":
        for key in _GPMF:
            at = sample.find(key)
            if at >= 0 and at + 16 <= len(sample):
                yield from _position(
                    *(n / _SCALE for n in struct.unpack_from(">ii", sample, at + 8))
                )
                return
    elif codec == "camm" and len(sample) >= 4:
        letters, at = _CAMM.get(int.from_bytes(sample[2:4], "little"), ("", 0))
        if letters and at + 16 <= len(sample):
            yield from _position(*struct.unpack_from(letters, sample, at))


def _position(latitude: float, longitude: float) -> Iterator[Entry]:
    # A camera without reception writes zeros.
    if abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude):
        yield Entry("position", "GPS position", 0, f"{latitude:.6f}, {longitude:.6f}")
