"""What encoders put between the pixels is found in every codec that is read."""

from __future__ import annotations

import struct

import pytest

from scrub.metadata import Entry
from scrub.metadata.coded import carried, configured, exact, length_size

SETTINGS = bytes(16) + b"x264 - core 165"


def units(*bodies: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(body)) + body for body in bodies)


def sei(header: bytes, kind: int, body: bytes) -> bytes:
    """A unit of one message, its kind and length in bytes of 255 and a rest."""
    numbers = b"".join(b"\xff" * (n // 255) + bytes([n % 255]) for n in (kind, len(body)))
    return header + numbers + body + b"\x80"


def found(codec: str, sample: bytes, length: int = 4) -> list[Entry]:
    return list(carried(codec, memoryview(sample), 0, len(sample), length))


@pytest.mark.parametrize(
    ("codec", "header"), [("avc1", b"\6"), ("hvc1", b"\x4e\1"), ("hev1", b"\x50\1")]
)
@pytest.mark.parametrize("pad", [0, 400])
def test_settings_are_found_in_h264_and_h265(codec: str, header: bytes, pad: int) -> None:
    (entry,) = found(codec, units(sei(header, 5, SETTINGS + bytes(pad))))
    assert (entry.place, entry.value) == ("SEI 5", "x264 - core 165")
    assert entry.what == "software and settings of the encoder"
    assert entry.size == len(SETTINGS) + pad


def test_every_message_of_a_unit_is_named() -> None:
    two = b"\6" + b"\1\1a" + b"\4\x0dCANARY-cc-123" + b"\x80"
    assert [(e.place, e.what, e.value) for e in found("avc1", units(two))] == [
        ("SEI 1", "picture timing", ""),
        ("SEI 4", "user data", "CANARY-cc-123"),
    ]
    (other,) = found("avc1", units(sei(b"\6", 200, b"a")))
    assert other.what == "note to the decoder"


def test_bytes_that_keep_start_codes_apart_are_left_out() -> None:
    body = bytes(16) + b"ab\0\0\3\1cdefgh"
    (entry,) = found("avc1", units(b"\6\5" + bytes([len(body) - 1]) + body + b"\x80"))
    assert entry.value == "cdefgh"


def test_pixels_are_no_news() -> None:
    assert found("avc1", units(b"\x65abc", b"\x09\x10")) == []
    assert found("hvc1", units(b"\x28\1abc", b"\x46\1\x10")) == []
    assert found("vp09", b"anything") == []


def test_what_stands_behind_the_messages_is_found() -> None:
    (timing, rest) = found("avc1", units(sei(b"\6", 1, b"a") + b"CANARY-rest"))
    assert (timing.place, rest.place, rest.value) == ("SEI 1", "SEI rest", "CANARY-rest")
    assert found("avc1", units(sei(b"\6", 1, b"a")[:-1]))[-1].place == "SEI rest"
    long = units(sei(b"\6", 1, bytes(20_000)) + b"CANARY")
    assert found("avc1", long)[-1].place == "SEI rest"


def test_settings_have_their_place_in_the_configuration() -> None:
    (entry,) = found("avc1", units(b"\x67CANARY-sps"))
    assert (entry.place, entry.what) == ("unit 7", "settings of the decoder")
    (long,) = found("avc1", units(b"\x09CANARY-mark"))
    assert (long.place, long.value) == ("unit 9", "CANARY-mark")


def test_units_that_no_decoder_shows_are_found() -> None:
    (filler,) = found("avc1", units(b"\x0cCANARY-filler"))
    assert (filler.place, filler.value) == ("unit 12", "CANARY-filler")
    (reserved,) = found("hvc1", units(b"\x60\1CANARY-unit"))
    assert (reserved.place, reserved.value) == ("unit 48", "CANARY-unit")


@pytest.mark.parametrize(
    "sample", [b"\0\0\0\0", b"\0\0\0\x09abc", b"\0\0", units(b"\x65ab") + b"x"]
)
def test_units_that_do_not_fit_are_broken(sample: bytes) -> None:
    assert found("avc1", sample)[-1].place == "broken"


def test_short_lengths_are_read() -> None:
    assert found("avc1", b"\3\x65ab\2\x65a", 1) == []


def test_notes_in_av1_are_found() -> None:
    shown = b"\x12\0" + b"\x0a\2ab" + b"\x32\3abc"
    assert found("av01", shown) == []
    (notes,) = found("av01", shown + b"\x2a\x0c\4CANARY-t35x")
    assert (notes.place, notes.value) == ("OBU 5", "CANARY-t35x")
    (padding,) = found("av01", b"\x7a\x08CANARY-p")
    assert (padding.place, padding.what) == ("OBU 15", "padding")
    (reserved,) = found("av01", b"\x4e\0\x08CANARY-r")  # with the byte of an extension
    assert (reserved.place, reserved.value) == ("OBU 9", "CANARY-r")
    (delimiter,) = found("av01", b"\x12\x08CANARY-d")  # that has nothing to say
    assert (delimiter.place, delimiter.value) == ("OBU 2", "CANARY-d")
    assert found("av01", b"\x30abc") == []  # without a size: up to the end


@pytest.mark.parametrize("sample", [b"\x32\x09abc", b"\x80", b"\x32" + b"\xff" * 9, b"\x32\x80"])
def test_av1_that_does_not_fit_is_broken(sample: bytes) -> None:
    assert found("av01", sample)[-1].place == "broken"


def test_names_in_aac_are_found() -> None:
    (entry,) = found("mp4a", b"\xde\0\0Lavc62.28.102\2" + bytes(300))
    assert (entry.place, entry.value) == ("fill element", "Lavc62.28.102")
    (data,) = found("mp4a", b"\x80" + bytes(30))
    assert data.what == "padding"
    assert found("mp4a", b"\x21\x10\x04") == []
    assert found("mp4a", b"") == []


AVCC = b"\1\x64\0\x0a\xff\xe1\0\4\x67abc\1\0\3\x68ab"
HVCC = (
    bytes([1, *bytes(20), 0xFF])
    + b"\1\x27\0\1"
    + struct.pack(">H", 22)
    + b"\x4e\1\5\x11"
    + bytes(16)
)


def test_configurations_are_read() -> None:
    assert list(configured("avc1", memoryview(AVCC), 0, len(AVCC))) == []
    hvcc = HVCC + b"x\x80"
    (entry,) = configured("hvc1", memoryview(hvcc), 0, len(hvcc))
    assert entry.place == "SEI 5"
    assert length_size("avc1", memoryview(AVCC), 0, len(AVCC)) == 4
    assert length_size("hvc1", memoryview(HVCC), 0, len(HVCC)) == 4
    assert length_size("avc1", memoryview(b"\1"), 0, 1) == 4
    av1c = b"\x81\0\x0c\0\x2a\x08CANARY-c"
    (note,) = configured("av01", memoryview(av1c), 0, len(av1c))
    assert note.place == "OBU 5"


def test_configurations_hold_nothing_else() -> None:
    assert exact("avc1", AVCC + b"\xfd\xf8\xf8\0")
    assert exact("avc1", b"\1\x42" + AVCC[2:])
    assert not exact("avc1", AVCC)  # the last four bytes of a high profile
    assert not exact("avc1", AVCC + b"\xfd\xf8\xf8\0CANARY")
    assert not exact("avc1", AVCC[:-1])
    assert not exact("avc1", b"")
    assert exact("hvc1", HVCC + b"x\x80")
    assert not exact("hvc1", HVCC + b"x\x80CANARY")
