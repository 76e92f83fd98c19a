"""Colour profiles for colours that a file names by number (ITU-T H.273, "nclx").

Such a file says which primaries and which transfer function its numbers mean and carries no
profile. One is built here, so that the same library converts these colours and all others.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SRGB_PRIMARIES = {1, 2}
"""BT.709, and unspecified: the same as sRGB."""

PLAIN_TRANSFERS = {1, 2, 6, 13, 14, 15}
"""Those of BT.709, BT.601 and BT.2020 are shown like sRGB's on a screen; 2 is unspecified."""

PQ, HLG = 16, 18
"""Transfer functions of high dynamic range: SMPTE ST 2084, and hybrid log-gamma (BT.2100)."""

WHITE = (0.3127, 0.3290)
PRIMARIES: Mapping[int, tuple[tuple[float, float], ...]] = {
    1: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    2: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    7: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""Red, green and blue as CIE x and y, all with the white of D65 (H.273, table 2)."""

GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Transfer functions that are a mere power (H.273, table 3)."""

D50 = (0.9642, 1.0, 0.8249)
"""White of a profile's connection space (ICC.1, 7.2.16)."""

BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""Adapts colours from one white to another (ICC.1, annex E)."""

STEPS = 4096
"""Samples of a transfer function."""

PAPER_WHITE = 203.0
"""Brightness in cd/m2 of white paper in a picture of high dynamic range (ITU-R BT.2408)."""

BRIGHTEST = 1000.0
"""Brightness in cd/m2 that becomes the white of a screen; what is brighter is cut off."""


class Nclx(NamedTuple):
    """Numbers of the primaries and of the transfer function."""

    primaries: int
    transfer: int

    @property
    def known(self) -> bool:
        """Whether these are colours that a profile can be built of."""
        transfers = PLAIN_TRANSFERS | set(GAMMAS) | {PQ, HLG}
        return self.primaries in PRIMARIES and self.transfer in transfers

    @property
    def plain(self) -> bool:
        """Whether these are the colours of sRGB."""
        return self.primaries in SRGB_PRIMARIES and self.transfer in PLAIN_TRANSFERS

    @property
    def wide(self) -> bool:
        """Whether the brightness goes beyond what a screen shows."""
        return self.transfer in (PQ, HLG)


def profile(colors: Nclx) -> bytes:
    """An ICC profile (ICC.1:2001, version 2) of known colours; KeyError for others.

    High dynamic range is brought down to what a screen shows.
    """
    tags = {b"wtpt": _xyz(D50), b"desc": _text(b"desc", b"nclx"), b"cprt": _text(b"text", b"")}
    for channel, column in zip("rgb", _to_d50(PRIMARIES[colors.primaries]).T, strict=True):
        tags[f"{channel}XYZ".encode()] = _xyz(column)
        tags[f"{channel}TRC".encode()] = _curve(colors.transfer)
    table = struct.pack(">I", len(tags))
    body = b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _s15(D50)
    return head.ljust(128, b"\0") + table + body


def _to_d50(primaries: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """The matrix from linear RGB to XYZ under D50: one column a primary."""
    columns = np.array([_bright(one) for one in primaries]).T
    white = np.array(_bright(WHITE))
    matrix = columns * np.linalg.solve(columns, white)
    scale = (BRADFORD @ np.array(D50)) / (BRADFORD @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(BRADFORD) @ np.diag(scale) @ BRADFORD @ matrix
    return adapted


def _bright(place: tuple[float, float]) -> tuple[float, float, float]:
    """XYZ of the colour at CIE x and y, with a brightness of one."""
    x, y = place
    return x / y, 1.0, (1 - x - y) / y


def _linear(transfer: int) -> NDArray[np.float64]:
    """Light, 0 to 1, for each of STEPS codes."""
    code = np.linspace(0, 1, STEPS)
    if transfer in GAMMAS:
        return code ** GAMMAS[transfer]
    if transfer == PQ:
        return _toned(_pq(code) * 10_000 / PAPER_WHITE)
    if transfer == HLG:
        # The reference screen of BT.2100 shows the scene's light with a gamma of 1.2.
        return _toned(_hlg(code) ** 1.2 * BRIGHTEST / PAPER_WHITE)
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def _pq(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light from 0 to 1, which is 10000 cd/m2 (SMPTE ST 2084)."""
    root = code ** (1 / 78.84375)
    light: NDArray[np.float64] = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return light ** (1 / 0.1593017578125)


def _hlg(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of the scene from 0 to 1 (ITU-R BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)


def _toned(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light, 1 being white paper, bent so that BRIGHTEST becomes 1 (Reinhard's curve)."""
    most = BRIGHTEST / PAPER_WHITE
    return np.minimum(light * (1 + light / most**2) / (1 + light), 1)


def _curve(transfer: int) -> bytes:
    values = np.round(_linear(transfer) * 65535).astype(">u2").tobytes()
    return b"curv" + bytes(4) + struct.pack(">I", STEPS) + values


def _s15(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    """Numbers with 16 bits before the point and 16 behind it."""
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _xyz(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + _s15(values)


def _text(kind: bytes, words: bytes) -> bytes:
    if kind == b"text":
        return b"text" + bytes(4) + words + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(words) + 1) + words + bytes(79)
