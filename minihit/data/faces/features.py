"""The head and what is on it: ears, cheeks, beard, nose, mouth, eyes, brows, glasses."""

import numpy as np

from minihit.data.faces.attributes import BEARDS, GLASSES
from minihit.data.faces.drawing import (
    clipped,
    coverage,
    crop,
    ellipse,
    fill,
    glow,
    mirrored,
    moved,
    paint,
    rounded_box,
    style_is,
)

EAR_Y, EYE_Y, MOUTH_Y = 0.06, 0.04, 0.335
EYE_WIDTH, EYE_HEIGHT, IRIS, PUPIL = 0.127, 0.118, 0.092, 0.05
BROW_WIDTH = 0.155


def ears(head, face):
    """Ears, darker inside, some with an earring."""
    ear = moved(mirrored(crop(head, -0.85, -0.3, 0.85, 0.45)), face.head_width, EAR_Y)
    fill(ear, ellipse(ear, 0.0, 0.0, 0.085 * face.ear_size, 0.125 * face.ear_size), face.skin_color)
    fill(ear, ellipse(ear, 0.01, 0.0, 0.045 * face.ear_size, 0.075 * face.ear_size), face.skin_dark)
    fill(ear, ellipse(ear, 0.02, 0.14 * face.ear_size, 0.04, 0.04), face.accent_color, face.earrings)


def head(skull, face):
    """The head, darker on the side away from the light; returns the canvas that is clipped to it."""
    outline = rounded_box(skull, 0.0, 0.0, 1.0, 1.0, face.squareness)
    inside = coverage(outline, skull.pixel)
    paint(skull, inside, face.skin_color)
    on_head = clipped(skull, inside)
    lit = ellipse(skull, 0.24 * face.light_x, -0.12, 1.08, 1.08)
    fill(on_head, -lit, face.skin_dark, 0.5, edge=0.22)
    forehead = crop(on_head, -0.5, -0.9, 0.5, -0.2)
    paint(forehead, 0.35 * glow(ellipse(forehead, 0.35 * face.light_x, -0.68, 0.3, 0.2), 0.2), face.white)
    return on_head


def cheeks(front, face):
    """Blush and freckles."""
    cheek = mirrored(crop(front, -0.6, -0.1, 0.6, 0.5))
    paint(cheek, face.blush * glow(ellipse(cheek, 0.32, 0.23, 0.17, 0.12), 0.12), face.blush_color)
    dots = np.sin(60.0 * cheek.x) * np.sin(60.0 * cheek.y)
    nearby = clipped(cheek, glow(ellipse(cheek, 0.2, 0.2, 0.2, 0.12), 0.06))
    fill(nearby, 0.55 - dots, face.skin_dark, 0.7 * face.freckles, edge=0.6)


def beard(skull, face):
    """Full beard or its stubble, goatee, moustache."""
    if not face.beard.any():
        return
    window = crop(skull, -0.75, -0.2, 0.75, 0.85)
    u2 = window.x * window.x
    chin = rounded_box(window, 0.0, 0.0, 1.03, 1.06, face.squareness)
    full = np.maximum(chin, 0.46 - 0.46 * u2 - window.y)
    goatee = np.maximum(chin, rounded_box(window, 0.0, 0.9, 0.36, 0.42, 0.5))
    moustache = np.maximum(np.abs(window.y - 0.47 - 0.4 * u2) - 0.1 + 0.45 * u2, np.abs(window.x) - 0.45)
    fill(window, full, face.brow_color, style_is(face.beard, BEARDS, "full"))
    fill(window, full, face.stubble_color, 0.35 * style_is(face.beard, BEARDS, "stubble"), edge=0.12)
    fill(window, goatee, face.brow_color, style_is(face.beard, BEARDS, "goatee"))
    fill(window, moustache, face.brow_color, style_is(face.beard, BEARDS, "goatee", "moustache"))


def nose(front, face):
    """A ball with a shadow below it and a spot of light on it."""
    window = crop(front, -0.28, -0.05, 0.28, 0.42)
    y, width = face.nose_length, face.nose_width
    fill(window, ellipse(window, 0.0, y, width, 0.72 * width), face.skin_dark)
    fill(window, ellipse(window, 0.0, y - 0.03, 1.04 * width, 0.78 * width), face.skin_color)
    paint(window, 0.55 * glow(ellipse(window, 0.3 * width * face.light_x, y - 0.05, 0.05, 0.04), 0.04), face.white)


