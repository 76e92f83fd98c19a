"""Names that tell when or with what a picture was taken are replaced, others are kept."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.names import clue, stem_for, tells
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]


def listed(names: str) -> list[str]:
    return re.split(r"\s{2,}", names.strip())


TELLING = {
    "cameras": """
        IMG_1234  IMG_1234 (2)  IMG_1234-edited  _MG_1234  MVI_1234  CRW_1234  1Q6A1234  BV7A1234
        DSC_0001  _DSC1234  DSCN1234  Z62_1234  DSCF1234  _DSF1234  XPRO1234
        DSC01234  _A7A1234  A7R01234  MAH01234  P1010001  P1000123  PA140123  _PB220012
        IMGP1234  R0001234  RIMG0123  L1001234  SDC10123  SAM_1234  CIMG1234  PICT0001  HPIM1234
        SANY0123  KICX1234  DCP_1234  100_1234  102-0234_IMG  STA_1234  FILE0001
        GOPR1234  GP011234  GH011234  GX011234  GS010123  GHAA0123  G0011234  YDXJ0123
        DJI_0001  DJI_0001_edit  DJI_20260314181502_0001_D  dji_fly_20260314_181502_1
    """,
    "phones": """
        IMG_20260314_181502  IMG_20260314_181502_BURST1  IMG_E1234  20260314_181502  260314_181502
        PXL_20260314_181502123  PXL_20260314_181502123.MP~2  PXL_20260314_181502123.PORTRAIT
        MVIMG_20260314_181502  VID_20260314_181502  PANO_20260314_181502  IMAG0123  CAM00123
        00100lPORTRAIT_00100_BURST20260314181502123_COVER  WP_20260314_001  Photo0123  Image(123)
        FullSizeRender  IMG_٢٠٢٦٠٣١٤_١٨١٥٠٢  RPReplay_Final1710439200
    """,
    "screens": """
        Screenshot  Screenshot (12)  Screenshot_20260314-181502_Signal  screenshot-2026-03-14
        Screen Shot 2026-03-14 at 18.15.02  Screen Recording 3  Bildschirmfoto 2026-03-14 um 18.15
        Capture d\u2019écran 2026-03-14 à 18.15.02  Capture d'ecran (3)
        GMT20260314-181502_Recording
    """,
    "messengers": """
        WhatsApp Image 2026-03-14 at 18.15.02  WhatsApp Image  IMG-20260314-WA0012  IMG-WA0012
        VID-20260314-WA0007  signal-2024-05-03-12-34-56-789  signal-2024-05-03-123456
        photo_2024-05-03_12-34-56  photo_5465123@14-03-2026_18-15-02  telegram-cloud-photo-size-2
        threema-20260314-181502  viber_image_2026-03-14  LINE_ALBUM_demo_260314_1  wechat image
        KakaoTalk_20260314_181502123  FB_IMG_1710439200000  received_1234567890  FB_IMG_1
        mmexport1710439200000  wx_camera_1710439200000  Snapchat-1234567890  InShot_20260314
    """,
    "dates": """
        2026-03-14  2026.03.14  2026_03_14  2026 03 14  20260314  2026-3-4  2026-03  2026-03-14T18
        14.03.2026  14.3.2026  14-03-2026  14_03_2026  3-14-2026  03-14-2026  demo 14-03-26
        31.03.26  14 March 2026  march 14 2026  March 1, 2026  Mar 14, 2026  14mar2026  14 mar
        may-2026  ٢٠٢٦-٠٣-١٤  \uff12\uff10\uff12\uff16-\uff10\uff13-\uff11\uff14
        march-on-2026-03-14  Photo on 14-03-2026 at 18.15  Photo on 3-14-26 at 6.15 PM
    """,
    "dates in other languages": """
        14th March  14. März 26  14. März  14 mars 2026  14 de marzo  3 août  Mär 2026  1er mai
        12. Dezember
    """,
    "positions": """
        48.8566,2.3522  48.8566, 2.3522  demo 48.85661_2.35222  -33.8688 151.2093
        lat48.8566 lon2.3522  48.8566N 2.3522E  52.52N 13.40E  52.52N13.40E  N52.52 E13.40
        52°31'12"N 13°24'18"E  N52°31'12 E13°24'18  48°51\u203224\u2033N, 2°21\u20328\u2033O
        48,8566_2,3522
    """,
    "times": """
        18-15-02  18.15.02  18_15_02  18:15:02  18h15m02  at 23.59.59  181502
        1710439200  1710439200000  demo-1710439200
    """,
    "numbers": """
        0f8fad5b-d9cb-469f-a165-70867728950e  C0FFEE1A-B2C3-4D5E-8F9A-A1B2C3D4E5F6
        0f8fad5bd9cb469fa16570867728950e  d41d8cd98f00b204  10154012345678901_1234567_n
        scan0001  Scan 123  pic 123  foto_0123
    """,
}
"""By what they tell; two spaces stand between names."""

HARMLESS = """
    crowd  protest-poster  photo  Angela2  march  a  room 101  0_Parade_marchingband_1_849
    12_Group_Group_12_Group_Group_12_10  2_Demonstration_Political_Rally_2_1018
    photo 2  image  image-1  scan  camera  signal  march-2  5 marchers  may day  december  decade
    10-20 people  kids 7-12-9  v1.2.3  flyer_v2  no 1  №5  42nd street  line_2  outline_1
    traffic-signal-3  telegraph  campus100  team 300  epic 100 km  1 of 12  100 days  1984 was long
    5 marches  1.234 5.6  3D5 N1.5  1.000 euros  2.5 e 3.5
    10.000, people  mayo 2  6 maids
    deadbeef  accessibility  cafe-facade  picture-001  picture-1000  Ünïcødé  横断幕  بلا عنوان  😀
