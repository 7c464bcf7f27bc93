"""Photos for the demo: painted landscapes, and what every real folder holds besides.

Needs Pillow, which comes with the `sandbox` extra. The landscapes are the same each time, but for
their grain.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

SIZE = (1280, 853)
SHRINK = 4
GRAIN = 18.0
QUALITY = 88
FIRST_TAKEN = datetime(2023, 4, 2, 6, 40)  # noqa: DTZ001 - cameras write the local time
MAKE, MODEL = 0x010F, 0x0110
EXIF_IFD, DATE_TIME_ORIGINAL = 0x8769, 0x9003

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Light:
    """A time of day: how the sky goes from top to horizon, and what shines in it."""

    name: str
    hour: int
    top: Colour
    horizon: Colour
    land: Colour
    shine: Colour
    height: float


@dataclass(frozen=True)
class Place:
    """A landscape: how many ridges it has, how rough they are, and whether they end in water."""

    name: str
    ridges: int
    roughness: float
    has_water: bool = False


LIGHTS = (
    Light("at dawn", 6, (58, 66, 120), (255, 190, 150), (38, 32, 62), (255, 236, 200), 0.60),
    Light(
        "in the morning", 9, (86, 152, 214), (222, 238, 246), (30, 66, 60), (255, 252, 236), 0.34
    ),
    Light("at noon", 12, (38, 112, 196), (190, 222, 244), (26, 78, 44), (255, 255, 246), 0.18),
    Light("in the rain", 15, (92, 104, 116), (178, 186, 190), (40, 52, 56), (206, 212, 214), 0.30),
    Light("at dusk", 20, (48, 30, 84), (244, 122, 78), (28, 16, 40), (255, 214, 138), 0.62),
    Light("by moonlight", 23, (8, 12, 34), (46, 62, 108), (4, 8, 20), (236, 240, 255), 0.24),
)
PLACES = (
    Place("Northern ridge", 5, 1.0),
    Place("Salt lake", 3, 0.35, has_water=True),
    Place("Long valley", 6, 0.6),
    Place("Quiet bay", 2, 0.5, has_water=True),
    Place("Old pass", 4, 1.5),
    Place("Far islands", 3, 0.8, has_water=True),
)


def make_photos(directory: Path) -> int:
    """Fill `directory`; returns how many files were made.

    Beside the landscapes: a copy under another name, a text with a photo's name, an empty file.
    """
    _grain()  # before the painters need it all at once
    with ThreadPoolExecutor() as painters:
        made = list(painters.map(_make, *zip(*_scenes(directory), strict=True)))
    copies = directory / "copies"
    copies.mkdir(parents=True)
    shutil.copy2(made[0], copies / f"{made[0].stem} (1).jpg")
    (directory / "shopping list.jpg").write_text("milk, bread, a new memory card\n")
    (directory / "broken transfer.jpg").touch()
    return len(made) + 3


def _scenes(directory: Path) -> Iterator[tuple[Path, Place, Light, datetime]]:
    for month, place in enumerate(PLACES):
        for light in LIGHTS:
            taken = (FIRST_TAKEN + timedelta(days=31 * month)).replace(hour=light.hour)
            path = directory / f"{taken:%Y-%m}" / f"{place.name} {light.name}.jpg"
            yield path, place, light, taken


def _make(path: Path, place: Place, light: Light, taken: datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(_painted(place, light, Random(path.name)), path, taken)
    return path


def _save(picture: Image.Image, path: Path, taken: datetime) -> None:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = "uploadd", "Paintbox"
    exif.get_ifd(EXIF_IFD)[DATE_TIME_ORIGINAL] = f"{taken:%Y:%m:%d %H:%M:%S}"
    picture.save(path, quality=QUALITY, exif=exif)
    os.utime(path, (taken.timestamp(), taken.timestamp()))


def _painted(place: Place, light: Light, dice: Random) -> Image.Image:
    picture = _sky(light)
    _shine(picture, light, dice)
    horizon = dice.uniform(0.5, 0.6)
    for ridge in range(place.ridges):
        nearness = (ridge + 1) / place.ridges
        _ridge(picture, light, place, dice, horizon + 0.3 * nearness**1.5, nearness)
    if place.has_water:
        _water(picture, light)
    return ImageChops.overlay(picture, _grain())


@cache
def _grain() -> Image.Image:
    """The noise of a sensor; one for all, because making it takes longer than the rest."""
    return Image.effect_noise(SIZE, GRAIN).convert("RGB")


def _sky(light: Light) -> Image.Image:
    gradient = Image.linear_gradient("L").resize(SIZE)
    return ImageOps.colorize(gradient, light.top, light.horizon)


def _shine(picture: Image.Image, light: Light, dice: Random) -> None:
    """The sun or the moon, with its glow: drawn small, because it is blurred anyway."""
    width, height = SIZE[0] // SHRINK, SIZE[1] // SHRINK
    x, y = dice.uniform(0.2, 0.8) * width, light.height * height
    for radius, blur, strength in ((40, 24, 130), (12, 1, 255)):
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=strength
        )
        picture.paste(light.shine, mask=mask.filter(ImageFilter.GaussianBlur(blur)).resize(SIZE))


def _ridge(
    picture: Image.Image, light: Light, place: Place, dice: Random, base: float, nearness: float
) -> None:
    """One line of hills, the darker the nearer."""
    width, height = SIZE
    waves = [
        (
            dice.uniform(0.5, 1.0) / octave,
            octave * dice.uniform(0.8, 1.4),
            dice.uniform(0, math.tau),
        )
        for octave in (1, 2, 4, 9, 17)
    ]
    points: list[tuple[float, float]] = []
    for x in range(0, width + 8, 8):
        lift = sum(size * math.sin(math.tau * pace * x / width + at) for size, pace, at in waves)
        points.append((x, (base - 0.06 * place.roughness * lift) * height))
    colour = _between(light.horizon, light.land, 0.25 + 0.75 * nearness)
    ImageDraw.Draw(picture).polygon([*points, (width, height), (0, height)], fill=colour)


def _water(picture: Image.Image, light: Light) -> None:
    """The lower part mirrors what is above it, a little darker."""
    width, height = SIZE
    shore = round(height * 0.78)
    above = picture.crop((0, 2 * shore - height, width, shore))
    mirrored = ImageOps.flip(above).filter(ImageFilter.GaussianBlur(4))
    tint = Image.new("RGB", mirrored.size, light.top)
    picture.paste(Image.blend(mirrored, tint, 0.35), (0, shore))


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
