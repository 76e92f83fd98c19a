"""What holds for every container: clean files pass, every byte counts, nothing raises."""

from __future__ import annotations

import functools
import io
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scrub.metadata import READERS, Entry, entries, judge
from scrub.metadata.allowed import ALLOWED
from tests import test_metadata_avi as avi
from tests import test_metadata_bmp as bmp
from tests import test_metadata_gif as gif
from tests import test_metadata_heif as heif
from tests import test_metadata_jpeg as jpeg
from tests import test_metadata_jpeg2000 as jpeg2000
from tests import test_metadata_matroska as matroska
from tests import test_metadata_mp4 as mp4
from tests import test_metadata_png as png
from tests import test_metadata_tiff as tiff
from tests import test_metadata_webp as webp
from tests.dirty_video import video

DIRTY = {
    "jpeg": jpeg.dirty(),
    "png": png.dirty(),
    "webp": webp.dirty(),
    "bmp": bmp.dirty(),
    "tiff": tiff.dirty(),
    "gif": gif.dirty(),
    "heic": heif.dirty("heic"),
    "avif": heif.dirty("avif"),
    "mp4": mp4.dirty(),
    "webm": matroska.dirty(),
    "mkv": matroska.dirty(),
    "avi": avi.dirty(),
    "jpeg2000": jpeg2000.dirty(),
}
SEQUENTIAL = sorted(set(READERS) - {"tiff"})
"""The containers whose parts follow one another, whatever their bytes."""

