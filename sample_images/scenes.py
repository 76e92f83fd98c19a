"""The pictures: generated walls, skies and hills with the two people placed into them.

Each function returns the same pixels at each call; sizes and places are in pixels.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from portraits import COLLINS, HOPPER, Colour, Look, place

SEED = 20260314
CASTS = [(1, 1, 1), (1.05, 1, 0.88), (0.9, 0.98, 1.1), (1, 1.05, 0.92), (1.06, 0.96, 0.96)]
HUES = [0, 30, 90, 130, 160, 205]
TILTS = [-28, -19, -10, 0, 0, 9, 17, 26]


def gradient(width: int, height: int, top: Colour, bottom: Colour, grain: float = 2) -> Image.Image:
    """A wall or a sky: two colours from top to bottom, with a little grain against banding."""
    share = np.linspace(0, 1, height)[:, None, None]
    colour = np.array(top) * (1 - share) + np.array(bottom) * share
    noise = np.random.default_rng(SEED).normal(0, grain, (height, width, 1))
    return Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8)).convert("RGBA")


def light(scene: Image.Image, x: float, y: float, radius: float, factor: Colour) -> None:
    """Brighten or darken around (x, y): by ``factor`` in the middle, by nothing far outside."""
    rows, columns = np.mgrid[: scene.height, : scene.width]
    near = np.exp(-2 * ((columns - x) ** 2 + (rows - y) ** 2) / radius**2)[..., None]
    colour = np.asarray(scene.convert("RGB"), float) * (1 + (np.array(factor) - 1) * near)
    scene.paste(Image.fromarray(colour.clip(0, 255).astype(np.uint8)))


def parapet(scene: Image.Image, top: int, bottom: int, tone: int) -> None:
    """A low concrete wall across the picture, which hides what stands behind it."""
    wall = gradient(scene.width, bottom - top, (tone,) * 3, (tone * 0.78,) * 3, 3)
    draw = ImageDraw.Draw(wall)
    edge = (bottom - top) // 9
    draw.rectangle((0, 0, wall.width, edge), fill=(min(255, tone + 28),) * 3)
    for x in range(90, wall.width, 260):
        draw.line((x, edge, x, bottom), fill=(int(tone * 0.7),) * 3, width=2)
    scene.paste(wall, (0, top))


def row(
    scene: Image.Image, y: int, sizes: tuple[int, int], count: int, rng: np.random.Generator
) -> list[tuple[str, list[int]]]:
    """People side by side across the scene, no two alike; returns their names and face boxes."""
    gap = scene.width / count
    placed = []
    for index in range(count):
        who = (HOPPER, COLLINS)[(index + count) % 2]
        look = Look(
            size=rng.uniform(*sizes),
            tilt=TILTS[rng.integers(len(TILTS))],
            mirror=rng.random() < 0.5,
            gain=rng.uniform(0.72, 1.12),
            contrast=rng.uniform(0.75, 1.1),
            cast=CASTS[rng.integers(len(CASTS))],
            hue=HUES[rng.integers(len(HUES))],
        )
        x = (index + 0.5 + rng.uniform(-0.1, 0.1)) * gap
        box = place(scene, who, look, x, y + rng.uniform(-0.1, 0.1) * look.size)
        placed.append((who.name, box))
    return placed


def stand() -> tuple[Image.Image, list[tuple[str, list[int]]]]:
    """A full grandstand in four tiers, its right corner dark, and where the faces are."""
    rng = np.random.default_rng(SEED)
    scene = gradient(1600, 1200, (150, 185, 225), (205, 215, 225))
    scene.paste(gradient(1600, 190, (128, 120, 112), (104, 98, 92)), (0, 130))
    faces = row(scene, 195, (24, 31), 20, rng)
    parapet(scene, 223, 290, 150)
    scene.paste(gradient(1600, 160, (96, 90, 86), (120, 112, 106)), (0, 290))
    faces += row(scene, 382, (48, 62), 13, rng)
    parapet(scene, 437, 530, 165)
    scene.paste(gradient(1600, 240, (104, 98, 94), (128, 120, 114)), (0, 530))
    faces += row(scene, 670, (88, 108), 8, rng)
    parapet(scene, 768, 1200, 176)
    front = [
        (HOPPER, Look(200), 250, 1004),
        (COLLINS, Look(158), 640, 1000),
        (HOPPER, Look(168, tilt=-24, mirror=True, cast=(0.9, 0.98, 1.1)), 1010, 1035),
        (COLLINS, Look(150, tilt=28, mirror=True, hue=130), 1390, 1020),
    ]
    faces += [(who.name, place(scene, who, look, x, y)) for who, look, x, y in front]
    light(scene, 1600, 1120, 520, (0.16, 0.16, 0.2))
    return scene.convert("RGB"), sorted(faces, key=lambda face: face[1][1] - face[1][3])


def evening() -> Image.Image:
    """Two people close to the camera in front of blurred lights, upright."""
    scene = gradient(660, 780, (58, 62, 104), (226, 142, 96))
    rng = np.random.default_rng(SEED)
    lamps = ImageDraw.Draw(scene)
    for x, y, radius in rng.uniform((0, 230, 6), (660, 540, 22), (26, 3)):
        lamps.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 214, 150))
    scene = scene.filter(ImageFilter.GaussianBlur(5))
    place(scene, COLLINS, Look(178, tilt=6, cast=(1.05, 0.98, 0.9), hue=130), 200, 420)
    place(scene, HOPPER, Look(226, tilt=-7, cast=(1.05, 0.98, 0.9)), 440, 528)
    return scene.convert("RGB")


def pair(width: int, height: int, size: float) -> Image.Image:
    """The two side by side against a plain wall, cropped below the shoulders."""
    scene = gradient(width, height, (190, 196, 200), (150, 154, 160))
    place(scene, COLLINS, Look(size * 0.86, hue=130), width * 0.28, height - size * 1.2)
    place(scene, HOPPER, Look(size, mirror=True), width * 0.7, height - size * 1.12)
    return scene.convert("RGB")


def window() -> Image.Image:
    """Three people behind a window at dusk."""
    scene = gradient(1000, 600, (66, 54, 44), (120, 92, 62))
    for who, size, x, tilt in (
        (COLLINS, 116, 180, -12),
        (HOPPER, 150, 500, 5),
        (COLLINS, 104, 830, 16),
    ):
        place(scene, who, Look(size, tilt, cast=(1.1, 0.94, 0.74), hue=x % 200), x, 368)
    light(scene, 500, 120, 520, (1.5, 1.3, 1))
    draw = ImageDraw.Draw(scene)
    for x in (0, 330, 665, 976):
        draw.rectangle((x, 0, x + 24, 600), fill=(38, 42, 48))
    draw.rectangle((0, 492, 1000, 600), fill=(52, 56, 62))
    return scene.convert("RGB")


def night() -> Image.Image:
    """Three people under one street lamp, greyscale, mostly noise."""
    scene = gradient(1000, 560, (70, 70, 70), (104, 104, 104), 5)
    for who, size, x, tilt in (
        (HOPPER, 78, 210, -9),
        (COLLINS, 92, 500, 12),
        (HOPPER, 108, 790, 4),
    ):
        place(scene, who, Look(size, tilt, mirror=tilt > 5, contrast=0.8), x, 570 - size * 1.15)
    light(scene, 500, 340, 3000, (0.3, 0.3, 0.3))
    light(scene, 560, 400, 420, (2.4, 2.4, 2.4))
    grey = np.asarray(scene.convert("L"), float)
    grey += np.random.default_rng(SEED).normal(0, 5, grey.shape)
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def hills() -> Image.Image:
    """A landscape with nobody in it."""
    scene = gradient(1200, 800, (120, 170, 220), (236, 226, 206))
    draw = ImageDraw.Draw(scene)
    draw.ellipse((860, 150, 950, 240), fill=(255, 246, 220))
    for depth in range(5):
        base, wave = 380 + 85 * depth, 190 - 28 * depth
        ridge = [
            (x, base + 46 * math.sin(x / wave + 2 * depth) + 17 * math.sin(3.1 * x / wave + depth))
            for x in range(0, 1201, 4)
        ]
        green = (150 - 24 * depth, 176 - 22 * depth, 164 - 30 * depth)
        draw.polygon([(0, 800), *ridge, (1200, 800)], fill=green)
    return scene.convert("RGB").filter(ImageFilter.GaussianBlur(1))


def passing() -> list[Image.Image]:
    """Ten frames of a face that crosses the picture."""
    frames = []
    for step in range(10):
        scene = gradient(320, 240, (150, 160, 172), (112, 118, 128), 0)
        place(scene, COLLINS, Look(84, tilt=6 * math.sin(step), hue=160), 40 + 27 * step, 112)
        frames.append(scene.convert("RGB").quantize(96, dither=Image.Dither.NONE))
    return frames


def cut_out() -> Image.Image:
    """One person on nothing; the neighbour and the wall stay in the transparent pixels."""
    scene = gradient(420, 320, (190, 196, 200), (150, 154, 160), 0)
    place(scene, HOPPER, Look(130, mirror=True), 290, 176)
    person = Image.new("RGBA", scene.size)
    place(person, COLLINS, Look(112, hue=90), 118, 164)
    scene.alpha_composite(person)
    scene.putalpha(person.getchannel("A"))
    return scene


def album() -> list[Image.Image]:
    """Two greyscale portraits, as scanned from an album."""
    pages = [gradient(280, 350, (196, 190, 180), (150, 146, 140), 4) for _ in range(2)]
    place(pages[0], HOPPER, Look(176), 140, 170)
    place(pages[1], COLLINS, Look(150), 145, 160)
    return [page.convert("L") for page in pages]


def badge() -> Image.Image:
    """A small portrait against blue."""
    scene = gradient(150, 180, (120, 150, 190), (90, 110, 150))
    place(scene, HOPPER, Look(94), 75, 86)
    return scene.convert("RGB")
