"""The built-in data set: an endless set of drawn colour faces with known attributes, at any size.

    images = faces(seed=0, start=0, count=64, size=32)      # (64, 32, 32, 3) uint8

`draw_attributes` says who is on the picture, `render` paints it; the same attributes give the same picture at any size.
"""

from types import SimpleNamespace

import numpy as np

from minihit.data import face_features, face_hair
from minihit.data.face_attributes import BACKGROUNDS, CLOTHES, draw_attributes
from minihit.data.face_drawing import (
    Canvas,
    blank_canvas,
    coverage,
    crop,
    ellipse,
    fill,
    mirrored,
    paint,
    rotated,
    rounded_box,
    scaled,
    moved,
)
from minihit.errors import UserError

SMALLEST_SIZE = 8
CHUNK = 64  # faces painted at a time: enough to amortise a NumPy call, few enough for the planes to stay in cache

HEAD_Y = -0.05


def faces(seed, start, count, size):
    """Faces start .. start + count - 1 of this seed's endless set, (count, size, size, 3) uint8."""
    return render(draw_attributes(seed, start, count), size)


def render(attributes, size):
    """Pictures of faces with these attributes, (count, size, size, 3) uint8."""
    if size < SMALLEST_SIZE:
        raise UserError(f"A face needs at least {SMALLEST_SIZE} pixels a side, not {size}; choose a larger size.")
    count = len(attributes["hat"])
    images = np.empty((count, size, size, 3), np.uint8)
    # sorted, so that most chunks have no hats (or beards, glasses) at all and skip drawing them
    order = np.lexsort((attributes["glasses"], attributes["beard"], attributes["hat"]))
    for first in range(0, count, CHUNK):
        chosen = order[first : first + CHUNK]
        images[chosen] = render_chunk({name: value[chosen] for name, value in attributes.items()}, size)
    return images


def render_chunk(attributes, size):
    face = prepare(attributes)
    body = blank_canvas(size, len(face.hat))
    head = rotated(moved(body, face.shift_x, HEAD_Y + face.shift_y), face.tilt)
    skull = scaled(head, face.head_width, face.head_height)
    skull = skull._replace(x=skull.x * (1 + face.jaw * skull.y))
    front = moved(head, face.turn, face.nod)

    background(body, face)
    face_hair.hair_back(skull, face)
    neck(body, face)
    shoulders(body, face)
    face_features.ears(head, face)
    face_features.head(skull, face)
    face_features.cheeks(front, face)
    face_features.beard(skull, face)
    face_features.nose(front, face)
    face_features.mouth(front, face)
    face_features.eyes(front, face)
    face_features.brows(front, face)
    face_hair.hair_front(skull, face)
    face_features.glasses(front, face)
    face_hair.hat(skull, face)
    return (body.colors * 255 + 0.5).astype(np.uint8).transpose(3, 1, 2, 0)


def prepare(attributes):
    """The attributes as a namespace, colours as (3, 1, 1, n) under this picture's light, and their shades."""
    face = SimpleNamespace(**attributes)
    warmth = attributes["warmth"]
    light = np.stack([1 + 0.05 * warmth, 1 + 0 * warmth, 1 - 0.07 * warmth])

    def lit(color):
        return np.minimum(np.asarray(color, np.float32).T.reshape(3, -1) * light, 1).astype(np.float32)[:, None, None]

    for name, value in attributes.items():
        if name.endswith("_color"):
            setattr(face, name, lit(value))
    skin, hair = attributes["skin_color"], attributes["hair_color"]
    face.skin_dark = lit(skin * np.float32([0.8, 0.66, 0.62]))
    face.hair_dark = lit(hair * np.float32([0.68, 0.64, 0.7]))
    face.hair_light = lit(hair * 0.6 + 0.4)
    face.brow_color = lit(hair * np.float32([0.72, 0.68, 0.68]))
    face.blush_color = lit(skin * np.float32([1.0, 0.58, 0.56]))
    face.eye_white = lit([[0.98, 0.97, 0.96]])
    face.white = lit([[1, 1, 1]])
    face.lash_color = lit([[0.17, 0.12, 0.13]])
    face.pupil_color = lit([[0.08, 0.06, 0.08]])
    face.mouth_color = lit([[0.42, 0.12, 0.14]])
    face.tongue_color = lit([[0.9, 0.45, 0.45]])
    face.lens_color = lit([[0.2, 0.24, 0.32]])
    face.frame_color = lit([[0.16, 0.14, 0.18]])
    face.mouth_is_open = (face.mouth_open > 0).astype(np.float32)
    face.spark_side = np.where(face.light_x < 0, -1, 1).astype(np.float32)
    return face


def background(body, face):
    ramp = np.broadcast_to(0.5 + 0.5 * body.y, body.colors.shape[1:])
    body.colors[:] = face.background_color
    paint(body, ramp * np.float32(0.6), face.background_low_color)
    names = list(BACKGROUNDS)
    style = {name: (face.background == names.index(name)).astype(np.float32) for name in names}
    halo = coverage(ellipse(body, 0.0, HEAD_Y, 0.86, 0.86), body.pixel)
    diagonal = coverage(body.x * 0.7 + body.y * 0.7 + 0.1, body.pixel)
    dots = coverage(0.5 - np.sin(body.x * 14) * np.sin(body.y * 14), body.pixel * 9)
    alpha = halo * style["halo"] * 0.55 + diagonal * style["diagonal"] * 0.35 + dots * style["dots"] * 0.4
    paint(body, alpha, face.white)


def neck(body, face):
    window = crop(body, -0.4, 0.3, 0.4, 1)
    column = rounded_box(window, face.shift_x * 0.5, 0.6, 0.22, 0.42, 0.9)
    fill(window, column, face.skin_color)
    shadow = ellipse(window, face.shift_x, 0.42 + face.shift_y, face.head_width * 0.8, 0.26)
    paint(window, coverage(column, window.pixel) * coverage(shadow, 0.06) * 0.8, face.skin_dark)


def shoulders(body, face):
    window = crop(body, -1, 0.5, 1, 1)
    names = list(CLOTHES)
    style = {name: (face.clothes == names.index(name)).astype(np.float32) for name in names}
    torso = rounded_box(window, 0.0, 1.2, face.build, 0.48, 0.6)
    alpha = coverage(torso, window.pixel)
    paint(window, alpha, face.clothes_color)
    stripes = coverage(np.abs(np.mod(window.y * 7, 1.0) - 0.5) - 0.25, window.pixel * 7)
    paint(window, alpha * (stripes * style["striped"]), face.accent_color)
    crew = ellipse(window, 0.0, 0.68, 0.27, 0.17)
    vee = np.abs(window.x) * 0.85 + window.y * 0.5 - 0.48
    hole = np.where(style["v-neck"] + style["shirt"] > 0, vee, crew)
    hole = np.where(style["turtleneck"] > 0, 9.0, hole).astype(np.float32)
    fill(window, np.maximum(hole, torso), face.skin_color)
