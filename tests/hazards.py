"""Clips in which a face is easily missed for a frame: real faces, drawn anew for each frame.

``HAZARDS`` maps what is the matter to a function that gives the frames of such a clip, each with
the tight boxes of the faces in it. It has 25 frames a second.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from tests.pictures import Edges, Pixels, portrait

WIDTH, HEIGHT = 400, 240
SIDE = 84
"""Pixels of a square with a head in it; the face is half as wide."""


@dataclass
class Shown:
    """A frame in the making: its pixels, and where faces are in it, as long as they can be seen."""

    pixels: Pixels
    faces: list[Edges] = field(default_factory=list)

    def draw(
        self,
        who: str,
        x: float,
        y: float,
        side: int = SIDE,
        *,
        narrow: float = 1.0,
        blur: tuple[int, int] = (1, 1),
        clear: float = 1.0,
    ) -> Shown:
        """Put a head with its middle at (x, y), narrower, blurred or hardly there if so told."""
        square, box = portrait(who, side)
        size = max(2, round(side * narrow)), side
        head = cv2.resize(square, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        shape = cv2.resize(_oval(side), size, interpolation=cv2.INTER_AREA)
        left, top = round(x - size[0] / 2), round(y - side / 2)
        pad = max(blur)
        layer = np.zeros((HEIGHT + 2 * pad, WIDTH + 2 * pad, 4), np.float32)
        part, (rows, columns) = _cut(head, shape, left + pad, top + pad, layer.shape)
        layer[rows, columns] = part
        if blur != (1, 1):
            layer = cv2.blur(layer, blur)
        layer = layer[pad : pad + HEIGHT, pad : pad + WIDTH]
        share = clear * layer[..., 3:]
        self.pixels = (self.pixels * (1 - share) + clear * layer[..., :3]).astype(np.uint8)
        edges = (
            max(0, left + round(box[0] * narrow)),
            max(0, top + box[1]),
            min(WIDTH, left + round(box[2] * narrow)),
            min(HEIGHT, top + box[3]),
        )
        # Of a third of a face at the border nobody is known.
        whole = (box[2] - box[0]) * narrow * (box[3] - box[1])
        inside = max(0, edges[2] - edges[0]) * max(0, edges[3] - edges[1])
        if inside > 0.5 * whole and clear >= 0.3:
            self.faces.append(edges)
        return self

    def lit(self, gain: float, more: float = 0.0) -> Shown:
        """All of it brighter or darker."""
        self.pixels = (self.pixels * gain + more).clip(0, 255).astype(np.uint8)
        return self


@functools.cache
def _oval(side: int) -> Pixels:
    """How much of each pixel is the head: 1 inside, soft at the edge."""
    mask = np.zeros((side, side), np.float32)
    middle, axes = (side / 2, side / 2), (0.66 * side, 0.9 * side)
    cv2.ellipse(mask, (middle, axes, 0), 1, -1)
    return cv2.GaussianBlur(mask, (0, 0), max(0.6, side / 40))


def _cut(
    head: Pixels, shape: Pixels, left: int, top: int, whole: tuple[int, ...]
) -> tuple[Pixels, tuple[slice, slice]]:
    """What of the head lies in the picture, laid on with its shape, and where that is."""
    height, width = whole[:2]
    near, far = max(0, left), min(width, left + head.shape[1])
    upper, lower = max(0, top), min(height, top + head.shape[0])
    near, upper = min(near, width), min(upper, height)
    far, lower = max(far, near), max(lower, upper)
    rows, columns = slice(upper - top, lower - top), slice(near - left, far - left)
    alpha = shape[rows, columns, None]
    part = np.concatenate([head[rows, columns] * alpha, alpha], axis=2)
    return part, (slice(upper, lower), slice(near, far))


@functools.cache
def _ground(seed: int, low: int, high: int) -> Pixels:
    """Something out of focus, between two levels of brightness."""
    chance = np.random.default_rng(seed)
    coarse = chance.uniform(low, high, (6, 10, 1)) + chance.uniform(-15, 15, (6, 10, 3))
    coarse = coarse.astype(np.float32)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).clip(0, 255)


def ground(index: int, seed: int = 1, low: int = 60, high: int = 150) -> Shown:
    """A frame without anybody, with a little noise of its own."""
    noise = np.random.default_rng(100 * seed + index).normal(0, 2, (HEIGHT, WIDTH, 1))
    return Shown((_ground(seed, low, high) + noise).clip(0, 255).astype(np.uint8))


Clip = Iterator[Shown]


def fading_in() -> Clip:
    for index in range(24):
        yield ground(index).draw("hopper", 220, 110, clear=min(1.0, max(0.0, (index - 4) / 12)))


def coming_in() -> Clip:
    for index in range(24):
        yield ground(index).draw("collins", -40 + 6 * index, 120)


def going_out() -> Clip:
    for index in range(24):
        yield ground(index).draw("hopper", 330 + 7 * index, 120)


def coming_down() -> Clip:
    for index in range(24):
        yield ground(index).draw("hopper", 200, -50 + 12 * index)


def turning() -> Clip:
    """To a profile that hardly looks like a face, and back."""
    for index in range(30):
        away = np.sin(np.pi * np.clip((index - 5) / 20, 0, 1))
        blur = 1 + 2 * round(2 * away)
        yield ground(index).draw(
            "collins", 200 + 2 * index, 120, narrow=1 - 0.6 * away, blur=(blur, blur)
        )


def behind_a_pole() -> Clip:
    for index in range(30):
        shown = ground(index).draw("hopper", 90 + 7 * index, 120)
        shown.pixels[:, 185:225] = 70, 60, 50
        shown.faces = [box for box in shown.faces if box[2] <= 195 or box[0] >= 215]
        yield shown


def crossing() -> Clip:
    for index in range(30):
        shown = ground(index).draw("collins", 330 - 9 * index, 112)
        mine = shown.faces.pop() if shown.faces else None
        shown.draw("hopper", 60 + 9 * index, 120)
        other = shown.faces[0] if shown.faces else None
        if mine and (other is None or mine[2] <= other[0] or mine[0] >= other[2]):
            shown.faces.append(mine)
        yield shown


def cut() -> Clip:
    for index in range(12):
        yield ground(index).draw("hopper", 80, 90)
    for index in range(12):
        yield ground(index, 2, 120, 240).draw("collins", 320, 150)


def cut_and_back() -> Clip:
    for index in range(23):
        if 10 <= index < 13:
            yield ground(index, 2, 120, 240).draw("collins", 320, 150)
        else:
            yield ground(index).draw("hopper", 80, 90)


def quiet_cut() -> Clip:
    """Both scenes are alike, but for who is where."""
    for index in range(24):
        if index < 12:
            yield ground(index).draw("hopper", 80, 90)
        else:
            yield ground(index).draw("collins", 320, 150)


def quick_cuts() -> Clip:
    """Scenes of three frames, each with another face in another place."""
    for index in range(24):
        scene = index // 3
        low = 20 + 90 * (scene % 2)
        who = "hopper" if scene % 3 else "collins"
        x, y = 60 + 137 * scene % 300, 60 + 53 * scene % 130
        yield ground(index, 5 + scene, low, low + 130).draw(who, x, y)


def two_frames() -> Clip:
    """A scene of two frames with a face, between two without."""
    for index in range(22):
        if 10 <= index < 12:
            yield ground(index, 2, 120, 240).draw("collins", 300, 140)
        else:
            yield ground(index)


def one_frame() -> Clip:
    """The camera stands still, and a face is there in a single frame."""
    for index in range(22):
        shown = ground(index)
        yield shown.draw("hopper", 230, 120) if index == 10 else shown


def short_visit() -> Clip:
    """The camera stands still, and a face is there in four frames."""
    for index in range(22):
        shown = ground(index)
        yield shown.draw("collins", 150, 130) if 9 <= index < 13 else shown


def running() -> Clip:
    """As fast as a shutter that is open for half of the time smears by a fifth of a face."""
    for index in range(20):
        yield ground(index).draw("hopper", 30 + 18 * index, 120, blur=(9, 1))


def jerking() -> Clip:
    """The camera is torn aside for four frames, and what it shows is smeared."""
    for index in range(24):
        torn = 10 <= index < 14
        x = 120 + (min(index, 14) - 10) * 30 * (index >= 10)
        yield ground(index).draw("collins", x, 120, blur=(31, 1) if torn else (1, 1))


def flash() -> Clip:
    for index in range(22):
        shown = ground(index).draw("collins", 200 + index, 120)
        yield shown.lit(1.3, 90) if index in (8, 9, 15) else shown


def growing() -> Clip:
    """From a face of a few pixels to one that fills the frame."""
    for index in range(40):
        yield ground(index).draw("hopper", 200, 120, side=round(24 * 1.07**index))


def fading_out() -> Clip:
    """All of the picture, to black."""
    for index in range(24):
        yield ground(index).draw("hopper", 230, 120).lit(1 - min(20, index) / 20 * 0.95)


def dissolving() -> Clip:
    """One scene becomes another, each with a face."""
    for index in range(26):
        share = float(np.clip((index - 7) / 12, 0, 1))
        one = ground(index).draw("hopper", 90, 100)
        other = ground(index, 2, 120, 240).draw("collins", 310, 130)
        mixed = (one.pixels * (1 - share) + other.pixels * share).astype(np.uint8)
        faces = one.faces * (share <= 0.7) + other.faces * (share >= 0.3)
        yield Shown(mixed, faces)


def tilting() -> Clip:
    """The camera is turned by a third of a circle and back."""
    for index in range(30):
        shown = ground(index).draw("hopper", 200, 120)
        degrees = 120 * np.sin(np.pi * index / 29)
        around = cv2.getRotationMatrix2D((200, 120), degrees, 1)
        turned = cv2.warpAffine(
            shown.pixels, around, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT
        )
        yield Shown(turned, shown.faces)


HAZARDS: dict[str, Callable[[], Clip]] = {
    one.__name__.replace("_", " "): one
    for one in (
        fading_in,
        coming_in,
        going_out,
        coming_down,
        turning,
        behind_a_pole,
        crossing,
        cut,
        cut_and_back,
        quiet_cut,
        quick_cuts,
        two_frames,
        one_frame,
        short_visit,
        running,
        jerking,
        flash,
        growing,
        fading_out,
        dissolving,
        tilting,
    )
}
