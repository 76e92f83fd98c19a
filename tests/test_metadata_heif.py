"""HEIC and AVIF: every picture, note and box is listed in plain words and judged."""

from __future__ import annotations

import functools
import io
import struct

import pillow_heif
import pytest
from PIL import Image

from scrub.metadata import Entry, entries, judge
from scrub.metadata.boxes import first
from scrub.metadata.items import album
from tests import dirty_iso
from tests.dirty_heif import HEIF, box, samsung_trailer
from tests.test_metadata_jpeg import XMP, exif, profile
from tests.test_metadata_jpeg import picture as jpeg

pillow_heif.register_heif_opener()
FORMATS = {"heic": "HEIF", "avif": "AVIF"}


@functools.cache
def picture(kind: str = "heic", mode: str = "RGB", **options: object) -> bytes:
    """A clean picture with something in it."""
    buffer = io.BytesIO()
    shown = Image.radial_gradient("L").resize((48, 40)).convert(mode)
    if mode == "RGBA":
        shown.putalpha(Image.linear_gradient("L").resize(shown.size))
    shown.save(buffer, FORMATS[kind], **options)
    return buffer.getvalue()


def dirty(kind: str = "heic") -> bytes:
    """Most of the channels at once."""
    carried = picture(kind, exif=exif(), xmp=XMP, icc_profile=profile())
    own = box(b"uuid", bytes(16) + b"CANARY-uuid-1") + box(b"free", b"CANARY-free-1")
    return carried + own + box(b"mpvd", b"CANARY-motion-1")


def nameless(data: bytes) -> bytes:
    """An animation without the times and the name that libavif puts into it."""
    changed = bytearray(data.replace(b"\x0aAOM Coding", bytes(11)))
    for name in (b"mvhd", b"tkhd", b"mdhd"):
        at = changed.find(name)
        while at >= 0:
            changed[at + 8 : at + 24] = bytes(16)
            at = changed.find(name, at + 4)
    return bytes(changed)


def animation(mode: str = "RGB") -> bytes:
    frames = [Image.radial_gradient("L").rotate(turn).resize((48, 40)) for turn in (0, 30, 60)]
    shown = [frame.convert(mode) for frame in frames]
    if mode == "RGBA":
        for frame in shown:
            frame.putalpha(Image.linear_gradient("L").resize(frame.size))
    buffer = io.BytesIO()
    shown[0].save(buffer, "AVIF", save_all=True, append_images=shown[1:], duration=[40, 60, 80])
    return buffer.getvalue()


def told(kind: str, data: bytes) -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in judge(kind, entries(kind, data))}


def total(found: tuple[Entry, ...]) -> int:
    return sum(entry.size for entry in found if " / " not in entry.place)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (63, 64), (65, 67), (101, 80)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", FORMATS)
def test_every_size_is_clean(kind: str, mode: str, size: tuple[int, int]) -> None:
    for options in ({}, {"quality": 92}):
        buffer = io.BytesIO()
        Image.radial_gradient("L").resize(size).convert(mode).save(buffer, FORMATS[kind], **options)
        found = entries(kind, buffer.getvalue())
        assert judge(kind, found) == ()
        assert total(found) == len(buffer.getvalue())


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_animation_is_clean_but_for_its_times_and_encoder(mode: str) -> None:
    data = animation(mode)
    found = told("avif", data)
    assert {what for what, _ in found} >= {"time taken", "time changed"}
    assert ("software (compressor's name)", "AOM Coding") in found
    found = entries("avif", nameless(data))
    assert judge("avif", found) == ()
    assert total(found) == len(data)


