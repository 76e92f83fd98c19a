"""The files of the tests are what their names say, and their canaries can be found."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import piexif
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError

from tests import media, parts
from tests.media import BROKEN, DIRTY, canaries, canary, face, picture, second_face
from tests.parts import chunk, jpeg, png

EXIF = "artist gps gpsmethod make makernote owner serial usercomment xpauthor"

CHANNELS = {
    "jpeg-exif-gps": EXIF,
    "jpeg-exif-thumbnail": EXIF + " thumbnail",
    "jpeg-exif-twice": EXIF + " second",
    **{f"jpeg-orientation-{number}": EXIF for number in range(2, 9)},
    "jpeg-jfif-thumbnail": "jfif",
    "jpeg-jfxx-thumbnail": "jfxx",
    "jpeg-xmp": "xmp",
    "jpeg-xmp-thumbnail": "xmp",
    "jpeg-extended-xmp": "extended xmp",
    "jpeg-iptc": "byline caption city",
    "jpeg-photoshop-thumbnail": "photoshop",
    "jpeg-icc": "copyright icc",
    "jpeg-comment": "again comment",
    "jpeg-unknown-segments": "app10 app15 app3 app5 app8 ducky",
    "jpeg-app11-jumbf": "jumbf",
    "jpeg-mpf": "mpf",
    "jpeg-gain-map": "gainmap xmp",
    "jpeg-motion-trailer": "motion xmp",
    "jpeg-trailer": "inside trailer",
    "jpeg-cmyk": "comment",
    "jpeg-grey": "comment",
    "jpeg-progressive": "between",
    "jpeg-restarts": "comment",
    "png-text": "itxt late latez text xmp ztxt",
    "png-exif": EXIF + " thumbnail",
    "png-late-exif": EXIF,
    "png-orientation-6": EXIF,
    "png-raw-profile": "raw",
    "png-time": "time",
    "png-icc": "copyright icc name",
    "png-private-chunk": "late manifest private",
    "png-trailer": "inside trailer",
    "png-hidden-in-pixel-data": "idat",
    "png-palette-transparency": "palette text",
    "png-16bit-rgb": "text",
    "png-16bit-grey": "text",
    "png-la": "text",
    "png-1bit": "text",
    "png-colour-key": "text",
    "png-hidden-rgb": "hidden text",
    "apng": "text",
    "apng-hidden-default": "text",
    "webp-exif-xmp": EXIF + " thumbnail xmp",
    "webp-orientation-6": EXIF,
    "webp-icc": "copyright icc",
    "webp-alpha": "xmp",
    "webp-animated": EXIF + " xmp",
    "webp-unknown-chunk": "private xmp",
    "webp-trailer": "inside trailer",
    "gif-comment": "comment late",
    "gif-animated": "comment late",
    "gif-xmp": "xmp",
    "gif-extensions": "application copyright plaintext",
    "gif-trailer": "inside trailer",
    "bmp-trailer": "inside trailer",
    "bmp-gap": "gap",
    "bmp-palette": "palette",
    "bmp-v5-icc": "copyright icc",
    "tiff-tags-gps": "artist description gps host make owner serial software",
    "tiff-pages": "first second",
    "tiff-thumbnail-page": "description thumbnail",
    "tiff-sub-directory": "description preview",
    "tiff-xmp-iptc": "byline caption city description resource xmp",
    "tiff-icc": "copyright description icc",
    "tiff-private-tag": "description printim private",
    "tiff-orientation-6": "description",
    "tiff-trailer": "description inside trailer",
    "tiff-1bit": "description",
    "tiff-16bit-grey": "description",
    "tiff-cmyk": "description",
    "tiff-palette": "description",
    "tiff-transparent": "description",
    "tiff-jpeg-in-tiff": "description inside",
    "tiff-deflate": "description",
    "tiff-endless": "description",
    "heic-exif-xmp": EXIF + " thumbnail xmp",
    "heic-orientation-6": EXIF,
    "heic-grid": EXIF,
    "heic-thumbnail": EXIF,
    "heic-burst": "xmp",
    "heic-motion": "inside motion samsung xmp",
    "heic-boxes": "free skip xmp",
    "heic-icc": "copyright icc",
    "heic-alpha": "xmp",
    "heic-10bit": "xmp",
    "avif-exif-xmp": EXIF + " xmp",
    "avif-orientation-6": EXIF,
    "avif-icc": "copyright icc",
    "avif-alpha": "xmp",
    "avif-animated": "xmp",
    "avif-trailer": "free inside",
    "jpeg2000-metadata": EXIF + " xml xmp",
    "jpeg2000-comment": "comment",
    "jpeg2000-icc": "copyright icc",
    "jpeg2000-alpha": "xmp",
    "jpeg2000-bare": "comment",
    "jpeg2000-trailer": "inside trailer",
}
"""What each dirty file says where it can be found; pictures packed into text are not in here."""

MODES = {
    "jpeg-cmyk": "CMYK",
    "jpeg-grey": "L",
    "png-palette-transparency": "P",
    "png-16bit-grey": "I;16",
    "png-la": "LA",
    "png-1bit": "1",
    "png-colour-key": "L",
    "png-hidden-rgb": "RGBA",
    "webp-alpha": "RGBA",
    "bmp-palette": "P",
    "tiff-1bit": "1",
    "tiff-16bit-grey": "I;16",
    "tiff-cmyk": "CMYK",
    "tiff-palette": "P",
    "tiff-transparent": "RGBA",
    "heic-alpha": "RGBA",
    "avif-alpha": "RGBA",
    "jpeg2000-alpha": "RGBA",
}

FRAMES = {
    "jpeg-mpf": 2,
    "apng": 3,
    "apng-hidden-default": 4,
    "webp-animated": 3,
    "gif-animated": 3,
    "avif-animated": 3,
    "heic-burst": 3,
    "tiff-pages": 2,
    "tiff-thumbnail-page": 2,
}

UNUSUAL = ("1bit", "la", "16bit-grey", "grey", "colour-key", "hidden-default", "transparency")
TURNED = [name for name in DIRTY if "orientation" in name]
BURIED = [
    "jpeg-exif-thumbnail",
    "jpeg-jfxx-thumbnail",
    "jpeg-photoshop-thumbnail",
    "jpeg-mpf",
    "jpeg-motion-trailer",
    "jpeg-trailer",
    "png-exif",
    "png-trailer",
    "webp-exif-xmp",
    "webp-trailer",
    "gif-trailer",
    "bmp-trailer",
    "tiff-trailer",
    "heic-exif-xmp",
    "heic-motion",
    "avif-trailer",
    "jpeg2000-trailer",
]
DECODED_UPRIGHT = ("tiff", "heic")
"""Where Pillow or its plugin turns pictures itself."""


def rgb(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"), float)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """Mean difference of two pictures, 0 to 255; that of unequal shapes is the largest."""
    if first.shape != second.shape:
        return 255.0
    return float(np.abs(first.astype(float) - second).mean())


def trailing_jpeg(data: bytes) -> Image.Image:
    """The last JPEG that starts anywhere in the bytes."""
    return Image.open(io.BytesIO(data[data.rindex(b"\xff\xd8\xff") :]))


# --- dirty files --------------------------------------------------------------------------------


def test_channels_are_told_for_every_dirty_file() -> None:
    assert set(CHANNELS) == set(DIRTY)


@pytest.mark.parametrize("name", DIRTY)
def test_canaries_are_found(name: str, tmp_path: Path) -> None:
    found = canaries(media.write(name, tmp_path).read_bytes())
    assert found == {canary(channel) for channel in CHANNELS[name].split()}


@pytest.mark.parametrize("name", DIRTY)
def test_dirty_file_opens(name: str, tmp_path: Path) -> None:
    with Image.open(media.write(name, tmp_path)) as image:
        image.load()
        wanted = {"jpeg-mpf": "mpo"}.get(name, media.kind(name)).replace("heic", "heif")
        assert (image.format or "").lower() == wanted
        assert image.mode == MODES.get(name, "RGB" if "gif" not in name else "P")
        assert getattr(image, "n_frames", 1) == FRAMES.get(name, 1)


@pytest.mark.parametrize("name", [n for n in DIRTY if not n.endswith(UNUSUAL) and n not in TURNED])
def test_dirty_file_shows_the_picture(name: str, tmp_path: Path) -> None:
    with Image.open(media.write(name, tmp_path)) as image:
        assert distance(rgb(image), picture()) < 8


@pytest.mark.parametrize("name", TURNED)
def test_turned_file_is_the_picture_when_upright(name: str, tmp_path: Path) -> None:
    with Image.open(media.write(name, tmp_path)) as image:
        assert image.getexif()[274] == (1 if media.kind(name) == "heic" else int(name[-1]))
        assert distance(rgb(ImageOps.exif_transpose(image)), picture()) < 5


@pytest.mark.parametrize("name", [n for n in TURNED if media.kind(n) not in DECODED_UPRIGHT])
def test_turned_file_is_stored_on_its_side(name: str, tmp_path: Path) -> None:
    with Image.open(media.write(name, tmp_path)) as image:
        assert distance(rgb(image), picture()) > 30


@pytest.mark.parametrize("name", BURIED)
def test_uncovered_face_is_buried(name: str, tmp_path: Path) -> None:
    buried = trailing_jpeg(media.write(name, tmp_path).read_bytes())
    assert distance(rgb(buried), second_face(64)) < 5


def test_gain_map_shows_the_faces(tmp_path: Path) -> None:
    buried = trailing_jpeg(media.write("jpeg-gain-map", tmp_path).read_bytes())
    assert (
        distance(np.asarray(buried), rgb(ImageOps.grayscale(Image.fromarray(picture())))[..., 0])
        < 5
    )


def test_turned_heic_says_so_twice(tmp_path: Path) -> None:
    """A phone's: its container turns it, and its EXIF says the same once more."""
    data = media.write("heic-orientation-6", tmp_path).read_bytes()
    assert b"irot\x03" in data
    assert piexif.load(data[data.index(b"Exif\0\0MM") :][:2000])["0th"][274] == 6


