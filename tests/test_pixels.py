"""Whatever way a picture is stored, it is read as a person sees it: upright, in sRGB, 8 bits."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from scrub.errors import ScrubError, UnsupportedError
from scrub.formats import FORMATS, HIDDEN, Frame, probe
from scrub.formats.pixels import (
    FEWER_BITS,
    KEY,
    KEY_COLOR,
    PROFILE_IGNORED,
    encode,
    indexed,
    with_key,
)
from scrub.formats.still import FLATTENED
from tests import parts
from tests.dirty_web import bmp, info_header
from tests.media import Pixels, picture
from tests.parts import STRIP, Fields, chunk, page, png, tiff

BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, EXTRA, FORMAT = 258, 259, 262, 274, 338, 339
SAMPLES, SIZE, SUBSAMPLING, ICC = 277, 279, 530, 34675
HEIGHT, WIDTH = picture().shape[:2]

Grey = NDArray[np.uint8]


def grey() -> Grey:
    return np.asarray(ImageOps.grayscale(Image.fromarray(picture())))


def fading() -> Grey:
    """From nothing at the left to opaque at the right."""
    return np.tile(np.linspace(-36, 255, WIDTH).clip(0, 255).astype(np.uint8), (HEIGHT, 1))


def spread(values: NDArray[np.generic]) -> Pixels:
    """Grey values as red, green and blue."""
    return np.repeat(values.astype(np.uint8)[..., None], 3, axis=2)


def frame(data: bytes, folder: Path, max_side: int | None = None) -> Frame:
    """The first frame of the file with these bytes."""
    path = folder / "picture"
    path.write_bytes(data)
    media = probe(path, max_side)
    return next(iter(FORMATS[media.kind].frames(media)))


def complaint(data: bytes, folder: Path) -> ScrubError | None:
    try:
        frame(data, folder)
    except ScrubError as error:
        return error
    return None


def distance(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    """Mean difference, 0 to 255; that of unequal shapes is the largest."""
    if one.shape != other.shape:
        return 255.0
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


# --- how it is stored ---------------------------------------------------------------------------


def deep(pixels: NDArray[np.uint8], order: str, **changes: int) -> bytes:
    """A TIFF of 16 bits a channel."""
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    wide = pixels.astype(f"{order}u2") * 257
    fields: dict[int, parts.Value] = {
        **page(pixels if samples == 1 else pixels[..., :3]),
        BITS: [16] * samples,
        SAMPLES: [samples],
        STRIP: wide.astype(f"{order}u2").tobytes(),
        SIZE: wide.nbytes,
    }
    if samples == 4:
        fields[EXTRA] = [2]
    return tiff(fields | {int(tag[1:]): [value] for tag, value in changes.items()}, order=order)


def white_is_zero(data: Grey) -> Fields:
    return page(255 - data) | {PHOTOMETRIC: [0]}


def deep_white_is_zero() -> bytes:
    inverse = 65535 - grey().astype(np.uint16) * 257
    strip = inverse.astype("<u2").tobytes()
    return tiff(page(grey()) | {BITS: [16], PHOTOMETRIC: [0], STRIP: strip, SIZE: len(strip)})


def twelve_bits() -> bytes:
    """Two pixels in three bytes."""
    pairs = (grey().astype(np.uint16) << 4).reshape(-1, 2)
    packed = np.stack(
        [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1
    ).astype(np.uint8)
    return tiff(page(grey()) | {BITS: [12], STRIP: packed.tobytes(), SIZE: packed.size})


def turned(order: str) -> bytes:
    """Sixteen bits, uncompressed, on its side."""
    return deep(np.rot90(grey()).copy(), order, t274=6)


def turned_grey() -> bytes:
    return tiff(page(np.rot90(grey()).copy()) | {ORIENTATION: [6]})


def jpeg_inside(subsampling: int) -> bytes:
    strip = parts.jpeg(subsampling=subsampling)
    fields = page(picture()) | {COMPRESSION: [7], PHOTOMETRIC: [6], STRIP: strip, SIZE: len(strip)}
    return tiff(fields | ({SUBSAMPLING: [2, 2]} if subsampling else {}))


def luminance() -> bytes:
    """Uncompressed YCbCr."""
    pixels = np.asarray(Image.fromarray(picture()).convert("YCbCr"))
    return tiff(page(pixels) | {PHOTOMETRIC: [6], SUBSAMPLING: [1, 1]})


def lab() -> bytes:
    made = ImageCms.profileToProfile(
        Image.fromarray(picture()),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert made is not None
    stream = io.BytesIO()
    made.save(stream, "TIFF")
    return stream.getvalue()


def premultiplied() -> bytes:
    share = fading()[..., None].astype(np.uint16)
    four = np.dstack([(picture() * share // 255).astype(np.uint8), fading()])
    return tiff(page(four[..., :3]) | {BITS: [8] * 4, SAMPLES: [4], EXTRA: [1], **strip(four)})


def strip(pixels: NDArray[np.uint8]) -> dict[int, parts.Value]:
    return {STRIP: pixels.tobytes(), SIZE: pixels.nbytes}


OPAQUE: dict[str, tuple[Callable[[], bytes], Callable[[], Pixels], float]] = {
    "16 bit RGB PNG": (lambda: png(picture().astype(np.uint16) * 257), picture, 0),
    "16 bit RGB TIFF": (lambda: deep(picture(), "<"), picture, 0),
    "16 bit RGB TIFF, big end first": (lambda: deep(picture(), ">"), picture, 0),
    "16 bit grey PNG": (lambda: png(grey().astype(np.uint16) * 257), lambda: spread(grey()), 0),
    "16 bit grey TIFF": (lambda: deep(grey(), "<"), lambda: spread(grey()), 0),
    "16 bit grey TIFF, big end first": (lambda: deep(grey(), ">"), lambda: spread(grey()), 0),
    "16 bit grey TIFF, white is 0": (deep_white_is_zero, lambda: spread(grey()), 0),
    "8 bit grey TIFF, white is 0": (
        lambda: tiff(white_is_zero(grey())),
        lambda: spread(grey()),
        0,
    ),
    "12 bit grey TIFF": (twelve_bits, lambda: spread(grey()), 0),
    "grey TIFF on its side": (turned_grey, lambda: spread(grey()), 0),
    "16 bit TIFF on its side": (lambda: turned("<"), lambda: spread(grey()), 0),
    "16 bit TIFF on its side, big end first": (lambda: turned(">"), lambda: spread(grey()), 0),
    "JPEG in TIFF": (lambda: jpeg_inside(0), picture, 2.5),
    "JPEG in TIFF, 4:2:0": (lambda: jpeg_inside(2), picture, 3),
    "YCbCr TIFF": (luminance, picture, 1.5),
    "LAB TIFF": (lab, picture, 1),
    "1 bit PNG": (lambda: png(grey() > 128), lambda: spread(255 * (grey() > 128)), 0),
    "CMYK TIFF": (
        lambda: tiff(page(np.asarray(Image.fromarray(picture()).convert("CMYK")))),
        picture,
        0,
    ),
}
"""How it is stored -> the file, what it shows, and how far reading may be from that."""


@pytest.mark.parametrize("name", OPAQUE)
def test_picture_is_read_as_it_is_seen(name: str, tmp_path: Path) -> None:
    make, shown, tolerance = OPAQUE[name]
    read = frame(make(), tmp_path)
    assert distance(read.rgb, shown()) <= tolerance
    assert read.alpha is None


@pytest.mark.parametrize(
    ("data", "deeper"),
    [
        (png(picture().astype(np.uint16)), True),
        (deep(picture(), "<"), True),
        (deep(picture(), ">"), True),
        (deep(grey(), ">"), True),
        (twelve_bits(), True),
        (png(picture()), False),
        (tiff(page(picture())), False),
        (parts.jpeg(), False),
        (parts.saved(picture(), "BMP"), False),
    ],
)
def test_lost_bits_are_told(data: bytes, deeper: bool, tmp_path: Path) -> None:
    assert frame(data, tmp_path).warnings == ((FEWER_BITS,) if deeper else ())


def measured(kind: str, sample: int) -> bytes:
    values = grey().astype(f"<{kind}")
    return tiff(
        page(grey())
        | {BITS: [8 * values.itemsize], FORMAT: [sample], STRIP: values.tobytes()}
        | {SIZE: values.nbytes}
    )


@pytest.mark.parametrize(("kind", "sample"), [("f4", 3), ("i4", 2), ("i2", 2), ("u4", 1)])
def test_measured_values_are_refused(kind: str, sample: int, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"picture: holds measured values; save it with"):
        frame(measured(kind, sample), tmp_path)


# --- transparency -------------------------------------------------------------------------------


def keyed(pixels: NDArray[np.generic], *key: int) -> bytes:
    """A PNG in which one colour or grey is transparent."""
    return png(pixels, chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)))


def few_bits(bits: int, key: int) -> bytes:
    """A grey PNG of 2 or 4 bits with a transparent grey."""
    per_byte = 8 // bits
    levels = (grey() >> (8 - bits)).reshape(HEIGHT, -1, per_byte).astype(np.uint16)
    shifts = np.arange(per_byte - 1, -1, -1) * bits
    packed = (levels << shifts).sum(axis=2).astype(np.uint8)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in packed)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", header),
            chunk(b"tRNS", struct.pack(">H", key)),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def without(pixels: Pixels, alpha: Grey) -> Pixels:
    """The picture with nothing under what is transparent."""
    return np.where(alpha[..., None] > 0, pixels, 0).astype(np.uint8)


def opacity(hidden: NDArray[np.bool_]) -> Grey:
    return np.where(hidden, 0, 255).astype(np.uint8)


def flagged() -> Pixels:
    """The picture with a strip of one colour above."""
    pixels = picture()
    pixels[:20] = (10, 200, 30)
    return pixels


def scaled(bits: int) -> Pixels:
    return spread((grey() >> (8 - bits)) * (255 // (2**bits - 1)))


LEVEL = int(grey()[90, 120])
FLAG = (flagged() == (10, 200, 30)).all(axis=2)
RGBA = np.dstack([picture(), fading()])

TRANSPARENT: dict[str, tuple[bytes, Pixels, Grey]] = {
    "RGBA PNG": (png(RGBA), picture(), fading()),
    "16 bit RGBA PNG": (png(RGBA.astype(np.uint16) * 257), picture(), fading()),
    "16 bit LA PNG": (
        png(np.dstack([grey(), fading()]).astype(np.uint16) * 257),
        spread(grey()),
        fading(),
    ),
    "RGBA TIFF": (
        tiff(page(picture()) | {BITS: [8] * 4, SAMPLES: [4], EXTRA: [2], **strip(RGBA)}),
        picture(),
        fading(),
    ),
    "16 bit RGBA TIFF": (deep(RGBA, "<"), picture(), fading()),
    "16 bit RGBA TIFF, big end first": (deep(RGBA, ">"), picture(), fading()),
    "RGB key": (keyed(flagged(), 10, 200, 30), flagged(), opacity(FLAG)),
    "16 bit RGB key": (
        keyed(flagged().astype(np.uint16) * 257, 10 * 257, 200 * 257, 30 * 257),
        flagged(),
        opacity(FLAG),
    ),
    "grey key": (keyed(grey(), LEVEL), spread(grey()), opacity(grey() == LEVEL)),
    "16 bit grey key": (
        keyed(grey().astype(np.uint16) * 257, LEVEL * 257),
        spread(grey()),
        opacity(grey() == LEVEL),
    ),
    "1 bit, black is transparent": (
        keyed(grey() > 128, 0),
        spread(255 * (grey() > 128)),
        opacity(grey() <= 128),
    ),
    "1 bit, white is transparent": (
        keyed(grey() > 128, 1),
        spread(255 * (grey() > 128)),
        opacity(grey() > 128),
    ),
    "2 bit key": (few_bits(2, 2), scaled(2), opacity(grey() >> 6 == 2)),
    "4 bit key": (few_bits(4, 5), scaled(4), opacity(grey() >> 4 == 5)),
    "lossless WebP": (
        parts.saved(RGBA, "WEBP", lossless=True, exact=True),
        picture(),
        fading(),
    ),
}
"""How it is stored -> the file, what it shows, and how opaque it is."""


@pytest.mark.parametrize("name", TRANSPARENT)
def test_transparency_is_read_and_hides_nothing(name: str, tmp_path: Path) -> None:
    data, shown, alpha = TRANSPARENT[name]
    read = frame(data, tmp_path)
    assert read.alpha is not None
    assert distance(read.alpha, alpha) == 0
    assert distance(read.rgb, without(shown, alpha)) == 0


def test_premultiplied_colours_are_divided_again(tmp_path: Path) -> None:
    read = frame(premultiplied(), tmp_path)
    assert read.alpha is not None
    assert distance(read.alpha, fading()) == 0
    seen = fading() > 128
    assert distance(read.rgb[seen], picture()[seen]) < 1.5


def test_full_opacity_is_no_transparency(tmp_path: Path) -> None:
    assert frame(png(np.dstack([picture(), fading() | 255])), tmp_path).alpha is None


def translucent_bitmap(rgba: Pixels) -> bytes:
    """Four channels, told apart by masks in a header of 124 bytes (BITMAPV5HEADER)."""
    header = bytearray(124)
    header[:40] = info_header(32)
    header[:4] = struct.pack("<I", 124)
    header[16:24] = struct.pack("<II", 3, rgba.nbytes)
    header[40:56] = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    return bmp(bytes(header), b"", rgba[..., [2, 1, 0, 3]])


def test_kind_without_transparency_is_laid_on_white(tmp_path: Path) -> None:
    read = frame(translucent_bitmap(RGBA), tmp_path)
    white = Image.new("RGBA", (WIDTH, HEIGHT), "white")
    white.alpha_composite(Image.fromarray(RGBA))
    assert read.alpha is None
    assert np.abs(read.rgb.astype(int) - np.asarray(white)[..., :3]).max() <= 1
    assert read.warnings == (HIDDEN, FLATTENED)


def test_bitmap_without_a_visible_pixel_is_shown_whole(tmp_path: Path) -> None:
    read = frame(translucent_bitmap(np.dstack([picture(), 0 * fading()])), tmp_path)
    assert (read.rgb == picture()).all()
    assert read.warnings == ()


# --- colour profiles ----------------------------------------------------------------------------


def tone_profile() -> bytes:
    """A profile for grey whose numbers are amounts of light (ICC.1:2001-04)."""
    bodies = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"tone\0" + b"\0" * 78,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, 256),
    }
    return parts.profile_of(b"GRAY", bodies)


def embedded(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def converted(pixels: Pixels) -> Pixels:
    """From the wide profile of the tests to sRGB, as Pillow does it."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(parts.profile()))
    target = ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(Image.fromarray(pixels), source, target, outputMode="RGB")
    assert image is not None
    return np.asarray(image)


