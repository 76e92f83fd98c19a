"""The kind of a file comes from its bytes: every kind is known, nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrub.errors import DamagedError, InputError, UnsupportedError
from scrub.formats import FORMATS, called, format_of, probe
from scrub.formats.sniff import BMP_HEADERS, HEAD, OTHER_BRANDS, PLACED, SIGNATURES, kind_of
from scrub.formats.strangers import REMEDIES
from tests import media
from tests.media import DIRTY


def box(brand: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO file (ISO/IEC 14496-12, 4.3)."""
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return (4 + len(body)).to_bytes(4, "big") + body


PICTURES = {
    "heic": (box(b"heic", b"mif1"), box(b"mif1", b"heic"), box(b"msf1"), box(b"hevc")),
    "avif": (box(b"avif", b"mif1"), box(b"avis"), box(b"mif1", b"avif", b"miaf")),
}

VIDEOS = {
    "mp4": (
        box(b"isom", b"mp42"),
        box(b"qt  "),
        box(b"3gp4"),
        b"\0\0\0\x08wide\0\0\0\0mdat",
        b"\0\0\x10\0moov",
    ),
    "webm": (
        b"\x1aE\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
        b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x10\x42\x82\x85webm\0\x42\x87\x81\x02",
        b"\x1aE\xdf\xa3\x9f\x42\x82\x40\x04webm\x42\x87\x81\x02",
    ),
    "mkv": (
        b"\x1aE\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska",
        b"\x1aE\xdf\xa3\xa3\x42\x82\x85webm2",
        b"\x1aE\xdf\xa3\x83\x42\x82",
    ),
    "avi": (b"RIFF\0\0\1\0AVI LIST",),
}

STRANGERS = {
    "sound": (
        box(b"M4A "),
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"ID3\x04",
        b"fLaC\0",
        b"FORM\0\0\0\1AIFFCOMM",
        b"\xff\xfb\x90\x64",
    ),
    "camera raw": (
        b"II*\0\x10\0\0\0CR\x02\0",
        b"IIRO\x08\0\0\0",
        b"IIU\0\x08\0\0\0",
        b"FUJIFILMCCD-RAW 0201",
        box(b"crx ", b"isom"),
    ),
    "JPEG XL": (b"\xff\x0a\xfa\x1f", b"\0\0\0\x0cJXL \r\n\x87\n"),
    "Photoshop": (b"8BPS\0\x01",),
    "PDF": (b"%PDF-1.7\n",),
    "SVG": (
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn by hand -->\n<svg width='9'>",
    ),
    "archive": (b"7z\xbc\xaf\x27\x1c", bytes(257) + b"ustar\0"),
    "archive or office document": (b"PK\x03\x04\x14",),
    "HEIF without HEVC": (box(b"avci", b"mif1"), box(b"vvic")),
    "MPEG video": (
        b"\0\0\1\xba\x44",
        3 * (b"G" + bytes(187)),
        3 * (bytes(4) + b"G" + bytes(187)),
    ),
    "medical image": (bytes(128) + b"DICM",),
}
"""First bytes of what people have in their folders too."""


@pytest.mark.parametrize("name", DIRTY)
def test_kind_is_read_from_the_first_bytes(name: str, tmp_path: Path) -> None:
    data = media.write(name, tmp_path).read_bytes()
    assert kind_of(data) == kind_of(data[:HEAD]) == media.kind(name)


@pytest.mark.parametrize(("signature", "kind"), SIGNATURES)
def test_no_signature_hides_another(signature: bytes, kind: str) -> None:
    assert kind_of(signature.ljust(HEAD, b"\0")) == kind


@pytest.mark.parametrize(
    ("head", "kind"), [(head, kind) for kind, heads in STRANGERS.items() for head in heads]
)
def test_stranger_is_named(head: bytes, kind: str, tmp_path: Path) -> None:
    assert kind_of(head) == kind_of(head.ljust(HEAD, b"\0")) == kind
    path = tmp_path / "stranger.jpg"
    path.write_bytes(head)
    with pytest.raises(UnsupportedError, match=rf"stranger.jpg: is of a kind .* \({kind}\); "):
        format_of(path)


