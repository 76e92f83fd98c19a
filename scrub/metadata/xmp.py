"""XMP: what each property says about a person, a place, a time or a device.

XMP (ISO 16684-1) is RDF in XML. It is scanned, not parsed: a packet may be cut into segments
or malformed, and an XML parser would bring entities along. A value is either an attribute or
the text of the nearest element that is not RDF's own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from scrub.metadata.entry import Entry
from scrub.metadata.text import printable
from scrub.metadata.thumbnail import thumbnail

# Names are bounded and begin after something else, so that long runs of letters cost no more
# than their length.
_NAME = rb"([\w.-]{1,60}):([\w.-]{1,60})"
_TOKEN = re.compile(
    rb"<(/?)" + _NAME + rb"|(?<![\w.-])" + _NAME + rb"\s{0,9}=\s{0,9}(\"[^\"]*\"|'[^']*')|>([^<]+)"
)

_HEAD = 256
_WIDE = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

# Local names in lower case; the same word means the same in every schema that has it.
_WORDS = {
    "GPS position": "gpslatitude gpslongitude gpslatituderef gpslongituderef gpscoordinates "
    "gpsposition location latitude longitude",
    "GPS altitude": "gpsaltitude gpsaltituderef absolutealtitude relativealtitude",
    "GPS time": "gpstimestamp gpsdatestamp",
    "GPS data": "gpsmapdatum gpsversionid gpsprocessingmethod gpsimgdirection gpsspeed gpstrack "
    "gpsdestlatitude gpsdestlongitude gpshpositioningerror gpsdop gpsareainformation",
    "place name": "city state country countrycode countryname provincestate sublocation "
    "worldregion locationname locationcreated locationshown",
    "time taken": "datetimeoriginal datecreated datetimedigitized creationdate dateacquired",
    "time changed": "createdate modifydate moddate metadatadate datetime date when "
    "create modify timestamp",
    "author's name": "creator author artist by-line byline photographer captionwriter "
    "authorsposition lastkeywordxmp contributor publisher credit",
    "owner's name": "ownername cameraownername owner copyrightownername",
    "person's name": "personinimage personinimagename persondisplayname personemaildigest "
    "personliveidcid personsourceid",
    "contact": "ciemailwork citelwork ciadrcity ciadrextadr ciadrpcode ciadrregion ciadrctry "
    "ciurlwork creatorcontactinfo email url",
    "copyright": "rights copyright webstatement usageterms copyrightnotice marked",
    "caption": "title description caption headline imagedescription label "
    "instructions event notes transmissionreference",
    "comment": "usercomment comment",
    "keywords": "subject hierarchicalsubject keywords tagslist supplementalcategories",
    "camera maker": "make lensmake",
    "camera model": "model uniquecameramodel",
    "lens model": "lens lensmodel lensid lensinfo",
    "camera serial number": "serialnumber bodyserialnumber cameraserialnumber "
    "internalserialnumber dronserialnumber droneserialnumber",
    "lens serial number": "lensserialnumber",
    "software": "creatortool software xmptk softwareagent producer processingsoftware firmware",
    "document number": "documentid originaldocumentid instanceid imageuniqueid uniqueid "
    "digitalimageguid imageguid burstid",
    "original file name": "rawfilename preservedfilename filename sourcefilename filepath",
    "editing history": "history action parameters changed",
    "motion video after the picture": "motionphoto microvideo motionphotovideo",
    "gain map": "hdrgainmapversion gainmapmin gainmapmax hdrcapacitymax",
    "uncovered thumbnail": "image",
    "second picture": "data semantic",
    "maker note": "hdrpmakernote makernote",
}
_SEMANTICS = {  # of what stands behind the picture
    b"primary": "XMP property",
    b"motionphoto": "motion video after the picture",
    b"gainmap": "gain map",
    b"depth": "depth map",
}
_PICTURES, _SHORT = ("image", "data"), 64
_WHAT = {name: what for what, names in _WORDS.items() for name in names.split()}


def read(data: bytes) -> Iterator[Entry]:
    """Every property of a packet, or of one segment of it, in their order."""
    for name, value in _properties(_in_utf8(data)):
        local = name.partition(":")[2].lower()
        what = "person's name" if name == "mwg-rs:Name" else meaning(local) or "XMP property"
        if local == "semantic":
            what = _SEMANTICS.get(value.lower(), "second picture")
        if local in _PICTURES and len(value) > _SHORT:
            yield thumbnail(name, len(value), _decoded(value), what)
        elif value.strip():
            text = printable(value[:1000])
            yield Entry(name, what, len(value), text if local in _WHAT else f"{name} {text}"[:200])


def meaning(name: str) -> str:
    """What a property stands for, to a person; empty for one that is not known."""
    return _WHAT.get(name.lower(), "")


def _in_utf8(data: bytes) -> bytes:
    """The packet, which may also be in UTF-16 or UTF-32, as its first "<" tells (part 1, 7.1)."""
    for mark, coding in _WIDE:
        if mark in data[:_HEAD]:
            return data[data.index(mark) :].decode(coding, "ignore").encode()
    return data


def _decoded(value: bytes) -> bytes:
    """The bytes that a property holds in base 64; none where it does not."""
    try:
        return base64.b64decode(value.replace(b"&#xA;", b""))
    except ValueError:
        return b""


def _properties(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Each attribute and each text with the name it belongs to, as ("prefix:Local", value)."""
    element = ""
    for match in _TOKEN.finditer(data):
        end, prefix, local, schema, attribute, quoted, text = match.groups()
        if local is not None:
            if prefix != b"rdf":
                element = "" if end else f"{prefix.decode()}:{local.decode()}"
        elif quoted is not None:
            if schema not in (b"rdf", b"xmlns", b"xml"):
                yield f"{schema.decode()}:{attribute.decode()}", quoted[1:-1]
        elif element:
            yield element, text
