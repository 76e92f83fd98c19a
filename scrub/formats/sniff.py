"""The kind of a file, read from its first bytes and never from its suffix."""

from __future__ import annotations

from scrub.metadata.ebml import value

HEAD = 512
"""How many bytes :func:`kind_of` needs."""

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"AT&TFORM", "DjVu"),
    (b"8BPS", "Photoshop"),
    (b"gimp xcf", "GIMP"),
    (b"v/1\x01", "OpenEXR"),
    (b"\x00\x00\x01\x00\x01\x00", "icon"),
    (b"IIRO", "camera raw"),
    (b"IIU\x00", "camera raw"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"FOVb", "camera raw"),
    (b"\x00MRM", "camera raw"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "camera raw"),
    (b"ID3", "sound"),
    (b"\xff\xfb", "sound"),
    (b"\xff\xf3", "sound"),
    (b"\xff\xf1", "sound"),
    (b"\xff\xf9", "sound"),
    (b"fLaC", "sound"),
    (b"#!AMR", "sound"),
    (b"caff\x00\x01", "sound"),
    (b"MThd", "sound"),
    (b"OggS", "sound or Ogg video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media video"),
    (b"\x00\x00\x01\xba", "MPEG video"),
    (b"\x00\x00\x01\xb3", "MPEG video"),
    (b"FLV\x01", "Flash video"),
    (b"<svg", "SVG"),
    (b"PK\x03\x04", "archive or office document"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
)

PLACED: tuple[tuple[int, bytes, str], ...] = (
    (128, b"DICM", "medical image"),
    (257, b"ustar", "archive"),
)
"""Signatures that are not at the start."""

TRANSPORT = ((0, 188), (4, 192))
"""Where packets with a G at their start begin, and how far they are apart: an MPEG transport stream
(ISO/IEC 13818-1, 2.4.3.2), as broadcast, and as camcorders write it with a time before each."""

RIFF = {b"WEBP": "webp", b"AVI ": "avi", b"WAVE": "sound"}

# ISO/IEC 14496-12 brands; what is not a picture brand is taken for a video.
HEIF_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *(b"mif1", b"mif2", b"msf1"),
}
OTHER_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "avif"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "sound"),
    **dict.fromkeys((b"avci", b"avcs", b"j2ki", b"jpeg", b"vvic"), "HEIF without HEVC"),
    b"crx ": "camera raw",
}
BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}

EBML, DOCUMENT_TYPE = b"\x1aE\xdf\xa3", b"\x42\x82"

CALLED = {"webp": "WebP", "jpeg2000": "JPEG 2000", "webm": "WebM", "mkv": "Matroska"}
"""What people call those kinds of :data:`scrub.formats.FORMATS` that are no capital letters."""

BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}


def kind_of(head: bytes) -> str | None:
    """Name what starts with ``head``, of which :data:`HEAD` bytes count; None for the unknown.

    Some names are keys of :data:`scrub.formats.FORMATS`; the others are for people, and say
    what scrub refuses.
    """
    head = head[:HEAD]
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            # Canon's CR2 is a TIFF that says so at offset 8.
            return "camera raw" if kind == "tiff" and head[8:10] == b"CR" else kind
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12])
    if head[4:8] in BOXES:
        return _iso_media(head)
    if head.startswith(EBML):
        return "webm" if _document_type(head) == b"webm" else "mkv"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADERS:
        return "bmp"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<?xml", b"<!DOCTYPE svg", b"<!--")):
        return "SVG" if b"<svg" in head or b"DOCTYPE svg" in head else None
    for at, signature, kind in PLACED:
        if head.startswith(signature, at):
            return kind
    if any(head[start::step][:3] == b"GGG" for start, step in TRANSPORT):
        return "MPEG video"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "sound"
    return None


def called(kind: str) -> str:
    """What people call a kind of :data:`scrub.formats.FORMATS`."""
    return CALLED.get(kind, kind.upper())


def _document_type(head: bytes) -> bytes:
    """What an EBML file says that it is, in one of its first elements (RFC 8794, 11.2.6)."""
    _, _, rest = head.partition(DOCUMENT_TYPE)
    length, at = value(memoryview(rest), 0, len(rest))
    return rest[at : at + length].rstrip(b"\0")


def _iso_media(head: bytes) -> str:
    if head[4:8] != b"ftyp":
        return "mp4"
    brand = head[8:12]
    if brand in HEIF_BRANDS:
        # The list of compatible brands ends with the box.
        brands = head[8 : int.from_bytes(head[:4], "big")]
        return "avif" if b"avif" in brands or b"avis" in brands else "heic"
    return OTHER_BRANDS.get(brand, "mp4")