SEVERAL = {"save_all": True, "duration": 40}
WRITTEN: dict[str, tuple[tuple[str, ...], tuple[dict[str, object], ...]]] = {
    "jpeg": (
        ("L", "RGB"),
        (
            {},
            {"quality": 92, "subsampling": "4:2:0", "optimize": True},
            {"progressive": True},
            {"restart_marker_blocks": 2},
        ),
    ),
    "png": (("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), ({}, SEVERAL, SEVERAL | {"loop": 0})),
    "webp": (("RGB", "RGBA"), ({}, {"lossless": True}, SEVERAL, SEVERAL | {"lossless": True})),
    "bmp": (("1", "L", "P", "RGB", "RGBA"), ({},)),
    "tiff": (
        ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
        tuple(
            {"compression": compression, "save_all": several}
            for compression in ("raw", "tiff_adobe_deflate", "tiff_lzw")
            for several in (False, True)
        ),
    ),
    "gif": (("1", "L", "P", "RGB", "RGBA"), ({}, SEVERAL, SEVERAL | {"loop": 3, "disposal": 2})),
    "heic": (("L", "RGB", "RGBA"), ({}, {"quality": 92})),
    "avif": (("L", "RGB", "RGBA"), ({}, {"quality": 92, "speed": 10})),
    "mp4": (("RGB",), ({}, {"sound": True})),
    "webm": (("RGB",), ({}, {"sound": True})),
}
VIDEOS = {"mp4", "webm", "mkv", "avi"}
"""The kinds that PyAV writes, whatever the mode and the size."""

PILLOW = {"heic": "HEIF"}
"""What Pillow calls a kind where its name is another."""

CLEAN = [
    pytest.param(kind, mode, options, id=f"{kind}-{mode}-{index}")
    for kind, (modes, variants) in WRITTEN.items()
    for mode in modes
    for index, options in enumerate(variants)
    if not (mode == "I;16" and "duration" in options)
]


def image(mode: str, size: tuple[int, int], turn: int = 0) -> Image.Image:
    """A picture with some detail and, where there can be one, a transparency."""
    grey = Image.radial_gradient("L").rotate(turn).resize(size)
    if mode == "I;16":
        return grey.convert("I").convert("I;16")
    picture = grey.convert(mode)
    if mode in ("LA", "RGBA"):
        picture.putalpha(Image.linear_gradient("L").resize(size))
    return picture


def written(
    kind: str, mode: str, options: dict[str, object], size: tuple[int, int] = (53, 37)
) -> bytes:
    """A picture of pixels only, as Pillow writes it, or a video, as PyAV does."""
    if kind in VIDEOS:
        return video(kind, **options)
    rest = [image(mode, size, 30), image(mode, size, 60)] if options.get("save_all") else []
    buffer = io.BytesIO()
    image(mode, size).save(buffer, PILLOW.get(kind, kind.upper()), append_images=rest, **options)
    return buffer.getvalue()


def total(found: tuple[Entry, ...]) -> int:
    """Bytes of the entries that are not part of another."""
    return sum(entry.size for entry in found if " / " not in entry.place)


def test_every_reader_has_its_allow_list() -> None:
    assert READERS.keys() == ALLOWED.keys()


@pytest.mark.parametrize(("kind", "mode", "options"), CLEAN)
def test_what_pillow_writes_is_clean_and_accounted_for(
    kind: str, mode: str, options: dict[str, object]
) -> None:
    data = written(kind, mode, options)
    found = entries(kind, data)
    assert judge(kind, found) == ()
    assert total(found) == len(data)


@given(
    st.sampled_from([param.values for param in CLEAN]),
    st.integers(1, 90),
    st.integers(1, 90),
)
def test_every_size_is_clean_and_accounted_for(
    case: tuple[str, str, dict[str, object]], width: int, height: int
) -> None:
    kind, mode, options = case
    data = written(kind, mode, options, (width, height))
    found = entries(kind, data)
    assert judge(kind, found) == ()
    assert total(found) == len(data)


@pytest.mark.parametrize("kind", READERS)
def test_an_empty_file_is_broken(kind: str) -> None:
    assert [entry.place for entry in judge(kind, entries(kind, b""))] == ["broken"]


@pytest.mark.parametrize("kind", READERS)
def test_every_canary_of_a_dirty_file_is_listed(kind: str) -> None:
    data = DIRTY[kind]
    shown = " ".join(entry.value for entry in entries(kind, data))
    canaries = set(re.findall(rb"CANARY-[a-z]+-\d", data))
    assert canaries
    assert [name for name in canaries if name.decode() not in shown] == []


@pytest.mark.parametrize("kind", READERS)
def test_cut_files_are_judged(kind: str) -> None:
    clean = written(kind, "L", {})
    for data in (clean, DIRTY[kind]):
        for end in range(0, len(data), 37):
            found = entries(kind, data[:end])
            assert judge(kind, found) != ()
            assert kind not in SEQUENTIAL or total(found) == end
            assert all(entry.size >= 0 for entry in found)


@settings(max_examples=500)
@given(st.sampled_from(sorted(READERS)), st.data())
def test_damage_never_raises(kind: str, data: st.DataObject) -> None:
    changed = bytearray(DIRTY[kind])
    edits = st.tuples(st.integers(0, len(changed)), st.integers(0, 9), st.binary(max_size=9))
    for at, length, new in data.draw(st.lists(edits, min_size=1, max_size=6)):
        changed[at : at + length] = new
    found = entries(kind, bytes(changed))
    judge(kind, found)
    assert kind not in SEQUENTIAL or total(found) == len(changed)
    assert all(entry.size >= 0 and len(entry.payload) <= 1 << 16 for entry in found)
    assert all(entry.value.isprintable() and len(entry.value) <= 200 for entry in found)


BEGINNINGS = (
    b"",
    b"\xff\xd8",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\xff\0\0\0WEBP",
    b"BM" + bytes(8) + b"\x36\0\0\0\x28\0\0\0",
    b"GIF89a\1\0\1\0\x80\0\0",
    b"II*\0\x08\0\0\0",
    b"MM\0+\0\x08\0\0",
    b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff",
    b"RIFF\xff\0\0\0AVI LIST\xf0\0\0\0movi",
    b"\0\0\0\x10ftypheic\0\0\0\0",
    b"\0\0\0\x10ftypmif1\0\0\0\0\0\0\0\x0emeta\0\0\0\0",
)


@settings(max_examples=500)
@given(st.sampled_from(sorted(READERS)), st.sampled_from(BEGINNINGS), st.binary(max_size=300))
def test_noise_never_raises(kind: str, beginning: bytes, noise: bytes) -> None:
    found = entries(kind, beginning + noise)
    judge(kind, found)
    assert kind not in SEQUENTIAL or total(found) == len(beginning + noise)


@functools.cache
def seams(kind: str) -> tuple[int, ...]:
    """Offsets between the parts of a clean file, but not beside its coded pixels.

    Bytes put next to those of a JPEG or a GIF may be taken for pixels, and show.
    """
    found = [e for e in entries(kind, written(kind, "RGB", {})) if " / " not in e.place]
    pixels = ("scan data", "pixels") if kind in ("jpeg", "gif") else ()
    ends = itertools.accumulate(entry.size for entry in found)
    pairs = itertools.pairwise([*found, Entry("end", "", 0)])
    return tuple(
        end
        for end, (one, two) in zip(ends, pairs, strict=True)
        if one.place not in pixels and two.place not in pixels
    )


@settings(max_examples=200)
@given(st.sampled_from(SEQUENTIAL), st.data())
def test_bytes_between_the_parts_are_judged(kind: str, data: st.DataObject) -> None:
    clean = written(kind, "RGB", {})
    at = data.draw(st.sampled_from(seams(kind)))
    extra = data.draw(st.binary(min_size=1, max_size=40))
    assert judge(kind, entries(kind, clean[:at] + extra + clean[at:])) != ()


@given(st.data())
def test_bytes_between_the_parts_of_a_tiff_are_judged(data: st.DataObject) -> None:
    clean = written("tiff", "RGB", {"compression": "tiff_adobe_deflate"})
    extra = data.draw(st.binary(min_size=1, max_size=40).filter(any))
    at = data.draw(st.sampled_from([8, int.from_bytes(clean[4:8], "little"), len(clean)]))
    assert judge("tiff", entries("tiff", clean[:at] + extra + clean[at:])) != ()


def test_endless_parts_are_cut_off() -> None:
    flood = gif.picture()[:-1] + b"!\xfe\0" * 120_000 + b";"
    found = entries("gif", flood)
    assert len(found) == 100_001
    assert found[-1].what == "too many parts to list"
    assert total(found) == len(flood)