def brightened() -> Pixels:
    """The grey picture where its numbers were amounts of light (IEC 61966-2-1)."""
    light = grey() / 255
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return spread(np.rint(255 * shown))


def indices() -> tuple[Grey, bytes, Pixels]:
    """The picture with a palette: entries, colours, and what they show."""
    image = Image.fromarray(picture()).quantize(200)
    return (
        np.asarray(image),
        bytes(image.getpalette("RGB") or b"")[:600],
        np.asarray(image.convert("RGB")),
    )


WIDE, TONE = embedded(parts.profile()), embedded(tone_profile())
ENTRIES, COLORS, INDEXED = indices()
LIGHT = np.dstack([grey(), fading()])

PROFILED: dict[str, tuple[bytes, Pixels, Grey | None, float]] = {
    "RGB": (png(picture(), WIDE), converted(picture()), None, 0),
    "RGBA": (png(RGBA, WIDE), converted(picture()), fading(), 0),
    "palette": (
        png(ENTRIES, WIDE, chunk(b"PLTE", COLORS), colour=3),
        converted(INDEXED),
        None,
        0,
    ),
    "transparent palette": (
        png(
            ENTRIES,
            WIDE,
            chunk(b"PLTE", COLORS),
            chunk(b"tRNS", bytes(40) + b"\xff" * 160),
            colour=3,
        ),
        converted(INDEXED),
        opacity(ENTRIES < 40),
        0,
    ),
    "grey": (png(grey(), TONE), brightened(), None, 0.5),
    "16 bit grey": (png(grey().astype(np.uint16) * 257, TONE), brightened(), None, 0.5),
    "grey with alpha": (png(LIGHT, TONE), brightened(), fading(), 0.5),
    "grey key": (
        png(grey(), TONE, chunk(b"tRNS", struct.pack(">H", LEVEL))),
        brightened(),
        opacity(grey() == LEVEL),
        0.5,
    ),
    "1 bit": (png(grey() > 128, TONE), spread(255 * (grey() > 128)), None, 0),
    "YCbCr TIFF": (
        tiff(
            page(np.asarray(Image.fromarray(picture()).convert("YCbCr")))
            | {PHOTOMETRIC: [6], SUBSAMPLING: [1, 1], ICC: parts.profile()}
        ),
        converted(picture()),
        None,
        1.5,
    ),
    "lossless WebP": (
        parts.saved(picture(), "WEBP", lossless=True, icc_profile=parts.profile()),
        converted(picture()),
        None,
        0,
    ),
}
"""What has a profile -> the file, what it shows, how opaque, and how far reading may be off."""


