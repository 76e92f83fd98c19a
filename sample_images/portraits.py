"""Two people cut out of portraits in the public domain, to be placed into pictures.

- Grace Hopper, US Navy portrait, carried by matplotlib ("grace_hopper.jpg");
- Eileen Collins, NASA portrait, carried by scikit-image (``skimage.data.astronaut``).

Coordinates are pixels with the origin at the top left; angles are degrees, counterclockwise.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from matplotlib import cbook
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from skimage import data

PAD = 120  # pixels added around a portrait, so that a tilted head stays inside
Point = tuple[float, float]
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Portrait:
    """Hand-traced outlines in a portrait's own pixels.

    ``face`` is an ellipse from hairline to chin (centre x, centre y, half width, half height);
    the head turns around ``pivot`` and fades out between the two heights of ``fade``; ``under``
    is painted over what the head leaves behind on the ``torso`` when it turns.
    """

    name: str
    head: tuple[Point, ...]
    torso: tuple[Point, ...]
    under: tuple[Point, ...]
    under_colour: tuple[int, int, int]
    fade: tuple[int, int]
    pivot: Point
    face: tuple[float, float, float, float]


# fmt: off
HOPPER = Portrait(
    name="hopper",
    head=(
        (176, 80), (160, 92), (153, 106), (150, 130), (151, 155), (158, 175), (155, 190),
        (156, 207), (161, 224), (163, 240), (162, 268), (172, 282), (190, 291), (201, 300),
        (204, 318), (209, 345), (222, 366), (312, 366), (327, 335), (331, 308), (345, 303),
        (357, 288), (361, 268), (365, 240), (374, 207), (374, 190), (368, 181), (371, 140),
        (369, 102), (365, 89), (354, 86), (350, 76), (340, 61), (325, 49), (304, 43),
        (294, 35), (280, 28), (257, 25), (238, 29), (222, 41), (201, 48), (186, 60),
    ),
    torso=(
        (203, 312), (190, 330), (174, 343), (150, 351), (98, 366), (70, 382), (54, 397),
        (43, 424), (35, 455), (30, 478), (511, 478), (511, 440), (504, 425), (494, 396),
        (464, 377), (422, 366), (363, 341), (331, 312),
    ),
    under=((204, 306), (331, 306), (328, 330), (318, 339), (216, 339), (208, 330)),
    under_colour=(142, 84, 68),
    fade=(340, 366),
    pivot=(265, 345),
    face=(264, 233, 88, 100),
)
COLLINS = Portrait(
    name="collins",
    head=(
        (240, 16), (258, 20), (276, 31), (287, 42), (296, 58), (300, 80), (298, 97),
        (292, 110), (283, 119), (272, 127), (267, 134), (262, 150), (257, 163), (254, 178),
        (253, 200), (244, 216), (202, 216), (191, 200), (187, 180), (184, 163), (182, 150),
        (180, 131), (174, 129), (170, 118), (161, 110), (156, 98), (154, 82), (154, 68),
        (158, 58), (170, 49), (185, 41), (193, 29), (206, 21), (222, 17),
    ),
    torso=(
        (184, 149), (165, 150), (153, 152), (140, 159), (130, 170), (123, 187), (114, 192),
        (114, 205), (100, 216), (80, 235), (60, 257), (46, 290), (36, 336), (358, 336),
        (352, 307), (342, 285), (327, 251), (304, 234), (299, 215), (290, 201), (276, 187),
        (256, 174),
    ),
    under=((180, 146), (262, 146), (257, 190), (235, 194), (186, 184)),
    under_colour=(24, 22, 22),
    fade=(192, 214),
    pivot=(222, 196),
    face=(225, 129, 43, 51),
)
# fmt: on


@functools.cache
def pixels(portrait: Portrait) -> Image.Image:
    """The whole portrait as RGB, out of the package that carries it."""
    if portrait is COLLINS:
        return Image.fromarray(data.astronaut())
    with cbook.get_sample_data("grace_hopper.jpg") as stream:
        return Image.open(stream).convert("RGB")


@functools.cache
def cut(portrait: Portrait, part: str) -> Image.Image:
    """The "head" or "torso" as RGBA with soft edges, ``PAD`` pixels added on each side."""
    picture = pixels(portrait).copy()
    draw = ImageDraw.Draw(picture)
    if part == "torso":
        draw.polygon(portrait.under, fill=portrait.under_colour)
    outline = portrait.torso if part == "torso" else portrait.head
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    # Blurred and pulled inwards, so that nothing of the old background shines through.
    alpha = np.asarray(mask.filter(ImageFilter.GaussianBlur(1.6)), float) * 1.8 - 204
    if part == "head":
        start, end = portrait.fade
        alpha *= np.clip((end - np.arange(picture.height)) / (end - start), 0, 1)[:, None]
    picture.putalpha(Image.fromarray(alpha.clip(0, 255).astype(np.uint8)))
    padded = Image.new("RGBA", (picture.width + 2 * PAD, picture.height + 2 * PAD))
    padded.paste(picture, (PAD, PAD))
    return padded


@dataclass(frozen=True)
class Look:
    """How a person appears: face height in pixels, tilt in degrees to the left, and treatment.

    ``hue`` turns the colour of the orange suit, 0 to 255; ``cast`` multiplies red, green, blue.
    """

    size: float
    tilt: float = 0
    mirror: bool = False
    gain: float = 1
    contrast: float = 1
    cast: Colour = (1, 1, 1)
    hue: int = 0


def treat(layer: Image.Image, look: Look) -> Image.Image:
    """Contrast, brightness and colour cast; transparency stays."""
    colour = np.asarray(layer.convert("RGB"), float)
    colour = ((colour - 110) * look.contrast + 110) * look.gain * np.array(look.cast)
    treated = Image.fromarray(colour.clip(0, 255).astype(np.uint8))
    treated.putalpha(layer.getchannel("A"))
    return treated


def dye(layer: Image.Image, hue: int) -> Image.Image:
    """The clothes in another colour."""
    bands = layer.convert("RGB").convert("HSV").split()
    shifted = Image.merge("HSV", (bands[0].point(lambda h: (h + hue) % 256), *bands[1:]))
    dyed = shifted.convert("RGB")
    dyed.putalpha(layer.getchannel("A"))
    return dyed


def place(scene: Image.Image, who: Portrait, look: Look, x: float, y: float) -> list[int]:
    """Draw a person with the middle of the face at (x, y); returns the tight face box.

    The box is [left, top, right, bottom] in half-open pixels, clipped to the scene.
    """
    centre_x, centre_y, half_width, half_height = who.face
    pivot_x, pivot_y = who.pivot
    head = cut(who, "head").rotate(
        look.tilt, Image.Resampling.BICUBIC, center=(pivot_x + PAD, pivot_y + PAD)
    )
    body = dye(cut(who, "torso"), look.hue) if who is COLLINS else cut(who, "torso").copy()
    body.alpha_composite(head)

    cosine, sine = math.cos(math.radians(look.tilt)), math.sin(math.radians(look.tilt))
    right, down = centre_x - pivot_x, centre_y - pivot_y
    face_x = PAD + pivot_x + cosine * right + sine * down
    face_y = PAD + pivot_y - sine * right + cosine * down
    if look.mirror:
        body, face_x = ImageOps.mirror(body), body.width - face_x

    scale = look.size / (2 * half_height)
    size = (round(body.width * scale), round(body.height * scale))
    body = treat(body.resize(size, Image.Resampling.LANCZOS), look)
    corner = (round(x - face_x * scale), round(y - face_y * scale))
    layer = Image.new("RGBA", scene.size)
    layer.paste(body, corner)
    scene.alpha_composite(layer)

    half = (
        scale * math.hypot(half_width * cosine, half_height * sine),
        scale * math.hypot(half_width * sine, half_height * cosine),
    )
    middle = (corner[0] + face_x * scale, corner[1] + face_y * scale)
    edges = [middle[i] + sign * half[i] for sign in (-1, 1) for i in (0, 1)]
    limits = [*scene.size, *scene.size]
    return [min(max(round(edge), 0), limit) for edge, limit in zip(edges, limits, strict=True)]
