"""Which file names tell when or with what a picture was taken, and neutral ones for them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Container

from scrub.settings import NamesRule

_DATE = r"(?:19|20)\d\d[-_. ]?(?:0[1-9]|1[0-2])[-_. ]?(?:0[1-9]|[12]\d|3[01])"
_DATE_REVERSED = r"(?:0[1-9]|[12]\d|3[01])[-_.](?:0[1-9]|1[0-2])[-_.](?:19|20)\d\d"
_DAY_FIRST_TIME = r"(?:[01]\d|2[0-3])[-_.:h][0-5]\d[-_.:m][0-5]\d"

# What cameras, telephones and messengers put before their counter.
_MAKERS = (
    "img|imgp?|_mg|mvimg|dsc[nf]?|_dsc|dscn|sam|cimg|pict?|kic|wp|pxl|vid|mvi|mov|gopr|gh|gx|gp|"
    "dji|pano|burst|hdr|rimg|s?dc|imag|hpim|photo|image|foto|bild|snap(?:chat)?|fb_img|received|"
    "signal|telegram|threema|lrm_export|cam|camera|screenshot|capture|scan|inshot|facetune"
)
_COUNTED = rf"(?:{_MAKERS})[-_ ]?\d{{3,}}"
_APPS = (
    r"screen ?shot|screen recording|bildschirmfoto|capture d.?[eé]cran|whatsapp|"
    r"signal-\d|telegram|snapchat-|threema-|viber|line_\d|wechat|mmexport|fb_img"
)
_UUID = r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_LONG_NUMBER = r"\d{7,}"
_LONG_HEX = r"(?<![0-9a-z])(?=[0-9a-f]*\d)[0-9a-f]{16,}(?![0-9a-z])"
_OLYMPUS = r"p[0-9a-c](?:0[1-9]|[12]\d|3[01])\d{4}"

TELLING = re.compile(
    rf"{_DATE}|{_DATE_REVERSED}|{_DAY_FIRST_TIME}|(?<![a-z]){_COUNTED}|{_APPS}|{_UUID}|"
    rf"{_LONG_NUMBER}|{_LONG_HEX}|(?<![a-z]){_OLYMPUS}(?![0-9a-z])",
    re.IGNORECASE,
)
"""Found in a stem that carries a date, a time, a counter of a device or a messenger's mark."""

NEUTRAL = "picture"


def stem_for(stem: str, rule: NamesRule, taken: Container[str]) -> str:
    """The stem that a copy of ``stem`` gets under ``rule``.

    ``taken`` are stems already given out beside it, in lower case; a replaced stem is none
    of them. ``auto`` keeps a name that tells nothing.
    """
    if rule == "keep" or (rule == "auto" and not TELLING.search(stem)):
        return stem
    if rule == "random":
        return secrets.token_hex(8)
    number = 1
    while f"{NEUTRAL}-{number:03}" in taken:
        number += 1
    return f"{NEUTRAL}-{number:03}"
