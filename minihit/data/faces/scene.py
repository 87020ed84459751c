"""What is behind and below the head: background, neck and clothes."""

import numpy as np

from minihit.data.faces.attributes import BACKGROUNDS, CLOTHES
from minihit.data.faces.drawing import clipped, coverage, crop, ellipse, fill, mirrored, paint, rounded_box, style_is


def background(picture, face):
    """A vertical ramp of two colours, with a lighter disc, half or dots."""
    x, y = picture.x, picture.y  # (h, w, 1): the patterns are the same for all faces
    picture.colors[:] = face.background_color
    paint(picture, 0.3 + 0.3 * y, face.background_low_color)
    halo = coverage(ellipse(picture, 0.0, -0.05, 0.87, 0.87), picture.pixel)
    diagonal = coverage(0.7 * (x + y) + 0.1, picture.pixel)
    dots = coverage(0.6 - np.sin(11.0 * x) * np.sin(11.0 * y), 9 * picture.pixel)
    alpha = 0.5 * style_is(face.background, BACKGROUNDS, "halo") * halo
    alpha += 0.35 * style_is(face.background, BACKGROUNDS, "diagonal") * diagonal
    alpha += 0.45 * style_is(face.background, BACKGROUNDS, "dots") * dots
    paint(picture, alpha, face.white)


def neck(picture, face):
    """The neck with the chin's shadow on it."""
    window = crop(picture, -0.35, 0.3, 0.35, 1)
    column = rounded_box(window, 0.0, 0.62, 0.2, 0.42, 1.0)
    fill(window, column, face.skin_color)
    shadow = ellipse(window, face.shift_x, 0.42 + face.shift_y, 0.9 * face.head_width, 0.27)
    fill(clipped(window, coverage(column, window.pixel)), shadow, face.skin_dark, 0.85, edge=0.05)


def clothes(picture, face):
    """Shoulders with stripes and sleeves, the neckline with its collar."""
    window = mirrored(crop(picture, -0.95, 0.5, 0.95, 1))
    torso = rounded_box(window, 0.0, 1.2, face.build, 0.48, 0.6)
    fill(window, torso, face.clothes_color)
    cloth = clipped(window, coverage(torso, window.pixel))
    stripes = np.abs(np.mod(7.0 * window.y, 1.0) - 0.5) - 0.25
    fill(cloth, stripes / 7, face.accent_color, style_is(face.clothes, CLOTHES, "striped"))
    fill(cloth, 0.72 * face.build - window.x + 0.3 * (window.y - 1), face.shade, 0.12, edge=0.03)
    neckline(crop(cloth, -0.4, 0.5, 0.4, 1), face)
    turtleneck(crop(window, -0.3, 0.6, 0.3, 1), face)


def turtleneck(window, face):
    """A collar up the neck, with a fold."""
    worn = style_is(face.clothes, CLOTHES, "turtleneck")
    collar = rounded_box(window, 0.0, 0.78, 0.235, 0.14, 1.0)
    fill(window, collar, face.clothes_color, worn)
    fold = np.abs(window.y - 0.86 + 0.3 * window.x * window.x) - 0.01
    fill(window, np.maximum(fold, window.x - 0.18), face.shade, 0.25 * worn)


def neckline(cloth, face):
    """A round neckline or a V, with a rim or with the flaps of a shirt's collar."""
    rounded = ellipse(cloth, 0.0, 0.68, 0.27, 0.17)
    pointed = 0.84 * cloth.x + 0.54 * cloth.y - 0.5
    has_point = style_is(face.clothes, CLOTHES, "v-neck", "shirt")
    opening = rounded + has_point * (pointed - rounded)
    opening += style_is(face.clothes, CLOTHES, "turtleneck")  # closed
    flaps = np.maximum(pointed - 0.1, 0.54 * cloth.y - 0.2 * cloth.x - 0.42)
    fill(cloth, opening - 0.035, face.accent_color, 1 - style_is(face.clothes, CLOTHES, "shirt", "turtleneck"))
    fill(cloth, flaps - 0.02, face.shade, 0.2 * style_is(face.clothes, CLOTHES, "shirt"))
    fill(cloth, flaps, face.clothes_light, style_is(face.clothes, CLOTHES, "shirt"))
    fill(cloth, opening, face.skin_color)
