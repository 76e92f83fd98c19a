"""What the keys of descriptions stand for, in MP4, QuickTime and Matroska."""

from __future__ import annotations

# The last part of a key, or the four letters of a box, in lower case.
_WORDS = {
    "GPS position": "xyz location location.iso6709 loci iso6709 gps0 gpsx gpmf",
    "place name": "location.name location.body location.note location.role "
    "recording_location composition_location composer_nationality",
    "GPS direction": "direction.facing direction.motion",
    "camera maker": "mak make manu android.manufacturer cmnm",
    "camera model": "mod model modl android.model",
    "camera serial number": "sn serialnumber camid muid cami",
    "unique number": "content.identifier uuid live-photo.auto guid",
    "lens model": "lens camera.lens_model lensmodel",
    "software": "too swr software tool enc encoder encoder_settings encoded_by "
    "com.android.version android.version firm fmt",
    "time taken": "day creationdate creation_time date cre dtyp rldt date_recorded "
    "date_encoded date_tagged date_digitized date_released",
    "author's name": "art aut author artist auth perf dir director prd producer wrt displayname",
    "owner's name": "own owner apid",
    "person's name": "per collection.user",
    "position of a face": "detected-face detected-face.bounds detected-face.face-id "
    "detected-face.roll-angle detected-face.yaw-angle detected-human-body.bounds",
    "copyright": "cpy cprt copyright",
    "title": "nam titl title alb albm name",
    "caption": "des desc ldes dscp description inf information",
    "comment": "cmt comment lyr",
    "keywords": "key keyw kywd keywords gnre gen genre",
    "rating": "rate rtng rating.user",
    "uncovered thumbnail": "covr thmb artwork snal",
    "chapters": "chpl",
    "Samsung data": "smta sdln sefd smrd",
    "maker note": "mknt mvtg cnth pent pana nctg ndat ncdt fuji qvmi mmsn meta.maker",
    "telemetry": "gpmf sett htka hmmt bcid",
}
UNKNOWN = "description"
_WHAT = {name: what for what, names in _WORDS.items() for name in names.split()}


def meaning(name: str) -> str:
    """What a key or a box's name stands for, to a person."""
    local = name.lower().lstrip("\xa9").removeprefix("com.apple.quicktime.")
    plain = local.partition("-")[0]  # without the language that FFmpeg appends
    for form in (local, local.removeprefix("com."), local.rpartition(".")[2], plain):
        if form in _WHAT:
            return _WHAT[form]
    return UNKNOWN