@pytest.mark.parametrize(
    "name", ["png-hidden-rgb", "webp-alpha", "tiff-transparent", "jpeg2000-alpha"]
)
def test_transparent_pixels_hide_a_face(name: str, tmp_path: Path) -> None:
    with Image.open(media.write(name, tmp_path)) as image:
        pixels = np.asarray(image)
    hidden = pixels[..., 3] == 0
    assert hidden[:, 146:234].all()
    assert distance(pixels[8:96, 146:234, :3], second_face(88)) < 2


def test_animated_default_hides_faces_from_every_frame(tmp_path: Path) -> None:
    with Image.open(media.write("apng-hidden-default", tmp_path)) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert image.default_image
        assert distance(rgb(image), picture()) == 0
        for number in range(1, 4):
            image.seek(number)
            assert distance(rgb(image), picture()) > 30


@pytest.mark.parametrize("name", ["apng", "webp-animated", "gif-animated", "avif-animated"])
def test_animation_keeps_its_times(name: str, tmp_path: Path) -> None:
    with Image.open(media.write(name, tmp_path)) as image:
        assert image.info.get("loop") == (None if name == "avif-animated" else 3)
        for number, duration in enumerate((80, 160, 240)):
            image.seek(number)
            image.load()
            assert image.info["duration"] == duration
            assert distance(rgb(image), np.roll(picture(), 20 * number, axis=1)) < 12