def mouth(front, face):
    """Lips along a parabola; an open mouth shows teeth above and the tongue below."""
    lips = moved(crop(front, -0.4, 0.1, 0.4, 0.65), 0.0, MOUTH_Y)
    t = lips.x * (1 / face.mouth_width)
    bulge = np.maximum(1 - t * t, 0)  # 1 in the middle, 0 in the corners
    below_top = lips.y - face.smile * (bulge - 0.4)
    drop = face.mouth_open * bulge
    gap = np.abs(below_top - 0.5 * drop) - 0.5 * drop
    beyond_corner = np.abs(lips.x) - face.mouth_width
    fill(lips, np.maximum(gap - face.lip_thickness * np.sqrt(bulge), beyond_corner), face.lip_color)
    inside = clipped(lips, coverage(np.maximum(gap + 0.004, beyond_corner), lips.pixel) * (face.mouth_open > 0))
    fill(inside, gap, face.mouth_color)
    tongue_y = 0.6 * face.smile + 1.05 * face.mouth_open
    fill(inside, ellipse(lips, 0.0, tongue_y, 0.5 * face.mouth_width, 0.5 * face.mouth_open + 0.01), face.tongue_color)
    fill(inside, below_top - 0.36 * drop, face.white)


def eyes(front, face):
    """Lid line, white, iris and pupil where the gaze is, sparks on the side of the light."""
    window = crop(front, -0.58, -0.28, 0.58, 0.38)
    side = np.copysign(np.float32(1), window.x)
    eye = moved(mirrored(window), face.eye_spacing, EYE_Y)
    eye = eye._replace(y=eye.y + face.eye_slant * eye.x)
    width, height = EYE_WIDTH * face.eye_size, EYE_HEIGHT * face.eye_size * face.eye_openness
    lid = ellipse(eye, 0.008, -0.4 * face.lashes, width + 0.9 * face.lashes, height + face.lashes)
    fill(eye, lid, face.lash_color)
    white = coverage(ellipse(eye, 0.0, 0.012, width, height), eye.pixel)
    paint(eye, white, face.eye_white)
    inside = clipped(moved(eye, side * face.gaze_x, face.gaze_y), white)
    iris = ellipse(inside, 0.0, 0.0, IRIS * face.eye_size, IRIS * face.eye_size)
    fill(inside, iris, face.eye_color)
    fill(clipped(inside, white * coverage(iris + 0.01, eye.pixel)), 0.02 - inside.y, face.eye_light, 0.6, edge=0.08)
    fill(inside, ellipse(inside, 0.0, 0.0, PUPIL * face.eye_size, PUPIL * face.eye_size), face.pupil_color)
    fill(clipped(eye, white), eye.y + height - 0.03, face.shade, 0.3, edge=0.06)
    spark = inside._replace(x=side * inside.x)
    fill(spark, ellipse(spark, 0.032 * face.light_side, -0.036, 0.031, 0.031), face.white)
    fill(spark, ellipse(spark, -0.035 * face.light_side, 0.04, 0.016, 0.016), face.white, 0.8)


def brows(front, face):
    """Arcs that thin out to their ends."""
    window = crop(front, -0.58, -0.42, 0.58, 0.15)
    brow = moved(mirrored(window), face.eye_spacing + 0.01, EYE_Y - face.brow_height)
    t = brow.x * (1 / BROW_WIDTH)
    t *= t
    center = 0.05 * t + face.brow_angle * brow.x - 0.02
    fill(brow, np.maximum(np.abs(brow.y - center) - face.brow_thickness * (1 - t), t - 1), face.brow_color)


def glasses(front, face):
    """Two lenses with a glint, rims and a bridge."""
    if not face.glasses.any():
        return
    window = crop(front, -0.65, -0.3, 0.65, 0.42)
    lens = mirrored(window)
    worn = style_is(face.glasses, GLASSES, "round", "square", "dark")
    dark = style_is(face.glasses, GLASSES, "dark")
    square = style_is(face.glasses, GLASSES, "square", "dark")
    rim = rounded_box(lens, face.eye_spacing + 0.005, EYE_Y + 0.01, 0.195, 0.175, square)
    glass = clipped(lens, coverage(rim, lens.pixel))
    paint(glass, (0.1 + 0.78 * dark) * worn, face.lens_color)
    across = np.copysign(lens.x - face.eye_spacing, window.x * (lens.x - face.eye_spacing))
    glint = np.abs(0.7 * (face.light_side * across + lens.y)) - 0.025
    fill(glass, glint, face.white, (0.2 + 0.15 * dark) * worn)
    bridge = np.maximum(np.abs(lens.y - EYE_Y + 0.02) - 0.014, lens.x - face.eye_spacing + 0.18)
    fill(lens, np.minimum(np.abs(rim) - 0.018, bridge), face.frame_color, worn)
