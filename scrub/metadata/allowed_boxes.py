"""What clean HEIC, AVIF and MP4 files may carry: what libheif, libavif and FFmpeg write.

A pattern is a box's content in hexadecimal digits; a dot is any digit.
"""

from __future__ import annotations

from collections.abc import Mapping

from scrub.metadata.coded import exact
from scrub.metadata.entry import Entry
from scrub.metadata.rules import Test, always, matches

_HEADER, _MOST_SETTINGS = 8, 512


def _table(*rows: int, head: str = "00000000", count: int = 4) -> Test:
    """A head, the number of rows in ``count`` bytes, and rows of one of these sizes."""
    start = len(head) // 2

    def test(entry: Entry) -> bool:
        number = int.from_bytes(entry.payload[start : start + count], "big")
        room = entry.size - _HEADER - start - count
        return entry.payload.hex().startswith(head) and room in {number * row for row in rows}

    return test


def _sizes(entry: Entry) -> bool:
    """All samples of one size, or a row for each (14496-12 8.7.3)."""
    one = any(entry.payload[4:8])
    number = 0 if one else int.from_bytes(entry.payload[8:12], "big")
    return not any(entry.payload[:4]) and entry.size == _HEADER + 12 + 4 * number


def _associations(entry: Entry) -> bool:
    """One byte a property, and nothing behind the last item (23008-12 9.3)."""
    body = entry.payload
    at = 8
    for _ in range(int.from_bytes(body[4:8], "big")):
        if at + 3 > len(body):
            return False
        at += 3 + body[at + 2]
    return not any(body[:4]) and at == len(body)


def _exactly(codec: str) -> Test:
    return lambda entry: entry.size <= _MOST_SETTINGS and exact(codec, entry.payload)


_URN_ALPHA = (b"\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0").hex()
_HEVC_ALPHA = (b"\0\0\0\0urn:mpeg:hevc:2015:auxid:1\0").hex()
_UNITY = "00010000" + "00" * 12 + "00010000" + "00" * 12 + "40000000"
# Version, flags and dates, all zero but for the version: dates are entries of their own.
_DATED = ("00000000.{16}", "01000000.{32}")


def _handler(kind: bytes, name: bytes = b"") -> str:
    return ("00" * 8) + kind.hex() + "00" * 12 + name.hex() + "00"


def _picture_box(items: str, *handlers: str) -> Mapping[str, Test]:
    """The "meta" box of a picture whose list has these items."""
    return {
        "meta": lambda entry: not any(entry.payload[:4]),
        "meta / hdlr": matches(_handler(b"pict")),
        "meta / pitm": matches("00000000 ...."),
        "meta / iinf": lambda entry: not any(entry.payload[:4]),
        "meta / iinf / infe": matches(f"02000000 .... 0000 ({items}) 00"),
        "meta / iref": lambda entry: not any(entry.payload[:4]),
        "meta / iref / auxl": matches(".... 0001 ...."),
        "meta / iprp": always,
        "meta / iprp / ipco": always,
        "meta / iprp / ipco / ispe": matches("00000000 .{16}"),
        "meta / iprp / ipco / pixi": matches("00000000 0108", "00000000 03080808"),
        "meta / iprp / ipco / colr": matches(_NCLX),
        "meta / iprp / ipma": _associations,
        "meta / item pixels": always,
        "meta / item transparency": always,
        "mdat": always,
    }


_NCLX = b"nclx".hex() + ".{14}"
_MIF1, _MIAF, _MA1 = b"mif1".hex(), b"miaf".hex(), b"MA1".hex()

HEIC: Mapping[str, Test] = {
    **_picture_box(b"hvc1".hex()),
    "ftyp": matches(
        *(f"{x} 00000000 {_MIF1} {x} ({_MIAF})?" for x in (b"heic".hex(), b"heix".hex()))
    ),
    "meta / iloc": _table(18, head="000000004440", count=2),
    "meta / iprp / ipco / hvcC": _exactly("hvc1"),
    "meta / iprp / ipco / auxC": matches(_HEVC_ALPHA),
    # Sides are padded to even numbers; the reader tells of pixels that are cut off besides.
    "meta / iprp / ipco / clap": matches("(.{8} 00000001){2} (.{8} 00000002){2}"),
}


def _movie(*handlers: str) -> Mapping[str, Test]:
    """The "moov" box of tracks with these handlers."""
    table = "moov / trak / mdia / minf / stbl"
    return {
        "moov": always,
        "moov / mvhd": matches(
            *(
                f"{dated} .{{8}} .{{{digits}}} 00010000 0100 {'00' * 10} {_UNITY}"
                f" {'00' * 24} .{{8}}"
                for dated, digits in zip(_DATED, (8, 16), strict=True)
            )
        ),
        "moov / trak": always,
        "moov / trak / tkhd": matches(
            *(
                f"{version}00000[13] .{{{dates}}} .{{8}} 00000000 .{{{digits}}} {'00' * 8} 0000"
                f" 000[01] 0[01]00 0000 {_UNITY} .{{16}}"
                for version, dates, digits in (("00", 16, 8), ("01", 32, 16))
            )
        ),
        "moov / trak / mdia": always,
        "moov / trak / mdia / mdhd": matches(
            f"{_DATED[0]} .{{16}} 55c40000", f"{_DATED[1]} .{{24}} 55c40000"
        ),
        "moov / trak / mdia / hdlr": matches(*handlers),
        "moov / trak / mdia / minf": always,
        "moov / trak / mdia / minf / vmhd": matches("00000001 0000000000000000"),
        "moov / trak / mdia / minf / dinf": always,
        "moov / trak / mdia / minf / dinf / dref": matches("00000000 00000001 .{24}"),
        "moov / trak / mdia / minf / dinf / dref / url ": matches("00000001"),
        table: always,
        f"{table} / stsd": lambda entry: entry.payload[:8] == b"\0\0\0\0\0\0\0\1",
        f"{table} / stts": _table(8),
        f"{table} / stsc": _table(12),
        f"{table} / stsz": _sizes,
        f"{table} / stco": _table(4),
        f"{table} / co64": _table(8),
        f"{table} / stss": _table(4),
    }


