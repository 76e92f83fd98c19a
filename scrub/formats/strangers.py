"""What to do with a file that is known and not cleaned: one remedy for each kind of stranger."""

from __future__ import annotations

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    "camera raw": "develop it to JPEG or PNG first, then clean that",
    "PDF": "export its pages as PNG first, then clean those",
    "PostScript": "export its pages as PNG first, then clean those",
    "DjVu": "export its pages as PNG first, then clean those",
    "SVG": "export it as PNG first, then clean that",
    "Photoshop": "export it as PNG first, without its layers",
    "GIMP": "export it as PNG first, without its layers",
    # Of its decoders for Python, pillow-jxl-plugin (GPL-3.0) builds the whole picture before it
    # says how large that is, and one frame of a clip; imagecodecs brings sixty decoders more.
    "JPEG XL": "convert it to PNG or JPEG first, then clean that",
    "OpenEXR": "develop it to JPEG or PNG first, then clean that",
    "medical image": "export it as PNG first, then clean that",
    "icon": "export it as PNG first, then clean that",
    "HEIF without HEVC": "convert it to JPEG or PNG first, then clean that",
    "Windows Media video": "convert it to MP4 first, then clean that",
    "MPEG video": "convert it to MP4 first, then clean that",
    "Flash video": "convert it to MP4 first, then clean that",
    "sound": "leave it out: voices and background noises identify people",
    "sound or Ogg video": "convert it to MP4 or WebM first if it shows something",
    "archive": "unpack it first, then clean what was in it",
    "archive or office document": "unpack it, or export its pages as PNG, and clean those",
}
"""Name of a kind that :func:`scrub.formats.sniff.kind_of` gives -> half a sentence."""


def remedy(kind: str | None, known: str) -> str:
    """What a person can do with a stranger; ``known`` names the kinds that are cleaned."""
    return REMEDIES.get(kind or "", f"convert it to one of {known} first")
