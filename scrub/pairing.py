"""Reopens a written file and lays each of its frames beside the original's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from scrub.errors import InputError, VerificationError
from scrub.formats import FORMATS, Frame, Media, format_of, sound_length
from scrub.overlap import ahead

REMEDY = "nothing was written; please report this picture's kind and your version of scrub"

INSTANT = 0.001
"""Milliseconds that sums of the same frames' times may differ by: they are fractions."""

OUT_OF_STEP = 0.3
"""Seconds by which a copy's sound may be longer or shorter: its encoder works in blocks."""

ROUNDED = 1.0
"""Milliseconds to which WebM rounds the time of a frame."""


def reopened(media: Media, draft: Path) -> Media:
    """The written file as a stranger meets it.

    Raises VerificationError where it is no file of the kind that was to be written.
    """
    try:
        form = format_of(draft)
        if form.kind != media.written:
            raise VerificationError(
                media.path, f"the written file is {form.kind} and not {media.written}", REMEDY
            )
        return form.probe(draft)
    except InputError as error:
        raise VerificationError(
            media.path, f"the written file cannot be read back: {error.problem}", REMEDY
        ) from error


def paired(media: Media, copy: Media) -> Iterator[tuple[Frame, Frame]]:
    """Each original frame with the frame of the copy that is shown at the same moment.

    Encoders join equal frames of an animation, so that these are matched by time and not by
    number. Raises VerificationError where sizes or lengths differ.
    """
    ways = {"animation": _by_time, "video": _in_step}
    pairs = ways.get(media.form, _by_number)(media, copy)
    for original, shown in pairs:
        if original.rgb.shape != shown.rgb.shape:
            raise VerificationError(media.path, "the written file has another size", REMEDY)
        if original.alpha is None and shown.alpha is not None:
            raise VerificationError(media.path, "the written file became transparent", REMEDY)
        yield original, shown


def _by_number(media: Media, copy: Media) -> Iterator[tuple[Frame, Frame]]:
    if copy.frames != media.frames:
        raise VerificationError(
            media.path, f"the written file has {copy.frames} frames of {media.frames}", REMEDY
        )
    yield from zip(_decoded(media, media), _decoded(media, copy), strict=True)


def _in_step(media: Media, copy: Media) -> Iterator[tuple[Frame, Frame]]:
    """The frames of two videos, which nobody has counted before."""
    both = zip_longest(ahead(_decoded(media, media)), ahead(_decoded(media, copy)))
    for original, shown in both:
        if original is None or shown is None:
            problem = f"the written file has {'fewer' if shown is None else 'more'} frames"
            raise VerificationError(media.path, problem, REMEDY)
        if abs(original.time - shown.time) > ROUNDED:
            raise VerificationError(media.path, "the written file is out of step", REMEDY)
        yield original, shown


def _by_time(media: Media, copy: Media) -> Iterator[tuple[Frame, Frame]]:
    copies = _decoded(media, copy)
    shown = next(copies)
    end = shown.duration
    now = 0.0
    for original in _decoded(media, media):
        while now + INSTANT >= end:
            following = next(copies, None)
            if following is None:
                break
            shown = following
            end += shown.duration
        yield original, shown
        now += original.duration
    if next(copies, None) is not None or (copy.frames > 1 and abs(end - now) > media.frames):
        raise VerificationError(media.path, "the written file lasts longer or shorter", REMEDY)


def _decoded(media: Media, clip: Media) -> Iterator[Frame]:
    try:
        yield from FORMATS[clip.kind].frames(clip)
    except InputError as error:
        raise VerificationError(
            media.path, f"cannot be read again to its end: {error.problem}", REMEDY
        ) from error


def check_sound(media: Media, copy: Media) -> None:
    """Raise VerificationError where the copy has sound that it should not, or too little."""
    if media.form != "video":
        return
    try:
        wanted = None if media.sound == "drop" else sound_length(media.path, media.kind)
        written = sound_length(copy.path, copy.kind)
    except InputError as error:
        problem = f"has sound that cannot be read to its end: {error.problem}"
        raise VerificationError(media.path, problem, "use --audio drop") from error
    if (wanted is None) != (written is None):
        problem = "the written file has sound where none was asked for, or none"
        raise VerificationError(media.path, problem, REMEDY)
    if wanted is not None and written is not None and abs(wanted - written) > OUT_OF_STEP:
        problem = f"the written sound lasts {written:.2f} s and not {wanted:.2f} s"
        raise VerificationError(media.path, problem, "use --audio drop")