@pytest.mark.parametrize("name", PROFILED)
def test_profile_is_followed(name: str, tmp_path: Path) -> None:
    data, shown, alpha, tolerance = PROFILED[name]
    read = frame(data, tmp_path)
    if alpha is None:
        assert read.alpha is None
        assert distance(read.rgb, shown) <= tolerance
    else:
        assert read.alpha is not None
        assert distance(read.alpha, alpha) == 0
        assert distance(read.rgb, without(shown, alpha)) <= tolerance
    assert PROFILE_IGNORED not in read.warnings


@pytest.mark.parametrize(
    "profile", [b"no profile", parts.profile()[:200], tone_profile()], ids=["word", "cut", "grey"]
)
def test_profile_that_does_not_fit_is_told(profile: bytes, tmp_path: Path) -> None:
    read = frame(png(picture(), embedded(profile)), tmp_path)
    assert distance(read.rgb, picture()) == 0
    assert read.warnings == (PROFILE_IGNORED,)


# --- upright and small --------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(10))
def test_every_orientation_is_turned_upright(number: int, tmp_path: Path) -> None:
    stored = {
        2: np.fliplr,
        3: lambda pixels: np.rot90(pixels, 2),
        4: np.flipud,
        5: lambda pixels: np.transpose(pixels, (1, 0, 2)),
        6: np.rot90,
        7: lambda pixels: np.rot90(np.transpose(pixels, (1, 0, 2)), 2),
        8: lambda pixels: np.rot90(pixels, 3),
    }.get(number, np.asarray)(picture())
    data = png(stored.copy(), chunk(b"eXIf", parts.exif(orientation=number)[6:]))
    assert distance(frame(data, tmp_path).rgb, picture()) == 0