def test_remedy_fits_the_stranger(tmp_path: Path) -> None:
    """Nobody is told to make a JPEG of a song, or to clean the pages of an archive."""
    path = tmp_path / "stranger"
    said = {}
    for kind, heads in STRANGERS.items():
        path.write_bytes(heads[0])
        with pytest.raises(UnsupportedError) as caught:
            format_of(path)
        said[kind] = caught.value.remedy
    assert "develop" in said["camera raw"]
    assert "voices" in said["sound"]
    assert "pages as PNG" in said["PDF"]
    assert "unpack" in said["archive"]
    assert "PNG or JPEG" in said["JPEG XL"]
    assert len(set(said.values())) >= 7


def test_every_remedy_has_its_stranger() -> None:
    kinds = {kind for _, kind in SIGNATURES} | {kind for *_, kind in PLACED}
    kinds |= {"SVG", *OTHER_BRANDS.values()}
    assert set(REMEDIES) <= kinds
    assert set(REMEDIES).isdisjoint(FORMATS)


@pytest.mark.parametrize(
    ("head", "kind"), [(head, kind) for kind, heads in PICTURES.items() for head in heads]
)
def test_picture_is_told_by_its_brands(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind_of(head.ljust(HEAD, b"\0")) == kind


def test_brand_behind_the_list_counts_for_nothing() -> None:
    assert kind_of(box(b"mif1", b"heic") + b"avif") == "heic"


@pytest.mark.parametrize("size", sorted(BMP_HEADERS))
def test_bitmap_needs_a_header_that_exists(size: int) -> None:
    start = b"BM" + bytes(12)
    assert kind_of(start + size.to_bytes(4, "little")) == "bmp"
    assert kind_of(start + (size + 1).to_bytes(4, "little")) is None


@pytest.mark.parametrize(
    "head", [b"", b"B", b"BMW is no bitmap, it is a car.", b"RIFF\0\0\0\0VIDE"]
)
def test_unknown_is_unknown(head: bytes) -> None:
    assert kind_of(head) is None


@pytest.mark.parametrize("whole", [*(signature for signature, _ in SIGNATURES), b"RIFF", b"BM"])
def test_cut_signature_is_not_taken_for_whole(whole: bytes) -> None:
    assert all(kind_of(whole[:end]) not in FORMATS for end in range(len(whole)))


@given(st.binary(max_size=HEAD))
def test_noise_is_no_picture(noise: bytes) -> None:
    assert kind_of(b"\0\0" + noise) not in FORMATS


@pytest.mark.parametrize("name", ["png-text", "gif-comment", "tiff-pages", "bmp-gap"])
def test_suffix_tells_nothing(name: str, tmp_path: Path) -> None:
    path = media.write(name, tmp_path).rename(tmp_path / "holiday.jpg")
    assert format_of(path) is FORMATS[media.kind(name)]
    assert probe(path).kind == media.kind(name)


def test_missing_file_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.jpg: is gone"):
        format_of(tmp_path / "gone.jpg")


def test_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        format_of(tmp_path)


def test_empty_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(DamagedError, match=r"empty\.jpg: is empty"):
        format_of(path)


@pytest.mark.parametrize(
    ("head", "kind"), [(head, kind) for kind, heads in VIDEOS.items() for head in heads]
)
def test_video_is_known_by_its_bytes(head: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "video.jpg"
    path.write_bytes(head)
    assert format_of(path).kind == kind


def test_remedy_names_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear all")
    with pytest.raises(UnsupportedError, match="not a picture or video that scrub knows") as caught:
        format_of(path)
    assert all(called(kind) in caught.value.remedy for kind in FORMATS)
