"""Anti-aliased drawing of many faces at once.

A shape is a plane of signed distances (negative inside), its coverage of a pixel ramps from 1 to 0 over one pixel, and
painting blends a colour in by coverage. Faces are the LAST axis: a window of a picture is then still contiguous over
the faces, and numbers of one face each, (n,), broadcast along the fastest axis.

Shapes: planes (h, w, n); colours of one face each (3, 1, 1, n); coordinates in [-1, 1], y downwards.
"""

import math
from typing import NamedTuple

import numpy as np


class Canvas(NamedTuple):
    """A window of the pictures with the coordinates of its pixels in some frame (the picture's, a head's, a face's)."""

    colors: np.ndarray  # (3, h, w, n), painted in place
    x: np.ndarray  # (h, w, n), or (h, w, 1) where it is the same for all faces
    y: np.ndarray
    pixel: float  # width of a pixel in this frame; a number, or (n,)
    size: int  # pixels a side of the whole picture
    row: int = 0  # where the window begins in the picture
    column: int = 0
    clip: np.ndarray | None = None  # (h, w, n) coverage of what may be painted on


def blank_canvas(size, first_row, last_row, count):
    """A band of unpainted square pictures, rows first_row .. last_row - 1, in the picture's frame."""
    centers = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    y, x = np.meshgrid(centers[first_row:last_row], centers, indexing="ij")
    colors = np.empty((3, *x.shape, count), np.float32)
    return Canvas(colors, x[..., None], y[..., None], pixel=2 / size, size=size, row=first_row)


def crop(canvas, left, top, right, bottom):
    """The part of a window inside a rectangle given in the picture's frame, whatever the canvas's own frame."""
    rows = pixel_range(top, bottom, canvas.size, canvas.row)
    columns = pixel_range(left, right, canvas.size, canvas.column)

    def cut(planes):
        return planes[..., rows, columns, :]

    clip = None if canvas.clip is None else cut(canvas.clip)
    corner = {"row": canvas.row + rows.start, "column": canvas.column + columns.start}
    return canvas._replace(colors=cut(canvas.colors), x=cut(canvas.x), y=cut(canvas.y), clip=clip, **corner)


def select(canvas, span):
    """The canvas of the faces in a slice; its frame must differ from face to face."""
    clip = None if canvas.clip is None else canvas.clip[..., span]
    colors, x, y, pixel = (planes[..., span] for planes in (canvas.colors, canvas.x, canvas.y, canvas.pixel))
    return canvas._replace(colors=colors, x=x, y=y, pixel=pixel, clip=clip)


def pixel_range(low, high, size, first):
    """The pixels touching the interval [low, high], counted from the window's first pixel."""
    start = math.floor((low + 1) / 2 * size) - first
    stop = math.ceil((high + 1) / 2 * size) - first
    return slice(max(start, 0), max(stop, 0))


def clipped(canvas, alpha):
    """The canvas on which only what alpha (h, w, n) covers can be painted."""
    return canvas._replace(clip=alpha)


def moved(canvas, x, y):
    """The frame whose origin is at (x, y)."""
    return canvas._replace(x=canvas.x - x, y=canvas.y - y)


def rotated(canvas, angle):
    """The frame turned by a small angle (radians, (n,)), about the origin; first order in the angle."""
    return canvas._replace(x=canvas.x + angle * canvas.y, y=canvas.y - angle * canvas.x)


def scaled(canvas, width, height):
    """The frame in which lengths are multiples of width and height."""
    pixel = canvas.pixel / (width * height) ** 0.5
    return canvas._replace(x=canvas.x * (1 / width), y=canvas.y * (1 / height), pixel=pixel)


def mirrored(canvas):
    """The frame of |x|: what is drawn at positive x appears on both sides."""
    return canvas._replace(x=np.abs(canvas.x))


def style_is(index, styles, *names):
    """1 for the faces whose style is one of these, else 0: an opacity, (n,) float32."""
    return np.array([style in names for style in styles], np.float32)[index]


def ellipse(canvas, x, y, width, height):
    """Distance to an ellipse with these half axes: first order at the ends of the axes, close between them."""
    u = (canvas.x - x) * (1 / width)
    v = (canvas.y - y) * (1 / height)
    u *= u
    v *= v
    u += v
    u -= 1
    u *= (width * height) ** 0.5 / 2
    return u


def rounded_box(canvas, x, y, width, height, squareness):
    """Like `ellipse`, but fuller at the corners: squareness 0 is an ellipse, 1 the superellipse of power 4."""
    u = (canvas.x - x) * (1 / width)
    v = (canvas.y - y) * (1 / height)
    u *= u
    v *= v
    u *= squareness * u + (1 - squareness)
    v *= squareness * v + (1 - squareness)
    u += v
    u -= 1
    u *= (width * height) ** 0.5 / (2 + 2 * squareness)
    return u


def coverage(distance, width):
    """Part of a pixel inside the shape: 1 .. 0 over `width` (a pixel, or more for a soft edge) around the outline."""
    inside = distance * (-1 / width)
    inside += 0.5
    return np.clip(inside, 0.0, 1.0, out=inside)


def glow(distance, width):
    """A soft spot: 0 at the outline, rising smoothly to 1 a distance `width` inside it."""
    inside = distance * (-1 / width)
    np.clip(inside, 0.0, 1.0, out=inside)
    return inside * inside * (3 - 2 * inside)


def paint(canvas, alpha, color):
    """Blend a colour (3, 1, 1, n) in by alpha (h, w, n), or a number."""
    if canvas.clip is not None:
        alpha = alpha * canvas.clip
    change = color - canvas.colors
    change *= alpha
    np.add(canvas.colors, change, out=canvas.colors)


def fill(canvas, distance, color, opacity=None, edge=None):
    """Paint the inside of a shape; opacity (n,) or a number, `edge` the width of a soft outline."""
    if opacity is not None and not np.any(opacity):
        return
    alpha = coverage(distance, canvas.pixel if edge is None else edge)
    paint(canvas, alpha if opacity is None else alpha * opacity, color)