@pytest.mark.parametrize("block", [b"", b"II", b"MM\0*\0\0\xff\xff", parts.exif(6)[6:40]])
def test_broken_exif_turns_nothing(block: bytes, tmp_path: Path) -> None:
    assert distance(frame(png(picture(), chunk(b"eXIf", block)), tmp_path).rgb, picture()) == 0


@pytest.mark.parametrize("max_side", [16, 100, 239])
@pytest.mark.parametrize(
    "data",
    [png(picture()), parts.jpeg(), lab(), png(grey() > 128), tiff(page(grey()))],
    ids=["png", "jpeg", "lab", "1 bit", "grey tiff"],
)
def test_picture_is_shrunk_to_the_long_side(data: bytes, max_side: int, tmp_path: Path) -> None:
    whole = Image.fromarray(frame(data, tmp_path).rgb)
    size = (max_side, round(HEIGHT * max_side / WIDTH))
    small = frame(data, tmp_path, max_side).rgb
    assert distance(small, np.asarray(whole.resize(size, Image.Resampling.LANCZOS))) < 6


@pytest.mark.parametrize("max_side", [240, 241, 5000])
def test_nothing_is_enlarged(max_side: int, tmp_path: Path) -> None:
    assert distance(frame(png(picture()), tmp_path, max_side).rgb, picture()) == 0


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (3, 399)])
def test_thin_picture_keeps_a_pixel(shape: tuple[int, int], tmp_path: Path) -> None:
    shown = frame(png(np.full((*shape, 3), 90, np.uint8)), tmp_path, 16).rgb
    assert max(shown.shape[:2]) == 16
    assert min(shown.shape[:2]) == 1


