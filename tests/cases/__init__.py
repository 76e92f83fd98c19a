"""The files that fuzzing starts from, and beside this one those that it once broke a reader with.

A case is named by its kind and a digest of its bytes; ``tests/test_cases.py`` reads them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.dirty_heif import HEIF
from tests.dirty_jpeg import JPEG
from tests.dirty_notes import NOTED
from tests.dirty_png import PNG
from tests.dirty_tiff import TIFF
from tests.dirty_video import VIDEO
from tests.dirty_wavelet import WAVELET
from tests.dirty_web import WEB

SAMPLES: Mapping[str, Callable[[], bytes]] = {
    **JPEG,
    **PNG,
    **WEB,
    **TIFF,
    **HEIF,
    **VIDEO,
    **WAVELET,
    **NOTED,
}
"""Name -> a file; the part of the name before the first dash is its kind."""
