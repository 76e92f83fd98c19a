"""Whatever happens to a face in a clip, it shows in no frame of the copy."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from scrub import pipeline
from scrub.detectors.presets import Eyes
from scrub.regions import Box, Timeline, covered_share
from scrub.settings import Settings
from tests.clips import decoded, video
from tests.hazards import HAZARDS
from tests.pictures import Edges, Pixels

SHOWS = 0.75
"""Correlation from which a face is still there; of one that is not covered, it is over 0.95."""

WHOLE = 0.95
"""Share of a face that covers hide, at least."""

STEADY = {"crf": "16", "x264-params": "mbtree=0"}
"""With that tree, x264 makes another file of the same pictures each time."""


@pytest.mark.parametrize("name", HAZARDS)
def test_a_face_shows_in_no_frame(name: str, tmp_path: Path, real_eyes: Eyes) -> None:
    clip = list(HAZARDS[name]())
    source = video(tmp_path / "clip.mp4", (shown.pixels for shown in clip), options=STEADY)
    report = pipeline.clean(source, tmp_path / "copy", Settings(preset="fast"), real_eyes)
    assert report.target is not None
    before, after = decoded(source), decoded(report.target)
    assert len(after) == len(clip)
    places = [(index, face) for index, shown in enumerate(clip) for face in shown.faces]
    assert places
    assert all(likeness(before[index], before[index], face) > SHOWS for index, face in places)
    left = {index for index, face in places if likeness(before[index], after[index], face) > SHOWS}
    assert left == set()
    # What is smeared beyond knowing shows no likeness, and is to be covered all the same.
    covers = Timeline(report.plan.regions)
    bare = {
        index
        for index, face in places
        if covered_share(Box(*face), [region.box for region in covers.at(index)]) < WHOLE
    }
    assert bare == set()


def likeness(one: Pixels, other: Pixels, face: Edges) -> float:
    """Correlation of the fine structure of two frames where a face is, from -1 to 1.

    0 where the second has hardly any: what an encoder leaves of a smooth cover's edge.
    """
    left, top, right, bottom = face
    aside, down = (right - left) // 10, (bottom - top) // 10
    part = slice(top + down, bottom - down), slice(left + aside, right - aside)
    before, after = (_fine(pixels[part]) for pixels in (one, other))
    if after.std() < 0.15 * before.std():
        return 0.0
    return float((before * after).mean() / (before.std() * after.std()))


def _fine(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), max(1.0, 0.08 * grey.shape[1]))
    return fine - fine.mean()