def test_transparent_colour_does_not_bleed_when_shrunk(tmp_path: Path) -> None:
    """White that nobody sees must not brighten the edge of what is seen."""
    four = np.zeros((64, 64, 4), np.uint8)
    four[:, 32:, :3] = 255
    four[:, :31] = (10, 20, 30, 255)
    read = frame(png(four), tmp_path, 32)
    assert read.alpha is not None
    assert read.rgb[read.alpha > 8].max() <= 40


# --- back into a file ---------------------------------------------------------------------------

rows = st.integers(1, 12)
levels = st.integers(0, 2**32).map(np.random.default_rng)


@settings(max_examples=60)
@given(rows, rows, levels, st.booleans(), st.booleans())
def test_encoded_picture_is_the_same(
    height: int, width: int, chance: np.random.Generator, colored: bool, opaque: bool
) -> None:
    rgb = chance.integers(0, 256, (height, width, 3 if colored else 1), np.uint8)
    rgb = rgb if colored else np.repeat(rgb, 3, axis=2)
    alpha = None if opaque else chance.integers(0, 256, (height, width), np.uint8)
    image = encode(rgb, alpha)
    assert image.info == {}
    four = np.asarray(image.convert("RGBA"))
    assert (four[..., :3] == rgb).all()
    assert (four[..., 3] == (255 if alpha is None else alpha)).all()


