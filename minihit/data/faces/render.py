"""The built-in data set: an endless set of drawn colour faces with known attributes, at any size.

    images = faces(seed=0, start=0, count=64, size=32)      # (64, 32, 32, 3) uint8

`draw_attributes` says who is on a picture, `render` paints it; the same attributes give the same picture at any size.
"""

from types import SimpleNamespace

import numpy as np

from minihit.data.faces.attributes import draw_attributes
from minihit.data.faces.drawing import blank_canvas, moved, rotated, scaled, select
from minihit.data.faces.features import beard, brows, cheeks, ears, eyes, glasses, head, mouth, nose
from minihit.data.faces.hair import hair_back, hair_front, hat
from minihit.data.faces.scene import background, clothes, neck
from minihit.errors import UserError

SMALLEST_SIZE = 8
HEAD_Y = -0.05
# Faces painted at once, and their pixels: enough to repay a NumPy call's fixed cost, few enough to stay in the cache.
# Pixels a side from which a face is painted alone, without the styles that it does not wear: few faces on the fastest
# axis cost up to four times as much.
CHUNK, PLANE, ALONE = 128, 2**16, 192


def faces(seed, start, count, size):
    """Faces start .. start + count - 1 of this seed's endless set, (count, size, size, 3) uint8."""
    return render(draw_attributes(seed, start, count), size)


def render(attributes, size):
    """Pictures of the faces with these attributes, (count, size, size, 3) uint8."""
    if size < SMALLEST_SIZE:
        raise UserError(f"a face of {size} pixels a side is too small to draw; choose {SMALLEST_SIZE} or more")
    everyone = in_light(attributes)
    images = np.empty((len(attributes["hat"]), size, size, 3), np.uint8)
    order, at_once = drawing_order(attributes), 1 if size >= ALONE else CHUNK
    for first in range(0, len(order), at_once):
        chosen = order[first : first + at_once]
        some = {name: value.take(chosen, axis=-1) for name, value in everyone.items()}
        band = max(PLANE // (size * len(chosen)), 1)  # rows
        for row in range(0, size, band):
            images[chosen, row : row + band] = paint_band(some, size, row, min(row + band, size))
    return images


def drawing_order(attributes):
    """An order in which faces with beards follow each other, and those with hats too, so that a slice holds them.

    The last keys are a Gray code: no hat, no beard | no hat, beard | hat, beard | hat, no beard.
    """
    has_hat, has_beard = attributes["hat"] > 0, attributes["beard"] > 0
    return np.lexsort([attributes["glasses"], attributes["hair_style"], has_beard ^ has_hat, has_hat])


def wearers(attributes, style):
    """The faces with some style other than 0: their slice and their attributes."""
    worn = np.flatnonzero(attributes[style])
    span = slice(worn[0], worn[-1] + 1) if len(worn) else slice(0, 0)
    return span, SimpleNamespace(**{name: value[..., span] for name, value in attributes.items()})


def paint_band(attributes, size, first_row, last_row):
    """Some rows of a chunk of faces, painted from the back to the front, (n, rows, size, 3) uint8."""
    face = SimpleNamespace(**attributes)
    bearded, bearded_face = wearers(attributes, "beard")
    hatted, hatted_face = wearers(attributes, "hat")
    picture = blank_canvas(size, first_row, last_row, len(face.hat))
    head_frame = rotated(moved(picture, face.shift_x, HEAD_Y + face.shift_y), face.tilt)
    front = moved(head_frame, face.turn, face.nod)
    skull = scaled(head_frame, face.head_width, face.head_height)
    skull = skull._replace(x=skull.x * (1 + face.jaw * skull.y))

    background(picture, face)
    hair_back(skull, face)
    neck(picture, face)
    clothes(picture, face)
    ears(head_frame, face)
    on_head = head(skull, face)
    cheeks(front, face)
    beard(select(skull, bearded), bearded_face)
    nose(front, face)
    mouth(front, face)
    eyes(front, face)
    brows(front, face)
    hair_front(skull, on_head, face)
    glasses(front, face)
    hat(select(skull, hatted), select(on_head, hatted), hatted_face)
    return (255 * picture.colors + 0.5).astype(np.uint8).transpose(3, 1, 2, 0)


def in_light(attributes):
    """The attributes with faces last and all colours and their shades, (3, 1, 1, n), in a warm or a cool light."""
    warmth = attributes["warmth"]
    tint = np.stack([1 + 0.05 * warmth, np.ones_like(warmth), 1 - 0.07 * warmth])  # (3, n)
    skin, hair, clothes, iris = (attributes[f"{name}_color"] for name in ("skin", "hair", "clothes", "eye"))
    colors = {name: value for name, value in attributes.items() if name.endswith("_color")} | {
        "skin_dark": skin * (0.8, 0.66, 0.62),
        "blush_color": skin * (1, 0.58, 0.56),
        "stubble_color": skin * (0.5, 0.46, 0.46),
        "hair_dark": hair * (0.66, 0.62, 0.68),
        "hair_light": 0.6 * hair + 0.4,
        "brow_color": hair * (0.72, 0.68, 0.68),
        "clothes_light": 0.5 * clothes + 0.5,
        "eye_light": 0.55 * iris + 0.4,
        "eye_white": (0.98, 0.97, 0.96),
        "white": (1, 1, 1),
        "lash_color": (0.17, 0.12, 0.13),
        "pupil_color": (0.08, 0.06, 0.08),
        "mouth_color": (0.42, 0.12, 0.14),
        "tongue_color": (0.9, 0.45, 0.45),
        "lens_color": (0.2, 0.24, 0.32),
        "frame_color": (0.16, 0.14, 0.18),
        "shade": (0.12, 0.09, 0.2),
    }
    lit = {name: np.minimum(np.broadcast_to(color, skin.shape).T * tint, 1) for name, color in colors.items()}
    lit = {name: color.astype(np.float32)[:, None, None] for name, color in lit.items()}
    return attributes | lit | {"light_side": np.copysign(np.float32(1), attributes["light_x"])}
