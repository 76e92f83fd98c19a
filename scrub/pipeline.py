"""One file's recipe, from top to bottom."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from scrub import files, lookout, metadata, progress, tracking, verify
from scrub.detectors import Detector, Pixels
from scrub.detectors.clips import EachFrame, Glimpse
from scrub.detectors.presets import PRESETS, Eyes
from scrub.errors import InputError, VerificationError
from scrub.formats import FORMATS, Frame, Media, called, probe
from scrub.linking import Sight
from scrub.metadata.danger import telling
from scrub.overlap import ahead
from scrub.redaction import Painter
from scrub.regions import Box, Region, head_of
from scrub.report import Evidence, FileReport, Plan
from scrub.settings import Settings

ROUNDS = 6
"""A file is written at most so often: once, and then for faces found late and for covers that
look like something. In a crowd of a hundred every second file needs another writing."""

EARLY = 0.6
"""Before a file is written, finds count from this share of the evidence that counts afterwards on:
the encoder changes it a little, and so does the colour of a cover, which follows from the first
frame that is painted."""

GROWTH = 0.1
"""By which share of its size a cover reaches further on each side when it is painted anew."""

SOUND_WARNINGS: Mapping[str, tuple[str, ...]] = {
    "drop": (),
    "keep": ("the sound was kept: voices and noises in it can be recognised",),
    "mask": ("the sound was kept and voices lowered: whoever tries hard can recognise them",),
}

VOICES = "voices and other sound"

LATE = "face found when the covered picture was looked at again"


@dataclass(frozen=True, slots=True)
class Draft:
    """A written file that passed its examination, the plan it shows and the proof."""

    plan: Plan
    evidence: Evidence


def preview(source: Path, settings: Settings, eyes: Eyes | None) -> FileReport:
    """What :func:`clean` would cover and remove; writes nothing."""
    started = time.monotonic()
    media = _probed(source, settings)
    return FileReport(
        source,
        "planned",
        kind=media.kind,
        plan=plan(media, settings, eyes),
        removed=given_away(media),
        warnings=_warnings(media, settings, eyes),
        seconds=time.monotonic() - started,
    )


def clean(
    source: Path,
    target: Path,
    settings: Settings,
    eyes: Eyes | None,
    mode: int | None = None,
    owner: tuple[int, int] | None = None,
) -> FileReport:
    """Cover the faces in ``source``, rebuild it without metadata, verify, and put it at ``target``.

    ``eyes`` look for faces; None leaves them. ``mode`` are the target's permissions and
    ``owner`` its user and group, None for a new file's. Raises ScrubError, and then ``target``
    is as it was before.
    """
    started = time.monotonic()
    before = files.fingerprint(source)
    media = _probed(source, settings)
    removed = given_away(media)  # before the target, which may be the source, is replaced
    media = _decoded(media)
    first = plan(media, settings, eyes)
    with files.draft_beside(target) as path:
        draft = write(media, first, path, settings, eyes)
        if files.fingerprint(source) != before:
            raise InputError(source, "changed while it was read", "run scrub again")
        files.commit(path, target, files.plain_mode() if mode is None else mode, owner)
    return FileReport(
        source,
        "cleaned",
        target,
        kind=media.kind,
        plan=draft.plan,
        removed=removed,
        warnings=_warnings(media, settings, eyes),
        evidence=draft.evidence,
        seconds=time.monotonic() - started,
    )


def plan(media: Media, settings: Settings, eyes: Eyes | None) -> Plan:
    """Decode the clip once and decide what to cover in each frame; only boxes are kept."""
    warnings: dict[str, None] = {}

    def frames() -> Iterator[tuple[Pixels, float]]:
        for frame in FORMATS[media.kind].frames(media):
            warnings.update(dict.fromkeys(frame.warnings))
            yield frame.rgb, frame.time

    if eyes is None:
        sights = (Sight(time) for _, time in frames())
    else:
        watcher = eyes.watcher if media.form == "video" and eyes.watcher else EachFrame(eyes.first)
        seen = watcher.watch(ahead(frames()) if media.form == "video" else frames())
        sights = (_sight(glimpse, media, settings) for glimpse in seen)
    regions = _regions(media, _told(media, sights))
    return Plan(regions, tuple(warnings), looked=eyes is not None)


def write(media: Media, first: Plan, path: Path, settings: Settings, eyes: Eyes | None) -> Draft:
    """Write ``path`` by the plan and examine it, until no face is left to be seen.

    The covers stay the same from one writing to the next, so that nothing new turns up beside
    them, unless one resembles what it hides, or a face: that one is painted anew. Raises
    VerificationError where the file is not in order, or where faces can still be seen after
    :data:`ROUNDS` writings.
    """
    seed = os.urandom(32)
    second = None if eyes is None else eyes.later(media.form)
    current, tried = first, frozenset[int]()
    if media.form == "video" and second is not None:
        current, tried = _tried(media, first, seed, settings, second), lookout.ends(first.regions)
    for count in range(1, ROUNDS + 1):
        painter = Painter(current.regions, settings.style, seed)
        FORMATS[media.written].rewrite(media, path, partial(_painted, media, painter))
        finding = verify.examine(media, current, path, second, tried)
        if finding.clean:
            return Draft(current, replace(finding.evidence, rounds=count))
        current = _amended(media, current, finding.left, finding.showing, settings)
    raise VerificationError(
        media.path,
        f"still shows faces after it was written and looked at {ROUNDS} times",
        "try --preset thorough or a larger --margin, or cover it by hand",
    )


def given_away(media: Media) -> tuple[str, ...]:
    """In plain words, what the original carries that a clean file may not; the worst first."""
    carried = FORMATS[media.kind].entries(media.path)
    named = (entry.what for entry in metadata.judge(media.kind, carried))
    silenced = (VOICES,) if media.sounding and media.sound == "drop" else ()
    return telling(chain(silenced, media.beside, named))


def _probed(source: Path, settings: Settings) -> Media:
    return replace(probe(source, settings.max_side, settings.to), sound=settings.audio)


def _decoded(media: Media) -> Media:
    """A still with its frame, for all who look at it; a clip, which may be long, stays as it is."""
    if media.form != "still":
        return media
    [frame] = FORMATS[media.kind].frames(media)
    return replace(media, only=frame)


def _warnings(media: Media, settings: Settings, eyes: Eyes | None) -> tuple[str, ...]:
    """What a person should know that has nothing to do with the pixels."""
    found = () if eyes is None else eyes.warnings
    if media.written not in (media.kind, settings.to):
        written, own = called(media.written), called(media.kind)
        found += (f"written as {written}, since scrub cannot write {own}",)
    if media.sounding:
        found += SOUND_WARNINGS[settings.audio]
    return found


def _told(media: Media, sights: Iterable[Sight]) -> Iterator[Sight]:
    for sight in sights:
        progress.tell(media.path, "looking", sight.time, media.length)
        yield sight


def _sight(glimpse: Glimpse, media: Media, settings: Settings) -> Sight:
    """The heads of the faces that were seen in a frame."""
    small = PRESETS[settings.preset].small * max(media.width, media.height)
    found, faint = (
        tuple(replace(one, box=head_of(one, settings.margin, small)) for one in finds)
        for finds in (glimpse.found, glimpse.faint)
    )
    return Sight(glimpse.time, found, faint, glimpse.cut)


def _regions(media: Media, sights: Iterable[Sight]) -> tuple[Region, ...]:
    if media.form in ("animation", "video"):
        return tracking.link(sights, media.width, media.height)
    return tracking.separate(sights)


def _tried(media: Media, first: Plan, seed: bytes, settings: Settings, detector: Detector) -> Plan:
    """The plan, with what the examination might find covered, or painted anew.

    To write a video again takes as long as to write it once. So the frames that will be looked at
    are painted and looked at before; what would not stop the file is covered in doubt.
    """
    sure = lookout.sure(media)
    looking = lookout.Lookout(media, first.regions, detector, EARLY * sure)
    painter = Painter(first.regions, settings.style, seed)

    def covered() -> Iterator[Frame]:
        for frame in FORMATS[media.kind].frames(media):
            if looking.looks_at(frame.index):
                frame = replace(frame, rgb=painter.paint(frame.rgb, frame.index).pixels)
            yield frame

    glimpses: list[Glimpse] = []
    showing: list[Region] = []
    for frame in ahead(covered()):
        progress.tell(media.path, "trying", frame.time, media.length)
        seen = looking.at(frame.index, frame.rgb)
        left = [one for one in seen.left if one.score >= EARLY * sure]
        found = tuple(replace(one, doubtful=one.score < sure) for one in left)
        glimpses.append(Glimpse(frame.time, found))
        showing += seen.showing
    return _amended(media, first, glimpses, showing, settings)


def _amended(
    media: Media,
    plan: Plan,
    glimpses: Iterable[Glimpse],
    showing: Iterable[Region],
    settings: Settings,
) -> Plan:
    """The plan with what was seen in the covered frames, and what shows there painted anew."""
    late = _regions(media, [_sight(one, media, settings) for one in glimpses])
    return replace(plan, regions=_merged(_anew(plan.regions, showing), late))


def _anew(regions: tuple[Region, ...], showing: Iterable[Region]) -> tuple[Region, ...]:
    """The regions, those of the heads in ``showing`` with new entropy and a little wider.

    A head's entropy follows from the number of its track. What is black stays black whatever
    its entropy; where it looks like a face, that comes from what is seen around it.
    """
    following = _following(regions)
    numbers = {track: following + more for more, track in enumerate(_tracks(showing))}
    return tuple(
        replace(one, box=_grown(one.box), track=numbers[one.track]) if one.track in numbers else one
        for one in regions
    )


def _grown(box: Box) -> Box:
    return box.grown(GROWTH * box.width, GROWTH * box.height)


def _tracks(regions: Iterable[Region]) -> list[int]:
    return sorted({region.track for region in regions})


def _following(regions: Iterable[Region]) -> int:
    """The first number that no track has."""
    return 1 + max((region.track for region in regions), default=-1)


def _merged(regions: tuple[Region, ...], late: Iterable[Region]) -> tuple[Region, ...]:
    """Both, with the late ones named so and numbered on."""
    following = _following(regions)
    return regions + tuple(
        replace(region, track=following + region.track, why=LATE) for region in late
    )


def _painted(media: Media, painter: Painter, frame: Frame) -> Frame:
    progress.tell(media.path, "writing", frame.time, media.length)
    canvas = painter.paint(frame.rgb, frame.index)
    if frame.alpha is None:
        return replace(frame, rgb=canvas.pixels)
    # Left transparent, the outline of a head would show through its cover.
    alpha = np.where(canvas.visible, frame.alpha, np.uint8(255))
    return replace(frame, rgb=canvas.pixels, alpha=alpha)