def test_grey_is_encoded_as_grey_unless_transparent() -> None:
    assert encode(spread(grey()), None).mode == "L"
    assert encode(spread(grey()), fading()).mode == "RGBA"
    assert encode(picture(), None).mode == "RGB"


@settings(max_examples=60)
@given(st.integers(1, 20), st.integers(1, 20), levels, st.booleans())
def test_palette_keeps_few_colours_and_what_is_hidden(
    height: int, width: int, chance: np.random.Generator, opaque: bool
) -> None:
    colors = chance.integers(0, 256, (40, 3), np.uint8)
    rgb = colors[chance.integers(0, 40, (height, width))]
    alpha = None if opaque else opacity(chance.random((height, width)) < 0.5)
    image = indexed(rgb, alpha)
    entries = np.asarray(image)
    shown = entries != KEY
    assert (shown == (True if alpha is None else alpha > 0)).all()
    assert (np.asarray(image.convert("RGB"))[shown] == rgb[shown]).all()


def test_hidden_pixels_take_no_place_in_the_palette() -> None:
    rgb = np.arange(1, KEY + 1, dtype=np.uint8)[None, :, None] * np.ones((2, 1, 3), np.uint8)
    rgb[1] = 0
    shown = indexed(rgb, opacity(rgb[..., 0] == 0)).convert("RGB")
    assert (np.asarray(shown)[0] == rgb[0]).all()


def test_no_other_entry_has_the_colour_of_the_transparent_one() -> None:
    rgb = np.tile(np.array(KEY_COLOR, np.uint8), (8, 8, 1))
    palette = indexed(rgb, None).getpalette("RGB") or []
    colors = [tuple(palette[start : start + 3]) for start in range(0, len(palette), 3)]
    assert [number for number, color in enumerate(colors) if color == KEY_COLOR] == [KEY]


def test_key_is_given_once() -> None:
    once = with_key(encode(picture(), None))
    assert once.mode == "P"
    assert with_key(once) is once


@settings(max_examples=80)
@given(st.data())
def test_cut_exotic_file_is_refused_or_read(data: st.DataObject) -> None:
    """Only errors of ours come out, wherever the file ends."""
    whole = data.draw(st.sampled_from([value[0] for value in PROFILED.values()]))
    end = data.draw(st.integers(0, len(whole) - 1))
    with TemporaryDirectory() as folder:
        error = complaint(whole[:end], Path(folder))
        assert error is None or error.path == Path(folder, "picture")