def test_sixteen_bits_are_sixteen_bits(tmp_path: Path) -> None:
    for name in ("png-16bit-rgb", "png-16bit-grey"):
        assert media.write(name, tmp_path).read_bytes()[24] == 16
    with Image.open(media.write("tiff-16bit-grey", tmp_path)) as image:
        assert np.asarray(image).max() > 255


def test_scans_and_restarts(tmp_path: Path) -> None:
    with Image.open(media.write("jpeg-progressive", tmp_path)) as image:
        assert image.info["progressive"]
    data = media.write("jpeg-progressive", tmp_path).read_bytes()
    assert data.index(b"\xff\xda") < data.index(canary("between").encode())
    assert b"\xff\xd3" in media.write("jpeg-restarts", tmp_path).read_bytes()


@pytest.mark.parametrize(
    "name", ["jpeg-icc", "png-icc", "webp-icc", "tiff-icc", "heic-icc", "avif-icc"]
)
def test_profile_is_of_a_wider_gamut(name: str, tmp_path: Path) -> None:
    with Image.open(media.write(name, tmp_path)) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert canary("icc") in ImageCms.getProfileDescription(profile)
    colours = Image.fromarray(np.array([[[60, 200, 60], [200, 60, 60]]], np.uint8))
    shown = ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"))
    assert shown is not None
    # Both are more saturated than the same numbers are in sRGB.
    assert rgb(shown)[0, 0, 0] < 60 - 20
    assert rgb(shown)[0, 1, 0] > 200 + 10


def test_bmp_header_points_at_its_profile(tmp_path: Path) -> None:
    data = media.write("bmp-v5-icc", tmp_path).read_bytes()
    assert data[14 + 56 :][:4] == b"DEBM"
    start = 14 + int.from_bytes(data[14 + 112 :][:4], "little")
    assert data[start:] == parts.profile()


