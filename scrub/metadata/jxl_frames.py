"""Where the frames of a JPEG XL codestream end: headers and tables of contents, not pixels.

Fields after ISO/IEC 18181-1 annexes D to F, as libjxl reads them. What is rare (an own colour
profile, previews, frames of low frequencies, tables in another order) is not followed.
"""

from __future__ import annotations

from dataclasses import dataclass

# A number is given in one of four ways: as (offset, bits) each; no bits are a plain value.
_Ways = tuple[tuple[int, int], ...]
_SIDE: _Ways = ((1, 9), (1, 13), (1, 18), (1, 30))
_ENUM: _Ways = ((0, 0), (1, 0), (2, 4), (18, 6))
_CROP: _Ways = ((0, 8), (256, 11), (2304, 14), (18688, 30))
_UPSAMPLING: _Ways = ((1, 0), (2, 0), (4, 0), (8, 0))
_NAME: _Ways = ((0, 0), (0, 4), (16, 5), (48, 10))
_ENTRY: _Ways = ((0, 10), (1024, 14), (17408, 22), (4211712, 30))
_RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_REGULAR, _LOW, _REFERENCE, _SKIP = range(4)
_GREY, _XYB = 1, 2
_MODULAR, _LOW_FREQUENCIES = 1, 32
_REPLACE, _BLEND, _WEIGHTED, _MULTIPLY = 0, 2, 3, 4
_MOST_FRAMES = 1 << 16


class _Rare(Exception):
    """A field that is not followed."""


class _Cut(Exception):
    """The data end within a field."""


@dataclass(slots=True)
class _Bits:
    """Bits from the lowest of each byte to the highest."""

    view: memoryview
    at: int

    def read(self, count: int) -> int:
        first, last = self.at // 8, (self.at + count + 7) // 8
        if last > len(self.view):
            raise _Cut
        value = int.from_bytes(self.view[first:last], "little") >> self.at % 8
        self.at += count
        return value & (1 << count) - 1

    def flag(self) -> bool:
        return self.read(1) == 1

    def number(self, ways: _Ways) -> int:
        offset, bits = ways[self.read(2)]
        return offset + self.read(bits)

    def large(self) -> int:
        """A number of up to 64 bits (U64)."""
        way = self.read(2)
        if way < 3:
            return (0, 1 + self.read(4), 17 + self.read(8))[way] if way else 0
        value, shift = self.read(12), 12
        while self.flag():
            value |= self.read(8 if shift < 60 else 4) << shift
            shift += 8
            if shift > 60:
                break
        return value

    def skip_floats(self, count: int) -> None:
        self.read(16 * count)

    def align(self) -> None:
        """Go on at the next whole byte."""
        self.at = (self.at + 7) // 8 * 8

    def no_extensions(self) -> None:
        if self.large():
            raise _Rare


@dataclass(frozen=True, slots=True)
class _Picture:
    width: int
    height: int
    animated: bool
    timecodes: bool
    extra: int
    xyb: bool


