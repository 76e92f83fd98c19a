"""What a worker can do with a file beside writing a clean copy of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from scrub import lookout, pipeline, sheets
from scrub.detectors import Detector
from scrub.detectors.presets import Eyes
from scrub.errors import VerificationError
from scrub.exposure import Exposure, Finder, bare, looked_at
from scrub.formats import Frame, Media
from scrub.jobs import Job
from scrub.regions import Detection
from scrub.report import FileReport
from scrub.settings import Settings

CLEAN_ALREADY = "clean already: left as it is"
RESTLESS = "cleaning it once more may find doubtful faces to cover"
NAME_STAYS = "the name carries {}, and cleaning in place cannot change it: rename the file"


@dataclass(frozen=True, slots=True)
class Replacement(Job):
    """A file to clean in place; its permissions ``mode`` and its ``owner`` stay: user and group."""

    mode: int | None = None
    owner: tuple[int, int] | None = None

    def do(self, settings: Settings, eyes: Eyes | None, dry_run: bool) -> FileReport:
        """Clean it, unless nothing is wrong with it but its name.

        Where it stays as it is, both looks of ``eyes`` have seen nothing to cover in it; and
        what is written here shows them nothing. So the second time finds nothing to do.
        """
        started = time.monotonic()
        found = bare(self.source)
        strict = None if eyes is None else eyes.strict()
        if not found.carried and _fits(found, settings):
            found = looked_at(found, _gate(strict))
            if not found.faces and not found.carried:
                return replace(
                    found,
                    target=self.source,
                    reason=CLEAN_ALREADY,
                    warnings=found.warnings + _about_name(found),
                    seconds=time.monotonic() - started,
                )
        if dry_run:
            done = pipeline.preview(self.source, settings, eyes)
        else:
            done = self._cleaned(settings, eyes)
        return replace(done, warnings=done.warnings + _about_name(found))

    def _cleaned(self, settings: Settings, eyes: Eyes | None) -> FileReport:
        """Written so that it stays as it is, or else as well as any copy."""
        clean = partial(
            pipeline.clean, self.source, self.target, settings, mode=self.mode, owner=self.owner
        )
        if eyes is None:
            return clean(eyes)
        try:
            return clean(eyes.strict())
        except VerificationError:
            done = clean(eyes)
            return replace(done, warnings=(*done.warnings, RESTLESS))


@dataclass(frozen=True, slots=True)
class Check(Job):
    """A file to judge as the examination of a written file does; ``thorough``: as a preset, too."""

    thorough: bool = False

    def do(self, settings: Settings, eyes: Eyes | None, dry_run: bool) -> Exposure:
        """What is wrong with it."""
        used = eyes.strict() if eyes is not None and self.thorough else eyes
        return _light(_exposed(self.source, _gate(used), eyes))


@dataclass(frozen=True, slots=True)
class Inspection(Job):
    """A file to show to a person, with all that the first look finds.

    Its target is a sheet to draw, or itself.
    """

    def do(self, settings: Settings, eyes: Eyes | None, dry_run: bool) -> Exposure:
        """What it gives away."""
        finder = None if eyes is None else partial(_all_faces, detector=eyes.first)
        found = _exposed(self.source, finder, eyes)
        if self.target != self.source:
            sheets.save(found, self.target)
        return _light(found)


def _exposed(source: Path, finder: Finder | None, eyes: Eyes | None) -> Exposure:
    started = time.monotonic()
    found = looked_at(bare(source), finder)
    warnings = () if eyes is None else eyes.warnings
    return replace(found, warnings=warnings, seconds=time.monotonic() - started)


def _light(found: Exposure) -> Exposure:
    """Without the bytes that nobody reads any more once it leaves the worker."""
    carried = tuple(replace(entry, payload=b"", picture=b"") for entry in found.carried)
    return replace(found, carried=carried)


def _all_faces(media: Media, frame: Frame, detector: Detector) -> list[Detection]:
    return detector.detect(frame.rgb) if lookout.sampled(media, frame.index) else []


def _gate(eyes: Eyes | None) -> Finder | None:
    """What finds the faces for which a written file would not pass its examination."""
    return None if eyes is None else partial(_faces_left, eyes=eyes)


def _faces_left(media: Media, frame: Frame, eyes: Eyes) -> list[Detection]:
    return lookout.faces(media, frame, eyes.later(media.form))


def _fits(found: Exposure, settings: Settings) -> bool:
    longest = max(found.media.width, found.media.height)
    return settings.max_side is None or longest <= settings.max_side


def _about_name(found: Exposure) -> tuple[str, ...]:
    return (NAME_STAYS.format(found.clue),) if found.clue else ()