"""

strange_stems = st.one_of(
    st.sampled_from([stem for names in TELLING.values() for stem in listed(names)]),
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=20),
    st.from_regex(r"[A-Za-z_]{0,6}[-_. ]?[0-9]{1,9}", fullmatch=True),
)


@pytest.mark.parametrize(
    "stem", [stem for names in TELLING.values() for stem in listed(names)], ids=ascii
)
def test_a_telling_name_is_replaced(stem: str) -> None:
    assert stem_for(stem, "auto", ()) == "picture-001"


@pytest.mark.parametrize("stem", listed(HARMLESS), ids=ascii)
def test_a_harmless_name_is_kept(stem: str) -> None:
    assert stem_for(stem, "auto", ()) == stem


@settings(max_examples=300)
@given(strange_stems, st.integers(0, 1200))
def test_what_auto_gives_never_tells(stem: str, given_out: int) -> None:
    taken = {f"picture-{number:03}" for number in range(1, given_out + 1)}
    result = stem_for(stem, "auto", taken)
    assert not tells(result)
    assert result == stem or result not in taken


@settings(max_examples=100)
@given(st.sets(st.integers(1, 30)))
def test_a_replaced_name_is_the_first_free_one(given_out: set[int]) -> None:
    taken = {f"picture-{number:03}" for number in given_out}
    free = min(set(range(1, 32)) - given_out)
    assert stem_for("IMG_1234", "auto", taken) == f"picture-{free:03}"


@pytest.mark.parametrize("stem", ["IMG_1234", "crowd"])
def test_keep_keeps_and_random_replaces_everything(stem: str) -> None:
    assert stem_for(stem, "keep", ()) == stem
    names = {stem_for(stem, "random", ()) for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch("[a-p]{16}", name) for name in names)
    assert not any(tells(name) for name in names)


CLUES = {
    "a date or time": """
        IMG_20260314_181502  PXL_20260314_181502123.MP~2  20260314_181502  14.03.2026  18-15-02
        DJI_20260314181502_0001_D  1710439200000  march 14 2026  VID_20260314_181502
        00100lPORTRAIT_00100_BURST20260314181502123_COVER  RPReplay_Final1710439200
    """,
    "a camera's counter": """
        IMG_1234  IMG_E1234  DSC_0001  DSC01234  _DSC1234  MVI_1234  GOPR1234  GX011234  P1010001
        DJI_0001  100_1234  scan0001  Photo0123  DSC0042
    """,
    "a messenger's or program's mark": """
        WhatsApp Image 2026-03-14 at 18.15.02  IMG-20260314-WA0012  VID-20260314-WA0007  IMG-WA0012
        signal-2024-05-03-12-34-56-789  photo_2026-05-03_12-34-56  received_1234567890
        FB_IMG_1710439200000  Snapchat-1234567890  Screenshot_20260314-181502_Signal
        KakaoTalk_20260314_181502123  Bildschirmfoto 2026-03-14 um 18.15
    """,
    "an identifier": """
        0f8fad5b-d9cb-469f-a165-70867728950e  C0FFEE1A-B2C3-4D5E-8F9A-A1B2C3D4E5F6
        0f8fad5bd9cb469fa16570867728950e
    """,
    "a long number": """
        260314_181502  10154012345678901_1234567_n  181502
    """,
}


@pytest.mark.parametrize(
    ("what", "stem"),
    [(what, stem) for what, names in CLUES.items() for stem in listed(names)],
    ids=ascii,
)
def test_a_clue_is_told_in_plain_words(what: str, stem: str) -> None:
    assert clue(stem) == what


@pytest.mark.parametrize("stem", listed(HARMLESS), ids=ascii)
def test_a_harmless_name_gives_no_clue(stem: str) -> None:
    assert clue(stem) is None


LONGEST = ["mar " * 60, "a1" * 120, "1-" * 120, "f" * 250, "19 " * 80, "1°" * 120, "1. " * 80]


def test_not_even_names_that_are_too_long_for_any_disk_keep_anybody_waiting() -> None:
    """What grows faster than a square with its length would take hours for these."""
    code = f"from scrub.names import tells\nfor stem in {LONGEST!a}: tells(stem * 20)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=PATIENCE, check=True)
