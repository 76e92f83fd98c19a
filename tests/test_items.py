"""What a container says of its primary picture is read, whatever is broken in it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrub.formats.items import Properties, jpeg2000, properties
from scrub.formats.nclx import Nclx
from tests import dirty_iso, parts

PLAIN = Nclx(1, 13)
SAID = {
    "heic": (dirty_iso.heic(), Properties("hvc1", 240 * 180, 8, False, PLAIN, False)),
    "heic grid": (dirty_iso.heic_grid(), Properties("grid", 240 * 180, 8, False, PLAIN, False)),
    "heic turned": (
        dirty_iso.heic_orientation(),
        Properties("hvc1", 240 * 180, 8, True, PLAIN, False),
    ),
    "heic of ten bits": (
        dirty_iso.heic_deep(),
        Properties("hvc1", 240 * 180, 10, False, PLAIN, False),
    ),
    "avif": (dirty_iso.avif(), Properties("av01", 240 * 180, 8, False, PLAIN, False)),
    "avif turned": (
        dirty_iso.avif_orientation(),
        Properties("av01", 240 * 180, 8, True, PLAIN, False),
    ),
    "avif cut": (
        dirty_iso.avif_cut(100, 80, -7, 3),
        Properties("av01", 240 * 180, 8, False, None, False, (63, 53, 163, 133)),
    ),
    "avif cut to more than there is": (
        dirty_iso.avif_cut(100, 80, -71, 3),
        Properties("av01", 240 * 180, 8, False, None, False, None),
    ),
    "avif cut to a part without a unit": (
        dirty_iso.avif_cut(100, 80, -7, 3).replace(struct.pack(">2i", 80, 1), bytes(8)),
        Properties("av01", 240 * 180, 8, False, None, False, None),
    ),
    "avif moving": (
        dirty_iso.avif_animated(),
        Properties("av01", 240 * 180, 8, False, PLAIN, True),
    ),
    "nothing": (b"", Properties()),
    "no boxes": (b"\xff\xd8\xff" * 9, Properties()),
    "no items": (dirty_iso.heic()[:28], Properties()),
}


@pytest.mark.parametrize("name", SAID)
def test_properties_are_those_of_the_primary_picture(name: str) -> None:
    data, expected = SAID[name]
    assert properties(data) == expected


def test_primary_picture_of_a_burst_is_found() -> None:
    """The first and the last are smaller."""
    assert properties(dirty_iso.heic_burst()).area == 240 * 180


@given(data=st.data())
def test_damage_is_no_exception(data: st.DataObject) -> None:
    file = bytearray(data.draw(st.sampled_from([made[:700] for made, _ in SAID.values() if made])))
    for at in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[at] = data.draw(st.integers(0, 255))
    assert isinstance(properties(bytes(file)), Properties)


def test_profile_and_codestream_of_jp2_are_found() -> None:
    profile, stream = jpeg2000(dirty_iso.jpeg2000_icc())
    assert profile == parts.profile()
    assert stream.startswith(b"\xff\x4f\xff\x51")
    assert stream.endswith(b"\xff\xd9")
    assert jpeg2000(dirty_iso.jpeg2000())[0] == b""


@pytest.mark.parametrize("data", [b"", dirty_iso.heic(), dirty_iso.jpeg2000()[:40]])
def test_jp2_without_header_or_pixels_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="no header or no codestream"):
        jpeg2000(data)