_AV1_ENTRY = "moov / trak / mdia / minf / stbl / stsd / av01"

AVIF: Mapping[str, Test] = {
    **_picture_box("|".join((b"av01" + name).hex() for name in (b"Color", b"Alpha"))),
    **_movie(_handler(b"pict"), _handler(b"auxv")),
    "ftyp": matches(
        f"{b'avif'.hex()} 00000000 {b'avifmif1miaf'.hex()} ({_MA1}4[12])?",
        f"{b'avis'.hex()} 00000000 {b'avifavismsf1iso8mif1miaf'.hex()} ({_MA1}4[12])?",
    ),
    "meta / iloc": _table(14, head="000000004400", count=2),
    "meta / iprp / ipco / av1C": matches("81......"),
    "meta / iprp / ipco / auxC": matches(_URN_ALPHA),
    "moov / trak / edts": always,
    "moov / trak / edts / elst": matches(
        "000000..000000 0[12] (.{16} 00010000){1,2}",
        "010000..000000 0[12] (.{32} 00010000){1,2}",
    ),
    "moov / trak / tref": matches(f"0000000c {b'auxl'.hex()} .{{8}}"),
    "moov / trak / tref / auxl": always,
    "moov / track pict": always,
    "moov / track auxv": always,
    _AV1_ENTRY: matches(
        f"{'00' * 7}01 {'00' * 16} .{{8}} 00480000 00480000 00000000 0001 {'00' * 32} 0018ffff .*"
    ),
    f"{_AV1_ENTRY} / av1C": matches("81......"),
    f"{_AV1_ENTRY} / colr": matches(_NCLX),
    f"{_AV1_ENTRY} / ccst": matches("00000000 7c000000"),
    f"{_AV1_ENTRY} / auxi": matches(_URN_ALPHA),
}

_SAMPLES = "moov / trak / mdia / minf / stbl"
_AVC_ENTRY, _AAC_ENTRY = f"{_SAMPLES} / stsd / avc1", f"{_SAMPLES} / stsd / mp4a"


def _brief(entry: Entry) -> bool:
    """A few bits of timing, no message."""
    return entry.size <= 64 and not entry.value


MP4: Mapping[str, Test] = {
    **_movie(_handler(b"vide", b"VideoHandler"), _handler(b"soun", b"SoundHandler")),
    "ftyp": matches(f"{b'iso4'.hex()} 00000200 {b'iso4isomiso2avc1mp41'.hex()}"),
    "free": matches(""),
    "mdat": always,
    "moov / free": always,  # the reader tells of what is in it
    "moov / trak / mdia / minf / smhd": matches("00" * 8),
    "moov / track vide": always,
    "moov / track vide / SEI 0": _brief,
    "moov / track vide / SEI 1": _brief,
    "moov / track vide / SEI 6": _brief,
    "moov / track soun": always,
    _AVC_ENTRY: matches(
        f"{'00' * 7}01 {'00' * 16} .{{8}} 00480000 00480000 00000000 0001 {'00' * 32} 0018ffff .*"
    ),
    f"{_AVC_ENTRY} / avcC": _exactly("avc1"),
    f"{_AVC_ENTRY} / colr": matches(_NCLX),
    f"{_AVC_ENTRY} / pasp": matches(".{16}"),
    f"{_AVC_ENTRY} / btrt": matches(".{24}"),
    _AAC_ENTRY: matches(f"{'00' * 7}01 {'00' * 8} 000[1-8] 0010 00000000 .{{4}}0000 .*"),
    # ISO/IEC 14496-1 7.2.6: an MPEG-4 audio stream, its configuration, the usual packets.
    f"{_AAC_ENTRY} / esds": matches(
        "00000000 03808080.. ....00 04808080.. 4015 .{22} 05808080 0[2-7] .{4,14} 06808080 01 02"
    ),
    f"{_AAC_ENTRY} / btrt": matches(".{24}"),
    f"{_SAMPLES} / ctts": lambda entry: any(
        _table(8, head=head)(entry) for head in ("00000000", "01000000")
    ),
    f"{_SAMPLES} / sgpd": matches(f"01000000 {b'roll'.hex()} 00000002 00000001 ...."),
    f"{_SAMPLES} / sbgp": matches(f"00000000 {b'roll'.hex()} 00000001 .{{8}} 00000001"),
}
