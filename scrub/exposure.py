"""What one file gives away: in what it carries, in its name and in its pixels.

``scrub check`` asks whether there is anything at all, ``scrub inspect`` shows all of it to a
person; both read files through the formats' table, so that whatever can be cleaned can be
looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scrub import files, metadata, progress
from scrub.formats import FORMATS, Frame, Media, called, format_of
from scrub.metadata import Entry
from scrub.metadata.danger import telling, worst_first
from scrub.names import clue
from scrub.regions import Detection
from scrub.report import FileReport

Look = Callable[[Media, Frame], list[Detection]]
"""What finds faces in a frame: all, or only those for which the gate does not let it pass."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face in one frame; ``frame`` counts from 0."""

    frame: int
    face: Detection

    def as_json(self) -> dict[str, Any]:
        return {
            "box": [*self.face.box.edges],
            "frame": self.frame,
            "score": round(self.face.score, 3),
            "doubtful": self.face.doubtful,
        }


@dataclass(frozen=True, slots=True)
class Exposure(FileReport):
    """The report of a file that was looked at and understood.

    ``carried`` is what a clean file may not carry, the worst first; ``clue`` what its name
    tells; ``suffix`` the ending that its name should have, empty where it has a right one;
    ``sightings`` are the faces seen, None where nobody looked.
    """

    media: Media | None = None
    carried: tuple[Entry, ...] = ()
    clue: str | None = None
    suffix: str = ""
    sightings: tuple[Sighting, ...] | None = None

    @property
    def called(self) -> str:
        """What people call its kind."""
        return called(self.kind)

    @property
    def faces(self) -> int:
        """How many are seen: on all pages together, or in that frame of a clip with the most."""
        counts = Counter(one.frame for one in self.sightings or ())
        if self.media is not None and self.media.form == "pages":
            return counts.total()
        return max(counts.values(), default=0)

    @property
    def contents(self) -> tuple[str, ...]:
        """In plain words, the names of what is carried, the worst first.

        Of what holds a file together, only where there is nothing else: it is not clean.
        """
        names = [entry.what for entry in self.carried]
        return telling(names) or worst_first(names)

    def only(self, doubtful: bool) -> Exposure:
        """With those faces alone that are in doubt, or those that are not."""
        found = tuple(one for one in self.sightings or () if one.face.doubtful == doubtful)
        return replace(self, sightings=found)

    def findings(self, allowed_faces: int = 0) -> tuple[str, ...]:
        """Everything that is wrong, in plain words, where so many faces may be seen."""
        found = list(self.contents)
        if self.clue:
            found.append(f"name carries {self.clue}")
        if self.suffix:
            found.append(f"name has the wrong ending, it is {self.called}")
        if self.faces > allowed_faces:
            found.append(f"{self.faces} uncovered {'face' if self.faces == 1 else 'faces'}")
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        media = self.media
        return {
            "source": str(self.source),
            "status": "read",
            "reason": "",
            "kind": self.kind,
            "width": media and media.width,
            "height": media and media.height,
            "frames": media and media.frames,
            "name": self.clue,
            "ending": self.suffix or None,
            "carries": [
                {"what": one.what, "place": one.place, "size": one.size, "value": one.value}
                for one in self.carried
            ],
            "faces": None if self.sightings is None else self.faces,
            "sightings": [one.as_json() for one in self.sightings or ()],
            "warnings": list(self.all_warnings),
            "seconds": round(self.seconds, 3),
        }


def bare(source: Path) -> Exposure:
    """What the file carries, without a look at its pixels.

    Raises InputError where it cannot be read or is nothing that scrub cleans.
    """
    files.check_input(source)
    form = format_of(source)
    media = form.probe(source)
    forbidden = metadata.judge(media.kind, form.entries(source))
    order = worst_first(entry.what for entry in forbidden)
    return Exposure(
        source,
        "unchanged",
        kind=media.kind,
        media=media,
        carried=tuple(sorted(forbidden, key=lambda entry: order.index(entry.what))),
        clue=clue(source.stem),
        suffix="" if source.suffix.lower() in form.suffixes else form.suffixes[0],
    )


def looked_at(exposure: Exposure, look: Look | None) -> Exposure:
    """The same with the faces that ``look`` finds in any frame; None only decodes them all.

    Raises DamagedError where the file cannot be decoded to its end.
    """
    media = exposure.media
    assert media is not None, "only what was read has frames"
    seen = []
    notes: dict[str, None] = {}
    for frame in FORMATS[media.kind].frames(media):
        progress.tell(media.path, "reading", frame.time, media.length)
        notes |= dict.fromkeys(frame.warnings)
        seen += [Sighting(frame.index, face) for face in (look(media, frame) if look else ())]
    plan = replace(exposure.plan, warnings=tuple(notes))
    return replace(exposure, plan=plan, sightings=tuple(seen) if look else None)
