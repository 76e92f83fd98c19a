"""The tables and scans of a JPEG that no decoder needs, and which could hold anything.

A table that is replaced before a scan used it, a table that nothing refers to and a scan that
repeats another change no pixel (ITU-T T.81 B.2.3, B.2.4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(slots=True)
class Tables:
    """What the segments so far have told the decoder."""

    _quantisation: set[int] = field(default_factory=set)
    _wanted: set[int] = field(default_factory=set)
    _huffman: set[int] = field(default_factory=set)
    _scans: set[tuple[int, int, int]] = field(default_factory=set)
    _single: set[str] = field(default_factory=set)

    def repeats(self, name: str, body: bytes) -> bool:
        """Whether the segment says again what was said; what it says is remembered."""
        if name == "DQT":
            return _repeated(self._quantisation, quantisation_ids(body))
        if name == "DHT":
            return _repeated(self._huffman, huffman_ids(body))
        if name == "SOS":
            return self._repeats_scan(body)
        if name.startswith("SOF"):
            self._wanted.update(body[8::3])
        if name == "DRI" or name.startswith("SOF"):
            return _repeated(self._single, (name[:3],))
        return False

    def unused(self) -> tuple[str, ...]:
        """The segments among which are tables that no frame or scan so far refers to."""
        left = {"DQT": self._quantisation - self._wanted, "DHT": self._huffman}
        return tuple(name for name, ids in left.items() if ids)

    def _repeats_scan(self, body: bytes) -> bool:
        rows, spectrum = scan(body)
        for _, selectors in rows:
            self._huffman -= {selectors >> 4, 0x10 | selectors & 15}
        if not spectrum:
            return False
        first, _, position = spectrum
        return _repeated(self._scans, tuple((part, first, position & 15) for part, _ in rows))


def _repeated(known: set[_T], new: tuple[_T, ...]) -> bool:
    found = len(set(new)) < len(new) or not known.isdisjoint(new)
    known.update(new)
    return found


def quantisation_ids(body: bytes) -> tuple[int, ...]:
    """The ids of the tables in a DQT segment; none if it is malformed (T.81 B.2.4.1)."""
    found = []
    at = 0
    while at < len(body):
        precision, identifier = body[at] >> 4, body[at] & 15
        at += 1 + 64 * (1 + precision)
        found.append(identifier)
        if precision > 1 or identifier > 3 or at > len(body):
            return ()
    return tuple(found)


def huffman_ids(body: bytes) -> tuple[int, ...]:
    """The ids of the tables in a DHT segment, 0x10 and above for AC (T.81 B.2.4.2).

    None if it is malformed.
    """
    found = []
    at = 0
    while at < len(body):
        identifier, symbols = body[at], sum(body[at + 1 : at + 17])
        at += 17 + symbols
        found.append(identifier)
        if identifier & 15 > 3 or identifier >> 4 > 1 or symbols > 256 or at > len(body):
            return ()
    return tuple(found)


def scan(body: bytes) -> tuple[tuple[tuple[int, int], ...], bytes]:
    """The (component, table selectors) of an SOS segment and its last three bytes.

    Both are empty if it is malformed (T.81 B.2.3).
    """
    if not body or len(body) != 4 + 2 * body[0] or not 1 <= body[0] <= 4:
        return (), b""
    rows = tuple((body[at], body[at + 1]) for at in range(1, 1 + 2 * body[0], 2))
    return rows, body[-3:]