def end_of_frames(view: memoryview) -> int | None:
    """Where the last frame of a codestream ends, which is beyond the data if it is cut short.

    None where it is not told in a way that is followed here.
    """
    bits = _Bits(view, 16)  # behind the signature
    try:
        picture = _header(bits)
        for _ in range(_MOST_FRAMES):
            bits.align()
            if _frame(bits, picture):
                return bits.at // 8
    except _Rare:
        return None
    except _Cut:
        return len(view) + 1
    return None


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()

    def side() -> int:
        return 8 * (1 + bits.read(5)) if small else bits.number(_SIDE)

    height = side()
    ratio = bits.read(3)
    across, down = _RATIOS[ratio]
    return (height * across // down if ratio else side()), height


def _depth(bits: _Bits) -> None:
    fraction = bits.flag()
    bits.number(
        ((32, 0), (16, 0), (24, 0), (1, 6)) if fraction else ((8, 0), (10, 0), (12, 0), (1, 6))
    )
    if fraction:
        bits.read(4)


def _header(bits: _Bits) -> _Picture:
    """The size and the metadata of the picture."""
    width, height = _size(bits)
    animated = timecodes = more = False
    extra, xyb = 0, True
    if not bits.flag():
        more = bits.flag()
        if more:
            bits.read(3)  # orientation
            if bits.flag():
                _size(bits)
            if bits.flag():
                raise _Rare  # a preview
            animated = bits.flag()
            if animated:
                bits.number(((100, 0), (1000, 0), (1, 10), (1, 30)))
                bits.number(((1, 0), (1001, 0), (1, 8), (1, 10)))
                bits.number(((0, 0), (0, 3), (0, 16), (0, 32)))
                timecodes = bits.flag()
        _depth(bits)
        bits.flag()
        extra = bits.number(((0, 0), (1, 0), (2, 4), (1, 12)))
        for _ in range(extra):
            _extra_channel(bits)
        xyb = bits.flag()
        _colours(bits)
        if more and not bits.flag():
            bits.skip_floats(2)
            bits.flag()
            bits.skip_floats(1)
        bits.no_extensions()
    if not bits.flag():
        raise _Rare  # own matrices
    return _Picture(width, height, animated, timecodes, extra, xyb)


def _extra_channel(bits: _Bits) -> None:
    if bits.flag():
        return
    kind = bits.number(_ENUM)
    _depth(bits)
    bits.number(((0, 0), (3, 0), (4, 0), (1, 3)))
    bits.read(8 * bits.number(_NAME))
    if kind:
        raise _Rare
    bits.flag()  # alpha: multiplied or not


def _colours(bits: _Bits) -> None:
    if bits.flag():
        return
    if bits.flag():
        raise _Rare  # a profile
    space = bits.number(_ENUM)
    if space != _XYB:
        white = bits.number(_ENUM)
        primaries = bits.number(_ENUM) if space != _GREY else 1
        if _XYB in (white, primaries):  # 2 is "custom" here
            raise _Rare
        bits.read(24) if bits.flag() else bits.number(_ENUM)
    bits.number(_ENUM)


def _frame(bits: _Bits, picture: _Picture) -> bool:
    """Go behind a frame; returns whether it is the last."""
    width, height, shift, passes, last = picture.width, picture.height, 1, 1, True
    if not bits.flag():
        kind, modular, flags = bits.read(2), bits.read(1) == _MODULAR, bits.large()
        if kind == _LOW or flags & _LOW_FREQUENCIES:
            raise _Rare
        ycbcr = not picture.xyb and bits.flag()
        if ycbcr:
            bits.read(6)
        upsampling = bits.number(_UPSAMPLING)
        for _ in range(picture.extra):
            bits.number(_UPSAMPLING)
        if modular:
            shift = bits.read(2)
        elif picture.xyb:
            bits.read(6)
        if kind != _REFERENCE:
            passes = _passes(bits)
        cropped = bits.flag()
        if cropped:
            if kind != _REFERENCE:
                left, top = bits.number(_CROP), bits.number(_CROP)
                cropped = left > 0 or top > 0
            inner = bits.number(_CROP), bits.number(_CROP)
            cropped = cropped or inner[0] < width or inner[1] < height
            width, height = inner
        mode, duration, last = _REPLACE, 0, False
        if kind in (_REGULAR, _SKIP):
            mode = _blending(bits, picture, cropped)
            for _ in range(picture.extra):
                _blending(bits, picture, cropped)
            if picture.animated:
                duration = bits.number(((0, 0), (1, 0), (0, 8), (0, 32)))
                if picture.timecodes:
                    bits.read(32)
            last = bits.flag()
        kept = 0 if last else bits.read(2)
        usable = not last and (duration == 0 or kept)
        if kind == _REFERENCE or (usable and mode == _REPLACE and not cropped):
            bits.flag()
        bits.read(8 * bits.number(_NAME))
        _filters(bits, modular)
        bits.no_extensions()
        width, height = -(-width // upsampling), -(-height // upsampling)
    _contents(bits, width, height, 128 << shift, passes)
    return last


def _passes(bits: _Bits) -> int:
    count = bits.number(((1, 0), (2, 0), (3, 0), (4, 3)))
    if count > 1:
        coarse = bits.number(((0, 0), (1, 0), (2, 0), (3, 1)))
        bits.read(2 * (count - 1))
        for _ in range(coarse):
            bits.number(_UPSAMPLING)
        for _ in range(coarse):
            bits.number(((0, 0), (1, 0), (2, 0), (0, 3)))
    return count


def _blending(bits: _Bits, picture: _Picture, cropped: bool) -> int:
    mode = bits.number(((0, 0), (1, 0), (2, 0), (3, 2)))
    mixed = picture.extra > 0 and mode in (_BLEND, _WEIGHTED)
    if mixed:
        bits.number(((0, 0), (1, 0), (2, 0), (3, 3)))
    if mixed or mode == _MULTIPLY:
        bits.flag()
    if mode != _REPLACE or cropped:
        bits.read(2)
    return mode


def _filters(bits: _Bits, modular: bool) -> None:
    if bits.flag():
        return
    if bits.flag() and bits.flag():
        bits.skip_floats(6)
    if bits.read(2):
        if not modular and bits.flag():
            bits.skip_floats(8)
        if bits.flag():
            bits.skip_floats(5)
        if bits.flag():
            bits.skip_floats(3 if modular else 4)
        if modular:
            bits.skip_floats(1)
    bits.no_extensions()


def _contents(bits: _Bits, width: int, height: int, group: int, passes: int) -> None:
    """Go behind the sections that the table of contents tells the sizes of."""

    def groups(side: int) -> int:
        return -(-width // side) * -(-height // side)

    count = groups(group)
    sections = 1 if count * passes == 1 else 2 + groups(8 * group) + count * passes
    if bits.flag():
        raise _Rare  # in another order
    bits.align()
    if sections > 8 * len(bits.view):
        raise _Rare
    total = sum(bits.number(_ENTRY) for _ in range(sections))
    bits.align()
    bits.at += 8 * total
