"""How a person sees what one file gives away: a table, dangers first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scrub.console.words import counted, harmless
from scrub.exposure import Exposure
from scrub.metadata import Entry
from scrub.metadata.danger import PLAIN, grave

NAMED = 3
"""How many values of one sort are shown before the others are only counted."""

LONGEST = 80
"""Characters of a value that are shown among others."""

SHAPE = re.compile(r"\d+ x \d+")
"""The value of a picture: its width and height."""

Row = tuple[str, str, bool]
"""What is given away, its value, and whether that is grave."""


def heading(exposure: Exposure, colored: bool) -> Text:
    """The file's name, its kind and its size."""
    name = Text(harmless(str(exposure.source)), "bold" if colored else "")
    return name.append(f"  {_form(exposure)}", "dim" if colored else "")


def portrait(exposure: Exposure, colored: bool, everything: bool) -> Padding:
    """A row for each sort of thing that the file gives away.

    With ``everything`` each thing has its own row, with its place in the file.
    """
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(overflow="fold", ratio=2)
    table.add_column(overflow="fold", ratio=5)
    for what, value, bad in _rows(exposure, everything):
        style = "bold red" if bad and colored else ""
        table.add_row(Text(harmless(what), style), Text(harmless(value)))
    if not table.row_count:
        table.add_row("nothing", "that scrub knows of")
    return Padding(table, (0, 0, 0, 2))


def _rows(exposure: Exposure, everything: bool) -> Iterator[Row]:
    yield from _faces(exposure)
    if exposure.media and exposure.media.sounding:
        yield "sound", "voices in it can be recognised", True
    sorts = groupby(exposure.carried, key=lambda entry: entry.what)
    for what, same in sorts:
        if everything:
            for entry in same:
                yield f"{what} ({entry.place})", entry.value or _size([entry]), grave(what)
        elif what not in PLAIN:
            yield what, _values(list(same)), grave(what)
    if exposure.clue:
        yield "file name", f"carries {exposure.clue}", True
    if exposure.suffix:
        yield "file name", f"has the wrong ending, it is {exposure.called}", False


def _faces(exposure: Exposure) -> Iterator[Row]:
    doubtful = exposure.only(doubtful=True).faces
    sure = exposure.only(doubtful=False).faces
    where = (
        "in the frame with the most"
        if exposure.media and exposure.media.form == "animation"
        else ""
    )
    if sure:
        yield counted(sure, "face"), f"uncovered {where}".rstrip(), True
    if doubtful:
        yield counted(doubtful, "doubtful face"), f"to look at {where}".rstrip(), False


def _values(entries: list[Entry]) -> str:
    """The different values of one sort, and how much there is of it that has none."""
    values = list(dict.fromkeys(_value(entry) for entry in entries if entry.value))
    more = len(values) - NAMED
    shown = "; ".join(_short(value) for value in values[:NAMED])
    known = f"{shown} and {more} more" if more > 0 else shown
    # What only holds a value that is told says nothing by its size.
    silent = (entry for entry in entries if not entry.value)
    rest = _size(entry for entry in silent if not known or " / " not in entry.place)
    return "; ".join(filter(None, (known, rest)))


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."


def _value(entry: Entry) -> str:
    """Of a picture, which says its width and height, the bytes too."""
    return f"{entry.value}, {_size([entry])}" if SHAPE.fullmatch(entry.value) else entry.value


def _size(entries: Iterable[Entry]) -> str:
    size = sum(entry.size for entry in entries)
    return counted(size, "byte") if size else ""


def _form(exposure: Exposure) -> str:
    media = exposure.media
    if media is None:
        return exposure.called
    size = f"{exposure.called}, {media.width} x {media.height}"
    # How many frames a video has is only known when all are read.
    several = {"animation": f", {media.frames} frames", "pages": f", {media.frames} pages"}
    return size + several.get(media.form, "")