def test_pages_are_in_the_other_byte_order(tmp_path: Path) -> None:
    assert media.write("tiff-pages", tmp_path).read_bytes().startswith(b"MM\0*")


def test_exif_says_where_and_who(tmp_path: Path) -> None:
    block = piexif.load(str(media.write("jpeg-exif-gps", tmp_path)))
    assert block["GPS"][piexif.GPSIFD.GPSLatitude] == ((48, 1), (52, 1), (3150, 100))
    assert block["Exif"][piexif.ExifIFD.BodySerialNumber] == canary("serial").encode()


def test_endless_directory_points_at_itself(tmp_path: Path) -> None:
    data = media.write("tiff-endless", tmp_path).read_bytes()
    fields = int.from_bytes(data[8:10], "little")
    assert data[10 + 12 * fields :][:4] == data[4:8]


# --- canaries -----------------------------------------------------------------------------------


def test_clean_files_have_no_canaries() -> None:
    assert canaries(jpeg()) == set()
    assert canaries(png(picture())) == set()


@pytest.mark.parametrize("encoding", ["ascii", "utf-16-le", "utf-16-be", "utf-16"])
def test_canary_is_found_in_each_encoding(encoding: str) -> None:
    assert canaries(b"x" + canary("word").encode(encoding) + b"y") == {canary("word")}


def digits() -> bytes:
    """What a compressor makes codes of; without it, words would be stored as they are."""
    return np.random.default_rng(1).bytes(3000).hex().encode()


def test_canary_is_found_in_a_stream_cut_into_chunks() -> None:
    packed = zlib.compress(digits() + canary("split").encode())
    assert canary("split").encode() not in packed
    header = png(picture())[:33]
    pieces = [packed[start : start + 700] for start in range(0, len(packed), 700)]
    assert canaries(header + b"".join(chunk(b"IDAT", piece) for piece in pieces)) == {
        canary("split")
    }


def test_canary_is_found_in_a_stream_with_a_wrong_checksum() -> None:
    packed = zlib.compress(canary("early").encode() + digits())
    assert canary("early").encode() not in packed
    assert canaries(packed[:-1] + bytes([packed[-1] ^ 1])) == {canary("early")}


# --- broken files -------------------------------------------------------------------------------

HUGE = {
    "huge-claim.jpg": (65535, 65535),
    "huge-claim.png": (2**31 - 1, 2**31 - 1),
    "huge-claim.gif": (65535, 65535),
    "huge-claim.bmp": (60000, 60000),
    "huge-claim.tif": (60000, 60000),
    "huge-claim.jp2": (60000, 60000),
    "huge-claim.heic": (60000, 60000),
    "bomb.png": (30000, 30000),
}
NAMELESS = {
    "empty.jpg",
    "text.jpg",
    "signature-only.png",
    "unknown.bin",
    "noise.jpg",
    "no-frames.gif",
    "wild-offset.tif",
    "no-items.heic",
    "huge-claim.avif",
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_file_is_small(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = media.write(name, tmp_path)
    assert path.stat().st_size < 150_000
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with Image.open(path) as image:  # its pixels are never asked for
        assert image.size == HUGE[name]


def test_bomb_holds_all_of_its_pixels(tmp_path: Path) -> None:
    data = media.write("bomb.png", tmp_path).read_bytes()
    stream, inflated = zlib.decompressobj(), 0
    rest = data[data.index(b"IDAT") + 4 : -16]
    while rest:
        inflated += len(stream.decompress(rest, 1_000_000))
        rest = stream.unconsumed_tail
    assert stream.eof
    assert inflated == 30_000 * (1 + 30_000 // 8)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", sorted(NAMELESS))
def test_nameless_file_is_no_picture(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnidentifiedImageError):
        Image.open(media.write(name, tmp_path))


@pytest.mark.parametrize("name", sorted(set(BROKEN) - NAMELESS - set(HUGE)))
def test_damaged_file_does_not_decode(name: str, tmp_path: Path) -> None:
    path = media.write(name, tmp_path)
    with pytest.raises((OSError, SyntaxError, RuntimeError, ValueError)), Image.open(path) as image:
        image.load()


# --- pictures -----------------------------------------------------------------------------------


def test_faces_are_two_different_ones() -> None:
    assert face(64).shape == second_face(64).shape == (64, 64, 3)
    assert distance(face(64), second_face(64)) > 30


def test_pictures_can_be_painted_on() -> None:
    media.crowd()[:] = 0
    assert media.crowd().any()
