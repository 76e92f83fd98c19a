"""Puts what a file gives away in the order in which it is dangerous."""

from __future__ import annotations

from collections.abc import Iterable

from scrub.metadata.entry import STRUCTURE

ORDER = (
    "GPS position",
    "uncovered",
    "motion video",
    "second picture",
    "further video",
    "voices",
    "depth map",
    "mask of persons",
    "gain map",
    "telemetry",
    "place name",
    "owner",
    "author",
    "serial number",
    "unique number",
    "document number",
    "time taken",
    "camera model",
    "camera maker",
    "face",
    "content credentials",
    "caption",
    "comment",
    "text",
    "keywords",
    "title",
    "subtitle",
    "chapters",
    "timecode",
    "copyright",
    "file name",
    "computer",
    "maker note",
    "lens",
    "time",
    "GPS",
    "Samsung",
    "language",
    "software",
    "XMP",
    "IPTC",
    "Photoshop",
    "EXIF",
    "colour profile",
    "bytes",
)
"""Words of an entry's ``what``, the worst first. The rest tells little and comes last."""

PLAIN = frozenset(
    {
        STRUCTURE,
        "pixels",
        "pixels and sound",
        "plan of the picture",
        "tile of the picture",
        "video track",
        "sound track",
    }
)
"""What every file is made of, and tells nothing. A copy has its own."""

GRAVE = ORDER[: ORDER.index("camera maker") + 1]
"""Those that say where somebody was, who, when or with what, or that show a face."""


def grave(name: str) -> bool:
    """Whether what is called so is among the worst."""
    return _rank(name) < len(GRAVE)


def worst_first(names: Iterable[str]) -> tuple[str, ...]:
    """Each of the entries' names once, the most dangerous first."""
    return tuple(sorted(dict.fromkeys(names), key=_rank))


def telling(names: Iterable[str]) -> tuple[str, ...]:
    """The same without those that are :data:`PLAIN`."""
    return tuple(name for name in worst_first(names) if name not in PLAIN)


def _rank(name: str) -> int:
    return next((rank for rank, word in enumerate(ORDER) if word in name), len(ORDER))
