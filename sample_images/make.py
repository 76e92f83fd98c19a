"""Make the sample pictures again, out of two portraits in the public domain.

Run as ``python sample_images/make.py``. Besides what scrub itself uses (pillow, pillow-heif,
numpy, piexif, opencv-python) it needs matplotlib and scikit-image, which carry the portraits.
Each run makes the same files. Every name, number and place written into them is invented; the
position is Point Nemo, the place in the ocean that is farthest from any land.
"""

from __future__ import annotations

import io
import json
import struct
import tempfile
from pathlib import Path

import cv2
import numpy as np
import piexif
import pillow_heif
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from scenes import album, badge, cut_out, evening, hills, night, pair, passing, stand, window

HERE = Path(__file__).resolve().parent
QUALITY = 82
XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
WHEN = "2026:03:14 18:15:02"


def exif(uncovered: Image.Image, orientation: int = 1) -> bytes:
    """Camera, owner, serial numbers, time, place and a thumbnail of the uncovered picture."""
    small = uncovered.convert("RGB")
    small.thumbnail((160, 160))
    block: bytes = piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Make: "Example Cameras",
                piexif.ImageIFD.Model: "Example One",
                piexif.ImageIFD.Software: "Example One 4.2",
                piexif.ImageIFD.Artist: "Photographer Name Here",
                piexif.ImageIFD.Copyright: "Photographer Name Here",
                piexif.ImageIFD.DateTime: WHEN,
                piexif.ImageIFD.Orientation: orientation,
            },
            "Exif": {
                piexif.ExifIFD.DateTimeOriginal: WHEN,
                piexif.ExifIFD.OffsetTimeOriginal: "-08:00",
                piexif.ExifIFD.CameraOwnerName: "Owner Name Here",
                piexif.ExifIFD.BodySerialNumber: "BODY-SERIAL-0042",
                piexif.ExifIFD.LensSerialNumber: "LENS-SERIAL-0042",
                piexif.ExifIFD.ImageUniqueID: "0123456789abcdef0123456789abcdef",
                piexif.ExifIFD.UserComment: b"ASCII\0\0\0with the others, third from the left",
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: "S",
                piexif.GPSIFD.GPSLatitude: ((48, 1), (52, 1), (3150, 100)),
                piexif.GPSIFD.GPSLongitudeRef: "W",
                piexif.GPSIFD.GPSLongitude: ((123, 1), (23, 1), (3310, 100)),
                piexif.GPSIFD.GPSImgDirection: (17, 1),
                piexif.GPSIFD.GPSDateStamp: WHEN[:10],
            },
            "1st": {piexif.ImageIFD.Compression: 6},
            "thumbnail": jpeg(small),
        }
    )
    return block


def jpeg(picture: Image.Image, **extra: object) -> bytes:
    """A JPEG file in memory; ``extra`` goes to Pillow."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=QUALITY, **extra)
    return stream.getvalue()


def xmp(attributes: str = "", content: str = "") -> bytes:
    """An XMP packet that names its author and whatever is added."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Example Editor 7" '
        f"{attributes}><dc:creator><rdf:Seq><rdf:li>Photographer Name Here</rdf:li></rdf:Seq>"
        f"</dc:creator>{content}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()


def motion_xmp(length: int) -> bytes:
    """The packet of a phone's motion photo: a video of ``length`` bytes follows the picture."""
    item = '<rdf:li rdf:parseType="Resource"><Container:Item {}/></rdf:li>'
    primary = item.format('Item:Mime="image/jpeg" Item:Semantic="Primary" Item:Length="0"')
    video = item.format(f'Item:Mime="video/mp4" Item:Semantic="MotionPhoto" Item:Length="{length}"')
    return xmp(
        'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
        'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
        'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" GCamera:MotionPhoto="1" '
        'GCamera:MotionPhotoVersion="1" GCamera:MotionPhotoPresentationTimestampUs="400000"',
        f"<Container:Directory><rdf:Seq>{primary}{video}</rdf:Seq></Container:Directory>",
    )


def iptc() -> bytes:
    """An APP13 segment as press agencies write it: by-line, city and caption (IPTC-IIM 4.2)."""
    fields = {80: "Photographer Name Here", 90: "City Name Here", 120: "Caption with names here"}
    records = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text.encode()
        for number, text in fields.items()
    )
    block = (
        b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) % 2)
    )
    payload = b"Photoshop 3.0\0" + block
    return b"\xff\xed" + struct.pack(">H", len(payload) + 2) + payload


def after_first(file: bytes, segment: bytes) -> bytes:
    """The same JPEG with one segment more, behind its first one (the JFIF or Adobe header)."""
    end = 4 + int.from_bytes(file[4:6], "big")
    return file[:end] + segment + file[end:]


def video(picture: Image.Image) -> bytes:
    """A second of MP4 in which the picture moves a little."""
    small = picture.resize((240, 320))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "motion.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"mp4v"), 12, small.size)
        for step in range(12):
            frame = small.transform(
                small.size, Image.Transform.AFFINE, (1, 0, step, 0, 1, step / 2)
            )
            writer.write(cv2.cvtColor(np.asarray(frame), cv2.COLOR_RGB2BGR))
        writer.release()
        return Path(path).read_bytes()


def crowd_file() -> bytes:
    """The grandstand with everything that a camera and an agency write into a JPEG."""
    picture, _ = stand()
    notes = {"comment": b"sent by Owner Name Here", "xmp": xmp('xmp:Rating="5"')}
    return after_first(jpeg(picture, exif=exif(picture), **notes), iptc())


