"""Which file names tell when or with what a picture was taken, and neutral ones for them."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Container

from scrub.settings import NamesRule

_YEAR = r"(?:19|20)\d\d"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_WORD = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|"
    # German, French and Spanish, where they differ.
    r"januar|februar|märz|mär|mai|juni|juli|okt(?:ober)?|dez(?:ember)?|"
    r"janvier|février|févr?|mars|avril|avr|juin|juillet|juil|août|septembre|octobre|novembre|"
    r"décembre|déc|"
    r"enero|ene|febrero|marzo|abril|abr|mayo|junio|julio|agosto|ago|septiembre|octubre|noviembre|"
    r"diciembre|dic)"
)
_ANGLE = r"\d+[°.,][\d°'\"\u2032., ]*"
_DEGREES = r"\d{1,3}(?:\s?°|[.,]\d{3,})"
_MARKS = (
    # What telephones, scanners and people put before a counter of any length.
    r"img(?:_e)?|image?|photo|foto|bild|pict?|dsc[fn]?|vid|mvi|mov|dji|pano|burst|hdr|pxl|wp|wa|"
    r"cam(?:era)?|capture|scan|snap"
)
_APPS = (
    r"screen ?shot|screen recording|bildschirmfoto|capture d.?[eé]cran|fullsizerender|whatsapp|"
    r"signal-\d{4}|telegram|snapchat-|threema-|viber|line_album|wechat|mmexport|fb_img|inshot|"
    r"received_\d{3}|kakaotalk|photo_\d{4}-|-wa\d{4}"
)

CLUES = {
    "a position": (
        # Latitude and longitude, with three decimals or more, or with their letters.
        rf"(?<![\d.]){_DEGREES}[^\d]{{0,3}}[ ,;_]{{1,2}}[^\d]{{0,5}}{_DEGREES}(?!\d*\.\d)",
        rf"{_ANGLE} ?[ns][-_, ]{{0,2}}{_ANGLE} ?[eow](?![a-z])",
        rf"(?<![a-z])[ns] ?{_ANGLE}[-_, ]{{0,2}}[eow] ?{_ANGLE}\d",
    ),
    "a messenger's or program's mark": (_APPS,),
    "an identifier": (
        # Random identifiers and checksums, by which a file is found again.
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"(?<![0-9a-z])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{16,}(?![0-9a-z])",
    ),
    "a date or time": (
        rf"(?<!\d){_YEAR}[-_.]{_MONTH}(?!\d)",
        rf"{_YEAR} {_MONTH} {_DAY}(?!\d)",
        # The same without separators, the time of day perhaps behind it.
        rf"(?<!\d){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d{{5,8}})?(?!\d)",
        # Day and month, in either order, and a year of two or four digits.
        rf"(?<![0-9a-z]){_DAY}[-_. ]{_DAY}[-_. ](?:{_YEAR}|\d\d)(?!\d)",
        rf"(?<![0-9a-z])\d{{1,2}}(?:st|nd|rd|th|er)?[-_. ]{{0,2}}(?:de )?{_MONTH_WORD}(?![a-z])",
        rf"(?<![a-z]){_MONTH_WORD}[-_., ]{{0,2}}(?:\d[-_., ]{{1,2}})?(?:{_YEAR}|\d\d)(?!\d)",
        # Hours, minutes and seconds; seconds or milliseconds since 1970.
        r"(?<!\d)(?:[01]\d|2[0-3])[-_.:h][0-5]\d[-_.:m][0-5]\d(?!\d)",
        r"(?<!\d)1[0-9]\d{8}(?:\d{3})?(?!\d)",
    ),
    "a camera's counter": (
        # Every camera's name: four free characters, four digits (JEITA CP-3461, DCF).
        r"(?<![0-9a-z])[-_0-9a-z]{4}\d{4}(?!\d)",
        rf"(?<![a-z])(?:{_MARKS})[-_ (]{{0,2}}\d{{3}}",
    ),
    # Dates and times without separators, and the ids of messages and posts.
    "a long number": (r"\d{6}", r"(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{16,}(?![0-9a-z])"),
}
"""In plain words, what a stem carries -> how it is recognised; what says most comes first."""

_TELLING = {what: re.compile("|".join(patterns), re.IGNORECASE) for what, patterns in CLUES.items()}

NEUTRAL = "picture"

_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""For digits, which could come together as a date."""


def clue(stem: str) -> str | None:
    """What in ``stem`` gives away when or with what it was made, in the digits of any script.

    One of :data:`CLUES`; None where the name tells nothing.
    """
    plain = unicodedata.normalize("NFKC", stem)
    plain = "".join(str(unicodedata.decimal(one, one)) for one in plain)
    return next((what for what, telling in _TELLING.items() if telling.search(plain)), None)


def tells(stem: str) -> bool:
    """Whether ``stem`` gives away when or with what it was made."""
    return clue(stem) is not None


def stem_for(stem: str, rule: NamesRule, taken: Container[str]) -> str:
    """The stem that a copy of ``stem`` gets under ``rule``.

    ``taken`` are stems already given out beside it, in lower case; a replaced stem is none
    of them. ``auto`` keeps a name that tells nothing.
    """
    if rule == "keep" or (rule == "auto" and not tells(stem)):
        return stem
    if rule == "random":
        return secrets.token_hex(8).translate(_LETTERS)
    number = 1
    while f"{NEUTRAL}-{number:03}" in taken:
        number += 1
    return f"{NEUTRAL}-{number:03}"