CHANNELS = {
    "EXIF": ("heic", dirty, "EXIF", ""),
    "position": ("heic", dirty, "GPS position", "10.000000, 20.000000"),
    "serial": ("heic", dirty, "camera serial number", "CANARY-serial-1"),
    "XMP": ("heic", dirty, "author's name", "CANARY-xmp-1"),
    "profile": ("heic", dirty, "colour profile", ""),
    "uuid": ("heic", dirty, "an application's data", "CANARY-uuid-1"),
    "free": ("heic", dirty, "bytes in the free space", "CANARY-free-1"),
    "motion": ("heic", dirty, "motion video after the picture", "CANARY-motion-1"),
    "AVIF position": ("avif", lambda: dirty("avif"), "GPS position", "10.000000, 20.000000"),
    "AVIF XMP": ("avif", lambda: dirty("avif"), "author's name", "CANARY-xmp-1"),
    "second picture": ("heic", HEIF["heic-second-picture"], "second picture", "96 x 128"),
    "motion after": ("heic", HEIF["heic-motion-after"], "motion video after the picture", ""),
    "Samsung": ("heic", HEIF["heic-samsung"], "Samsung trailer", ""),
    "trailer": ("avif", HEIF["avif-trailer"], "second picture after the picture", "64 x 64"),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_channel_is_listed_and_judged(channel: str) -> None:
    kind, make, what, value = CHANNELS[channel]
    data = make()
    assert (what, value) in told(kind, data)
    assert total(entries(kind, data)) == len(data)


# --- items ----------------------------------------------------------------------------------------


def heif(
    *others: tuple[str, bytes],
    links: tuple[tuple[str, int, int], ...] = (),
    properties: tuple[bytes, ...] = (),
    gap: bytes = b"",
    extra: bytes = b"",
) -> bytes:
    """A HEIC put together from a real picture and other items, numbered from 2 on.

    ``links`` are (kind, from, to); item 2 has all ``properties``; ``gap`` lies between the
    items' data, and ``extra`` in the box of all boxes.
    """
    whole = picture()
    at = whole.index(b"iprp") - 4
    found = whole.index(b"hvcC") - 4
    hvcc = whole[found : found + int.from_bytes(whole[found : found + 4], "big")]
    pixels = whole[whole.index(b"mdat") + 4 :]
    items = [("hvc1", pixels), *others]
    known = [box(b"ispe", struct.pack(">III", 0, 48, 40)), hvcc, *properties]
    rows = b"".join(
        struct.pack(">HB", key, len(of)) + bytes(of)
        for key, of in enumerate([(1, 2), (1, 2, *range(3, 3 + len(properties)))], 1)
        if key == 1 or others
    )
    ipma = box(b"ipma", struct.pack(">II", 0, 2 if others else 1) + rows)
    iprp = box(b"iprp", box(b"ipco", b"".join(known)) + ipma)
    infe = b"".join(
        box(b"infe", struct.pack(">BxxxHH", 2, key, 0) + name.encode() + b"\0application/rdf+xml\0")
        if name == "mime"
        else box(b"infe", struct.pack(">BxxxHH", 2, key, 0) + name.encode() + b"\0")
        for key, (name, _) in enumerate(items, 1)
    )
    iinf = box(b"iinf", struct.pack(">IH", 0, len(items)) + infe)
    iref = box(
        b"iref",
        bytes(4)
        + b"".join(box(name.encode(), struct.pack(">HHH", of, 1, to)) for name, of, to in links),
    )
    hdlr = whole[40:73]
    head = hdlr + box(b"pitm", struct.pack(">IH", 0, 1)) + iinf + iprp + extra
    head += iref if links else b""
    ftyp = whole[:28] if at else b""
    size = len(ftyp) + 12 + len(head) + 16 + 18 * len(items)
    places, start = b"", size + 8
    for key, (_, body) in enumerate(items, 1):
        places += struct.pack(">HHIHII", key, 0, 0, 1, start, len(body))
        start += len(body) + len(gap)
    iloc = box(b"iloc", bytes(4) + b"\x44\x40" + struct.pack(">H", len(items)) + places)
    meta = box(b"meta", bytes(4) + head + iloc)
    return ftyp + meta + box(b"mdat", gap.join(body for _, body in items) + gap)


def aux(kind: str) -> bytes:
    return box(b"auxC", bytes(4) + kind.encode() + b"\0")


PIXELS = b"\0\0\0\4\x28\1\2\3"


def test_what_these_tests_build_is_clean() -> None:
    assert judge("heic", entries("heic", heif())) == ()


@pytest.mark.parametrize(
    ("kind", "properties", "what"),
    [
        ("thmb", (), "uncovered thumbnail"),
        ("auxl", (aux("urn:mpeg:hevc:2015:auxid:2"),), "depth map"),
        ("auxl", (aux("urn:com:apple:photo:2020:aux:hdrgainmap"),), "gain map"),
        ("auxl", (aux("urn:com:apple:photo:2018:aux:portraiteffectsmatte"),), "mask of persons"),
        ("auxl", (aux("urn:example:other"),), "auxiliary picture"),
        ("base", (), "second picture"),
    ],
)
def test_further_pictures_are_named(kind: str, properties: tuple[bytes, ...], what: str) -> None:
    data = heif(("hvc1", PIXELS), links=((kind, 2, 1),), properties=properties)
    assert (what, "48 x 40") in told("heic", data)


def test_the_gain_map_of_a_tone_map_is_named() -> None:
    links = (("dimg", 3, 1), ("dimg", 3, 2))
    data = heif(("hvc1", PIXELS), ("tmap", b"\0"), links=links)
    assert ("gain map", "48 x 40") in told("heic", data)


def test_transparency_of_the_picture_may_stay() -> None:
    alpha = aux("urn:mpeg:hevc:2015:auxid:1")
    mine = heif(("hvc1", PIXELS), links=(("auxl", 2, 1),), properties=(alpha,))
    other = heif(("hvc1", PIXELS), links=(("auxl", 2, 3),), properties=(alpha,))
    assert judge("heic", entries("heic", mine)) == ()
    assert ("transparency of another picture", "48 x 40") in told("heic", other)


def test_bytes_between_the_items_are_judged() -> None:
    assert ("bytes that nothing refers to", "CANARY-gap-1") in told(
        "heic", heif(gap=b"CANARY-gap-1")
    )
    hidden = heif(extra=box(b"idat", b"CANARY-idat-1"))
    assert ("bytes that nothing refers to", "CANARY-idat-1") in told("heic", hidden)


def test_items_outside_the_file_are_judged() -> None:
    data = bytearray(heif(("Exif", b"\0\0\0\0" + exif()[6:])))
    at = data.index(b"iloc") + 12 + 18 + 10
    data[at : at + 4] = b"\x7f\xff\xff\xff"
    assert "picture or note outside the file" in {what for what, _ in told("heic", bytes(data))}


def test_pixels_outside_a_cut_out_are_judged() -> None:
    clap = box(b"clap", struct.pack(">8i", 10, 1, 40, 1, -38, 2, 0, 2))
    data = heif(("hvc1", PIXELS), links=(("thmb", 2, 1),), properties=(clap,))
    assert ("pixels outside the cut-out", "") not in told("heic", data)  # 48 x 40 is padding
    wide = data.replace(struct.pack(">III", 0, 48, 40), struct.pack(">III", 0, 480, 40))
    assert ("pixels outside the cut-out", "") in told("heic", wide)


def test_a_property_of_no_picture_is_judged() -> None:
    data = heif(properties=(box(b"pixi", b"\0\0\0\0\1\x08"),))
    assert ("data that no decoder uses", "") in told("heic", data)


def test_settings_of_the_encoder_are_found_in_the_pixels() -> None:
    note = b"\x4e\1\5\x14" + bytes(16) + b"x265\x80"
    pixels = PIXELS + struct.pack(">I", len(note)) + note
    data = heif(("hvc1", pixels), links=(("thmb", 2, 1),))
    assert ("software and settings of the encoder", "") not in told("heic", data)
    note = b"\x4e\1\5\x18" + bytes(16) + b"x265 160\x80"
    data = heif(("hvc1", PIXELS + struct.pack(">I", len(note)) + note), links=(("thmb", 2, 1),))
    assert ("software and settings of the encoder", "x265 160") in told("heic", data)


def test_notes_of_items_are_read() -> None:
    data = heif(("mime", XMP), ("CANA", b"CANARY-own-1"))
    assert ("author's name", "CANARY-xmp-1") in told("heic", data)
    assert ("note", "CANARY-own-1") in told("heic", data)


def test_trailers_are_told_apart() -> None:
    assert ("Samsung trailer", "") in told("avif", picture("avif") + samsung_trailer())
    assert ("bytes after the picture", "CANARY-tail-1") in told(
        "heic", picture() + b"CANARY-tail-1"
    )
    found = judge("heic", entries("heic", picture() + jpeg()))
    assert [entry.what for entry in found] == ["second picture after the picture"]


def test_a_second_description_is_judged() -> None:
    data = picture()
    meta = data[28 : 28 + int.from_bytes(data[28:32], "big")]
    assert "more than one meta" in {what for what, _ in told("heic", data + meta)}


def test_places_without_end_are_not_followed() -> None:
    data = bytearray(heif())
    at = data.index(b"iloc") - 4
    empty = struct.pack(">HHH", 1, 0, 0xFFFF) * 4000  # an item of 65535 places of no bytes
    body = bytes(6) + struct.pack(">H", 4000) + empty
    data[at : at + 34] = box(b"iloc", body)
    at = data.index(b"meta") - 4
    grown = int.from_bytes(data[at : at + 4], "big") + len(body) + 8 - 34
    data[at : at + 4] = struct.pack(">I", grown)
    assert ("picture or note outside the file", "") in told("heic", bytes(data))


def test_many_links_are_looked_up_and_not_searched() -> None:
    links = tuple(("thmb", 2 + at % 500, 1) for at in range(20_000))
    data = heif(*[("hvc1", PIXELS)] * 500, links=links)
    assert ("uncovered thumbnail", "48 x 40") in told("heic", data)


def test_equal_tiles_that_are_stored_once_do_not_hide_what_follows() -> None:
    """Some encoders write the bytes of equal tiles once; here each is all of them together."""
    data = dirty_iso.heic_grid()
    view = memoryview(data)
    meta = first(view, 0, len(view), "meta")
    assert meta is not None
    tiles = [item.extents[0] for item in album(view, meta).items.values() if item.kind == "hvc1"]
    # Where its only part lies: a base, the number of parts, and where in it and how long.
    rows = [struct.pack(">IHII", start, 1, 0, end - start) for start, end in tiles]
    whole = struct.pack(">IHII", tiles[0][0], 1, 0, tiles[-1][1] - tiles[0][0])
    equal = functools.reduce(lambda file, row: file.replace(row, whole), rows, data)
    words = {what for what, _ in told("heic", equal)}
    assert "GPS position" in words
    assert "pictures overlap" not in words
