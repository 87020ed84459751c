"""The built-in data set: an endless set of drawn colour faces with known attributes, at any size.

    images = faces(seed=0, start=0, count=64, size=32)      # (64, 32, 32, 3) uint8

`draw_attributes` says who is on a picture, `render` paints it; the same attributes give the same picture at any size.
"""

from types import SimpleNamespace

import numpy as np

from minihit.data.face_attributes import draw_attributes
from minihit.data.face_drawing import blank_canvas, moved, rotated, scaled
from minihit.data.face_features import beard, brows, cheeks, ears, eyes, glasses, head, mouth, nose
from minihit.data.face_hair import hair_back, hair_front, hat
from minihit.data.face_scene import background, clothes, neck
from minihit.errors import UserError

SMALLEST_SIZE = 8
HEAD_Y = -0.05
# Faces painted at once: enough to repay a NumPy call's fixed cost, few enough for a plane to stay in the cache.
PLANE, FEWEST_FACES = 2**16, 32


def faces(seed, start, count, size):
    """Faces start .. start + count - 1 of this seed's endless set, (count, size, size, 3) uint8."""
    return render(draw_attributes(seed, start, count), size)


def render(attributes, size):
    """Pictures of the faces with these attributes, (count, size, size, 3) uint8."""
    if size < SMALLEST_SIZE:
        raise UserError(f"A face of {size} pixels a side is too small to draw; choose a size of {SMALLEST_SIZE} or more.")
    images = np.empty((len(attributes["hat"]), size, size, 3), np.uint8)
    # sorted, so that most chunks have no hats, beards or glasses at all and skip their drawing
    order = np.lexsort((attributes["glasses"] > 0, attributes["beard"] > 0, attributes["hat"] > 0))
    chunk = max(PLANE // size**2, FEWEST_FACES)
    for first in range(0, len(order), chunk):
        chosen = order[first : first + chunk]
        face = in_light({name: value[chosen] for name, value in attributes.items()})
        images[chosen] = paint_faces(face, size)
    return images


def paint_faces(face, size):
    """One chunk of faces, from the back to the front, (n, size, size, 3) uint8."""
    picture = blank_canvas(size, len(face.hat))
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
    beard(skull, face)
    nose(front, face)
    mouth(front, face)
    eyes(front, face)
    brows(front, face)
    hair_front(skull, on_head, face)
    glasses(front, face)
    hat(skull, on_head, face)
    return (255 * picture.colors + 0.5).astype(np.uint8).transpose(3, 1, 2, 0)


def in_light(attributes):
    """The attributes as a namespace with all colours and their shades as (3, 1, 1, n), tinted by a warm or cool light."""
    warmth = attributes["warmth"]
    tint = np.stack([1 + 0.05 * warmth, np.ones_like(warmth), 1 - 0.07 * warmth])  # (3, n)
    skin, hair, cloth, iris = (attributes[f"{name}_color"] for name in ("skin", "hair", "clothes", "eye"))
    colors = {name: value for name, value in attributes.items() if name.endswith("_color")} | {
        "skin_dark": skin * (0.8, 0.66, 0.62),
        "blush_color": skin * (1, 0.58, 0.56),
        "hair_dark": hair * (0.66, 0.62, 0.68),
        "hair_light": 0.6 * hair + 0.4,
        "brow_color": hair * (0.72, 0.68, 0.68),
        "clothes_light": 0.5 * cloth + 0.5,
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
    lit = {name: np.ascontiguousarray(color, np.float32)[:, None, None] for name, color in lit.items()}
    light_side = np.copysign(np.float32(1), attributes["light_x"])
    return SimpleNamespace(**(attributes | lit), light_side=light_side)
