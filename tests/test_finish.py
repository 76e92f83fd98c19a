"""What writers leave of themselves in a new file is gone, and the picture is as it was."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from scrub.formats.finish import without_comment, without_dates
from tests import dirty_iso
from tests.media import picture


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("comment", [None, "a", "CANARY" * 300])
def test_comment_is_gone_and_pixels_stay(comment: str | None) -> None:
    options = {} if comment is None else {"comment": comment}
    before = dirty_iso.jpeg2000(**options)
    after = without_comment(before)
    assert b"OpenJPEG" not in after
    assert b"CANARY" not in after
    assert (opened(after) == picture()).all()
    box = after.index(b"jp2c") - 4
    assert int.from_bytes(after[box : box + 4], "big") == len(after) - box
    assert without_comment(after) == after


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
