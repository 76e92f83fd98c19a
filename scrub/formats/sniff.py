"""The kind of a file, read from its first bytes and never from its suffix."""

from __future__ import annotations

HEAD = 64
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
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"),
    (b"%PDF-", "PDF"),
    (b"8BPS", "Photoshop"),
    (b"IIRO", "camera raw"),
    (b"IIU\x00", "camera raw"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"FOVb", "camera raw"),
    (b"\x00MRM", "camera raw"),
    (b"ID3", "sound"),
    (b"fLaC", "sound"),
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
)

RIFF = {b"WEBP": "webp", b"AVI ": "AVI video", b"WAVE": "sound"}

# ISO/IEC 14496-12 brands; what is not a picture brand is taken for a video.
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
OTHER_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"crx ": "camera raw", b"M4A ": "sound"}
BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}

BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}


def kind_of(head: bytes) -> str | None:
    """Name what starts with ``head`` (its first :data:`HEAD` bytes); None for the unknown.

    Some names are keys of :data:`scrub.formats.FORMATS`; the others are for people, and say
    what scrub refuses.
    """
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            # Canon's CR2 is a TIFF that says so at offset 8.
            return "camera raw" if kind == "tiff" and head[8:10] == b"CR" else kind
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12])
    if head[4:8] in BOXES:
        return _iso_media(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADERS:
        return "bmp"
    return None


def _iso_media(head: bytes) -> str:
    if head[4:8] != b"ftyp":
        return "QuickTime or MP4 video"
    brand = head[8:12]
    if brand in HEIF_BRANDS:
        return "AVIF" if b"avif" in head else "HEIC"
    return OTHER_BRANDS.get(brand, "QuickTime or MP4 video")