def phone_file() -> bytes:
    """A portrait as a phone stores it: lying on its side, a short video behind the picture."""
    stored = evening().transpose(Image.Transpose.ROTATE_90)
    motion = video(evening())
    return jpeg(stored, exif=exif(stored, orientation=6), xmp=motion_xmp(len(motion))) + motion


def sticker_file() -> bytes:
    """A PNG of one person cut out; the neighbour is still there, in transparent pixels."""
    picture = cut_out()
    info = PngInfo()
    info.add_text("Author", "Author Name Here")
    info.add_text("Comment", "the one on the right did not want to be in it", zip=True)
    info.add_itxt("XML:com.adobe.xmp", xmp().decode())
    info.add(b"tIME", struct.pack(">H5B", 2026, 3, 14, 18, 15, 2))
    stream = io.BytesIO()
    picture.save(stream, "PNG", pnginfo=info, exif=exif(picture), optimize=True)
    return stream.getvalue()


def window_file() -> bytes:
    """A WebP with EXIF and XMP."""
    stream = io.BytesIO()
    window().save(stream, "WEBP", quality=QUALITY, exif=exif(window()), xmp=xmp())
    return stream.getvalue()


def scan_file() -> bytes:
    """A TIFF of two greyscale pages, with tags for author, time and place."""
    tags = ImageFileDirectory_v2()
    tags[270] = "Two members, from the archive of Owner Name Here"
    tags[305] = "Example Scanner 3"
    tags[306] = WHEN
    tags[315] = "Archivist Name Here"
    tags[34853] = {1: "S", 2: (48.0, 52.0, 31.5), 3: "W", 4: (123.0, 23.0, 33.1)}
    first, second = album()
    stream = io.BytesIO()
    first.save(stream, "TIFF", save_all=True, append_images=[second], tiffinfo=tags)
    return stream.getvalue()


def passing_file() -> bytes:
    """An endless GIF with a comment."""
    first, *others = passing()
    stream = io.BytesIO()
    comment = b"filmed by Owner Name Here"
    first.save(
        stream, "GIF", save_all=True, append_images=others, duration=120, loop=0, comment=comment
    )
    return stream.getvalue()


def badge_file() -> bytes:
    """A BMP with a whole JPEG behind its last pixel."""
    stream = io.BytesIO()
    badge().save(stream, "BMP")
    return stream.getvalue() + jpeg(pair(320, 240, 120))


def night_file() -> bytes:
    """A greyscale JPEG with EXIF."""
    return jpeg(night(), exif=exif(night()))


def print_file() -> bytes:
    """A CMYK JPEG as a printer's shop wants it, with an agency's by-line."""
    picture = pair(600, 460, 190).convert("CMYK")
    return after_first(jpeg(picture, comment=b"proof for Owner Name Here"), iptc())


def hills_file() -> bytes:
    """Nobody in the picture, but time, place and owner in the file."""
    return jpeg(hills(), exif=exif(hills()), xmp=xmp())


def tiles_file() -> bytes:
    """A HEIC of tiles, lying on its side, with a thumbnail and a burst's next picture."""
    pillow_heif.register_heif_opener()
    lying = Image.Transpose.ROTATE_90
    stored, following = evening().transpose(lying), pair(320, 240, 120).transpose(lying)
    stream = io.BytesIO()
    stored.save(
        stream,
        "HEIF",
        save_all=True,
        append_images=[following],
        quality=60,
        tile_size=256,
        thumbnails=[160],
        exif=exif(stored, orientation=6),
        xmp=xmp(),
    )
    return stream.getvalue()


def wall_file() -> bytes:
    """An AVIF with EXIF and XMP."""
    stream = io.BytesIO()
    picture = pair(480, 360, 150)
    picture.save(stream, "AVIF", quality=70, speed=6, max_threads=1, exif=exif(picture), xmp=xmp())
    return stream.getvalue()


def archive_file() -> bytes:
    """A grey JPEG 2000 with XMP in a box and a comment in its codestream."""
    stream = io.BytesIO()
    page, _ = album()
    layers = {"quality_mode": "dB", "quality_layers": [42], "irreversible": True}
    page.save(stream, "JPEG2000", comment="scanned by Archivist Name Here", **layers)
    file = stream.getvalue()
    start = file.index(b"jp2c") - 4
    box = struct.pack(">I4s", 24 + len(xmp()), b"uuid") + XMP_BOX + xmp()
    return file[:start] + box + file[start:]


FILES = {
    "IMG_20260314_181502.jpg": crowd_file,
    "PXL_20260314_181455123.MP.jpg": phone_file,
    "sticker.png": sticker_file,
    "window.webp": window_file,
    "scan.tif": scan_file,
    "passing.gif": passing_file,
    "badge.bmp": badge_file,
    "night.jpg": night_file,
    "print.jpg": print_file,
    "hills.jpg": hills_file,
    "IMG_0815.heic": tiles_file,
    "wall.avif": wall_file,
    "archive.jp2": archive_file,
}


def main() -> None:
    """Write every file beside this one, and the face boxes of the crowd for the tests."""
    for name, make in FILES.items():
        (HERE / name).write_bytes(make())
        print(f"{name}: {(HERE / name).stat().st_size:,} bytes")
    _, faces = stand()
    lines = [json.dumps({"who": who, "box": box}) for who, box in faces]
    (HERE / "crowd_faces.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"crowd_faces.json: {len(faces)} faces")


if __name__ == "__main__":
    main()
