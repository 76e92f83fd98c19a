"""Videos: decoded into frames, painted, and built anew as MP4 or WebM.

Only the first video is kept, and the sound where a person asks for it. Everything else stays
behind with the old container: other videos, cover art, telemetry, subtitles, chapters.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scrub import metadata
from scrub.formats import sound, video_reading, video_writing
from scrub.formats.media import Frame, Media, Paint
from scrub.metadata import Entry
from scrub.overlap import ahead


@dataclass(frozen=True, slots=True)
class Video:
    """A row: a container, the endings of its copies' names, and the kind it is written as."""

    kind: str
    suffixes: tuple[str, ...]
    target: str

    def probe(self, path: Path, max_side: int | None = None) -> Media:
        """Read the header and the first frame; see :class:`scrub.formats.media.Format`."""
        picture, beside = video_reading.first_picture(path, self.kind, max_side)
        return Media(
            path=path,
            kind=self.kind,
            form="video",
            width=picture.width,
            height=picture.height,
            frames=0,
            max_side=max_side,
            lossless=False,
            sounding=picture.sounding,
            beside=beside,
            length=picture.length,
        )

    def frames(self, media: Media) -> Iterator[Frame]:
        """Decode frame by frame; see :class:`scrub.formats.media.Format`."""
        return video_reading.decoded(media.path, self.kind, media.max_side)

    def entries(self, path: Path) -> tuple[Entry, ...]:
        """Everything that the file carries; it is mapped and not read into memory."""
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return metadata.entries(self.kind, data)

    def rewrite(self, media: Media, target: Path, paint: Paint) -> None:
        """Build a new file from painted frames; see :class:`scrub.formats.media.Format`."""
        picture, _ = video_reading.first_picture(media.path, media.kind, media.max_side)
        frames = ahead(video_reading.decoded(media.path, media.kind, media.max_side))
        video_writing.write(media, target, picture, ahead(map(paint, frames)))


VIDEOS = (
    # Players go by the bytes, and a person finds the copy under the name of the original.
    Video("mp4", (".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2"), "mp4"),
    Video("webm", (".webm",), "webm"),
    Video("mkv", (".mkv",), "mp4"),
    Video("avi", (".avi",), "mp4"),
)

WRITTEN = tuple(video_writing.CODINGS)
"""The kinds that videos are written as."""


def sound_length(path: Path, kind: str) -> float | None:
    """Seconds of the first sound of a video, decoded to its end; None where it has none.

    Raises DamagedError where it breaks.
    """
    return sound.length(path, kind)
