"""What writers leave of themselves in a new file is gone, and the picture is as it was."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from scrub.formats.finish import without_dates, without_encoder
from tests import dirty_iso


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def test_dates_are_gone_and_frames_stay() -> None:
    before = dirty_iso.avif_animated()
    after = without_dates(before)
    assert len(after) == len(before)
    for kind in (b"mvhd", b"tkhd", b"mdhd"):
        at = before.index(kind) + 8
        assert any(before[at : at + 16])
        assert not any(after[at : at + 16])
        assert after[at + 16 : at + 40] == before[at + 16 : at + 40]
    assert (opened(after) == opened(before)).all()
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 48


def test_name_of_the_encoder_is_gone_and_frames_stay() -> None:
    before = dirty_iso.avif_animated()
    after = without_encoder(before)
    assert before.count(b"AOM Coding") == 1
    assert after == before.replace(b"\x0aAOM Coding", bytes(11))
    assert (opened(after) == opened(before)).all()
