"""What opens a file shows what a person would see, and tells what it leaves behind."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrub.errors import DamagedError, UnsupportedError
from scrub.formats import FORMATS, Frame, nclx, probe
from scrub.formats.items import properties
from scrub.formats.nclx import Nclx
from scrub.formats.pixels import FEWER_BITS
from scrub.formats.plugins import (
    BRIGHTNESS_BENT,
    COLORS_UNKNOWN,
    OTHERS_DROPPED,
    SEQUENCE_DROPPED,
    TURNED_BY_HINT,
    can_write,
    opener,
)
from tests import dirty_iso, media, parts
from tests.dirty_iso import avif, heic, named_colors, turned_by_exif
from tests.media import Pixels, picture

HEIGHT, WIDTH = picture().shape[:2]
WRITERS = pytest.mark.parametrize("make", [heic, avif], ids=["heic", "avif"])


def frame(data: bytes, folder: Path, max_side: int | None = None) -> Frame:
    path = folder / "picture"
    path.write_bytes(data)
    found = probe(path, max_side)
    (only,) = FORMATS[found.kind].frames(found)
    return only


def distance(one: Pixels, other: Pixels) -> float:
    """Mean difference, 0 to 255; that of unequal shapes is the largest."""
    if one.shape != other.shape:
        return 255.0
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


# --- which picture ------------------------------------------------------------------------------


def test_main_picture_of_a_burst_is_shown(tmp_path: Path) -> None:
    shown = frame(dirty_iso.heic_burst(), tmp_path)
    assert distance(shown.rgb, picture()) < 4
    assert shown.warnings == (OTHERS_DROPPED,)


def test_thumbnail_is_never_taken_for_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pillow_heif.options.THUMBNAILS", True)
    data = io.BytesIO(dirty_iso.heic_thumbnail())
    with Image.open(data) as plain:
        assert plain.draft(None, (60, 45)) is not None
    image = opener("HEIF")(data, "")
    assert image.draft(None, (60, 45)) is None
    assert image.size == (WIDTH, HEIGHT)


def test_sequence_beside_the_picture_is_told(tmp_path: Path) -> None:
    movie = dirty_iso.box(b"moov", dirty_iso.box(b"mvhd", bytes(100)))
    assert frame(heic() + movie, tmp_path).warnings == (SEQUENCE_DROPPED,)


def test_sequence_without_a_picture_is_no_damage(tmp_path: Path) -> None:
    brands = dirty_iso.box(b"ftyp", b"hevc\0\0\0\0hevcmsf1iso8")
    movie = dirty_iso.box(b"moov", dirty_iso.box(b"mvhd", bytes(100)))
    with pytest.raises(UnsupportedError, match="moving picture and no still one; convert it"):
        frame(brands + movie, tmp_path)


@pytest.mark.parametrize("coding", [b"av01", b"avc1", b"jpeg", b"unci"])
def test_picture_of_another_coding_is_named(coding: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=f"coded as {coding.decode()}; convert it"):
        frame(heic().replace(b"hvc1", coding), tmp_path)


def test_build_without_avif_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
    with pytest.raises(UnsupportedError, match="this build of Pillow cannot read"):
        frame(avif(), tmp_path)


def test_samsung_trailer_is_no_damage(tmp_path: Path) -> None:
    assert distance(frame(dirty_iso.heic_motion(), tmp_path).rgb, picture()) < 4


def test_what_an_avif_cuts_off_stays_unseen(tmp_path: Path) -> None:
    shown = frame(dirty_iso.avif_cut(100, 80, -7, 3), tmp_path)
    media = probe(tmp_path / "picture")
    assert (media.width, media.height) == (100, 80)
    assert distance(shown.rgb, picture()[53:133, 63:163]) < 4


# --- how it is turned ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["heic-orientation-6", "avif-orientation-6"])
def test_picture_is_turned_once(name: str, tmp_path: Path) -> None:
    shown = frame(media.write(name, tmp_path).read_bytes(), tmp_path)
    assert distance(shown.rgb, picture()) < 4
    assert shown.warnings == ()


@WRITERS
def test_picture_that_only_exif_turns_is_turned(make: Callable[..., bytes], tmp_path: Path) -> None:
    data = turned_by_exif(make)
    assert b"irot" not in data
    found = tmp_path / "picture"
    shown = frame(data, tmp_path)
    assert (probe(found).width, probe(found).height) == (WIDTH, HEIGHT)
    assert distance(shown.rgb, picture()) < 4
    assert shown.warnings == (TURNED_BY_HINT,)


@WRITERS
def test_orientation_in_xmp_turns_nothing_twice(make: Callable[..., bytes], tmp_path: Path) -> None:
    words = 'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"'
    data = make(
        dirty_iso.stored_lying(), exif=parts.exif(orientation=6), xmp=parts.xmp(attributes=words)
    )
    assert distance(frame(data, tmp_path).rgb, picture()) < 4


TIFF_WORDS = 'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
IN_XMP = {
    "attribute": parts.xmp(attributes=TIFF_WORDS + 'tiff:Orientation="6"'),
    "element": parts.xmp(attributes=TIFF_WORDS, content="<tiff:Orientation>6</tiff:Orientation>"),
}


@WRITERS
@pytest.mark.parametrize("form", IN_XMP)
def test_picture_that_only_xmp_turns_is_turned(
    make: Callable[..., bytes], form: str, tmp_path: Path
) -> None:
    """Under another name, the writer does not find the orientation either."""
    hidden = IN_XMP[form].replace(b"tiff:Orientation", b"tiff:Orientatiom")
    data = make(dirty_iso.stored_lying(), xmp=hidden).replace(hidden, IN_XMP[form])
    assert b"irot" not in data
    assert b"tiff:Orientation" in data
    shown = frame(data, tmp_path)
    assert distance(shown.rgb, picture()) < 4
    assert shown.warnings == (TURNED_BY_HINT,)


@WRITERS
def test_exif_counts_more_than_xmp(make: Callable[..., bytes], tmp_path: Path) -> None:
    words = IN_XMP["attribute"].replace(b"6", b"1")
    data = turned_by_exif(make, xmp=words)
    assert distance(frame(data, tmp_path).rgb, picture()) < 4


# --- its colours --------------------------------------------------------------------------------


@WRITERS
def test_named_colors_are_those_of_the_profile(make: Callable[..., bytes], tmp_path: Path) -> None:
    """Display P3 by number looks like Display P3 by profile, and not like sRGB."""
    named = frame(named_colors(make, 12, 13), tmp_path)
    profiled = frame(make(icc_profile=parts.profile()), tmp_path)
    assert named.warnings == ()
    assert distance(named.rgb, profiled.rgb) < 4
    assert distance(named.rgb, picture()) > 5


@WRITERS
@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_brought_down(
    make: Callable[..., bytes], transfer: int, tmp_path: Path
) -> None:
    shown = frame(named_colors(make, 9, transfer), tmp_path)
    assert shown.warnings == (BRIGHTNESS_BENT,)
    assert np.corrcoef(shown.rgb.mean(axis=2).ravel(), picture().mean(axis=2).ravel())[0, 1] > 0.8


@WRITERS
def test_unknown_colors_are_told(make: Callable[..., bytes], tmp_path: Path) -> None:
    shown = frame(named_colors(make, 22, 13), tmp_path)
    assert shown.warnings == (COLORS_UNKNOWN,)
    assert distance(shown.rgb, picture()) < 4


@WRITERS
@pytest.mark.parametrize("colors", [(1, 13), (2, 2), (1, 1)])
def test_plain_colors_are_left_alone(
    make: Callable[..., bytes], colors: tuple[int, int], tmp_path: Path
) -> None:
    shown = frame(named_colors(make, *colors), tmp_path)
    assert shown.warnings == ()
    assert distance(shown.rgb, picture()) < 4


def test_colors_that_a_png_names_go_before_its_profile(tmp_path: Path) -> None:
    def coded(primaries: int, transfer: int) -> bytes:
        return parts.chunk(b"cICP", bytes([primaries, transfer, 0, 1]))

    icc = parts.chunk(b"iCCP", b"other\0\0" + zlib.compress(nclx.profile(Nclx(9, 13))))
    profile = parts.chunk(b"iCCP", b"same\0\0" + zlib.compress(nclx.profile(Nclx(12, 13))))
    wide = frame(parts.png(picture(), profile), tmp_path)
    assert distance(wide.rgb, picture()) > 3
    for before in ((coded(12, 13),), (icc, coded(12, 13))):
        assert distance(frame(parts.png(picture(), *before), tmp_path).rgb, wide.rgb) < 0.1
    assert distance(frame(parts.png(picture(), icc, coded(1, 13)), tmp_path).rgb, picture()) == 0
    assert frame(parts.png(picture(), coded(9, 16)), tmp_path).warnings == (BRIGHTNESS_BENT,)
    late = parts.png(picture(), after=[coded(12, 13)])
    assert distance(frame(late, tmp_path).rgb, picture()) == 0


@pytest.mark.parametrize("name", ["heic-icc", "avif-icc", "jpeg2000-icc"])
def test_profile_is_followed(name: str, tmp_path: Path) -> None:
    shown = frame(media.write(name, tmp_path).read_bytes(), tmp_path)
    assert distance(shown.rgb, picture()) > 5
    assert shown.warnings == ()


def deep_jpeg2000() -> bytes:
    """Sixteen bits of grey."""
    stream = io.BytesIO()
    grey = picture()[..., 1].astype(np.uint16) * 257
    Image.fromarray(grey).save(stream, "JPEG2000")
    return stream.getvalue()


@pytest.mark.parametrize("make", [dirty_iso.heic_deep, deep_jpeg2000])
def test_bits_that_were_lost_are_told(make: Callable[[], bytes], tmp_path: Path) -> None:
    assert frame(make(), tmp_path).warnings == (FEWER_BITS,)


def test_bits_of_an_avif_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow writes none of ten bits, so that only what the container says is changed."""
    ten = properties(avif())._replace(depth=10)
    monkeypatch.setattr("scrub.formats.items.properties", lambda data: ten)
    assert frame(avif(), tmp_path).warnings == (FEWER_BITS,)


# --- JPEG 2000 ----------------------------------------------------------------------------------


def test_header_and_codestream_must_agree(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="says two different sizes"):
        frame(media.write("two-sizes.jp2", tmp_path).read_bytes(), tmp_path)


@pytest.mark.parametrize("name", ["jpeg2000-comment", "jpeg2000-bare"])
def test_codestream_is_read_with_and_without_boxes(name: str, tmp_path: Path) -> None:
    assert distance(frame(media.write(name, tmp_path).read_bytes(), tmp_path).rgb, picture()) == 0


# --- writing ------------------------------------------------------------------------------------


def test_what_cannot_be_written_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(can_write(name) for name in ("HEIF", "AVIF", "JPEG", "PNG"))
    monkeypatch.delitem(Image.SAVE, "HEIF")
    assert not can_write("HEIF")
