"""The head and what is on it: ears, blush, eyes, brows, nose, mouth, beard, glasses."""

import numpy as np

from minihit.data.face_attributes import BEARDS, GLASSES
from minihit.data.face_drawing import coverage, crop, ellipse, fill, glow, mirrored, moved, paint, rounded_box

EYE_Y, MOUTH_Y = 0.04, 0.335
EYE_WIDTH, EYE_HEIGHT, IRIS, PUPIL = 0.125, 0.115, 0.088, 0.05


def ears(head, face):
    window = mirrored(crop(head, -0.85, -0.35, 0.85, 0.4))
    x = face.head_width * 1.0
    fill(window, ellipse(window, x, 0.06, 0.085 * face.ear_size, 0.125 * face.ear_size), face.skin_color)
    fill(window, ellipse(window, x + 0.005, 0.065, 0.05 * face.ear_size, 0.08 * face.ear_size), face.skin_dark)


def head(skull, face):
    """The head, darker on the side away from the light; keeps its coverage for what must stay on it."""
    outline = rounded_box(skull, 0.0, 0.0, 1.0, 1.0, face.squareness)
    face.on_head = coverage(outline, skull.pixel)
    paint(skull, face.on_head, face.skin_color)
    lit = ellipse(skull, 0.22 * face.light_x, -0.12, 1.08, 1.08)
    paint(skull, face.on_head * coverage(lit, 0.22) * -0.45 + face.on_head * 0.45, face.skin_dark)


def cheeks(front, face):
    """Blush and freckles."""
    window = mirrored(crop(front, -0.65, -0.15, 0.65, 0.55))
    spot = glow(ellipse(window, 0.32, 0.23, 0.17, 0.12), 0.12)
    paint(window, spot * face.blush, face.blush_color)
    dots = np.sin(window.x * 60.0) * np.sin(window.y * 60.0)
    nearby = glow(ellipse(window, 0.2, 0.2, 0.2, 0.12), 0.06)
    paint(window, coverage(0.55 - dots, 0.6) * nearby * face.freckles * 0.6, face.skin_dark)


def eyes(front, face):
    window = crop(front, -0.6, -0.3, 0.6, 0.4)
    side = np.copysign(np.float32(1), window.x)
    eye = moved(mirrored(window), face.eye_spacing, EYE_Y)
    eye = eye._replace(y=eye.y + face.eye_slant * eye.x)
    width, height = EYE_WIDTH * face.eye_size, EYE_HEIGHT * face.eye_size
    openness = height * face.eye_openness
    lid = ellipse(eye, 0.008, -0.3 * face.lashes, width + face.lashes * 0.9, openness + face.lashes)
    fill(window, lid, face.lash_color)
    white = ellipse(eye, 0.0, 0.012, width, openness)
    alpha = coverage(white, window.pixel)
    paint(window, alpha, face.eye_white)
    gaze = eye._replace(x=eye.x - side * face.gaze_x, y=eye.y - face.gaze_y)
    iris = ellipse(gaze, 0.0, 0.0, IRIS * face.eye_size, IRIS * face.eye_size)
    paint(window, np.minimum(coverage(iris, window.pixel), alpha), face.eye_color)
    pupil = iris + (IRIS - PUPIL) * face.eye_size
    paint(window, np.minimum(coverage(pupil, window.pixel), alpha), face.pupil_color)
    spark = ellipse(gaze._replace(x=gaze.x * side), 0.03 * face.spark_side, -0.035, 0.03, 0.03)
    paint(window, np.minimum(coverage(spark, window.pixel), alpha), face.white)


def brows(front, face):
    window = crop(front, -0.6, -0.45, 0.6, 0.2)
    brow = moved(mirrored(window), face.eye_spacing + 0.01, EYE_Y - face.brow_height)
    t = brow.x * (1 / 0.155)
    t *= t
    arch = brow.y - 0.05 * t + face.brow_angle * brow.x * -1 + 0.02
    fill(window, np.abs(arch) - face.brow_thickness * (1 - t), face.brow_color)


def nose(front, face):
    window = crop(front, -0.3, -0.1, 0.3, 0.4)
    y, width = face.nose_length, face.nose_width
    fill(window, ellipse(window, 0.0, y, width, width * 0.72), face.skin_dark)
    fill(window, ellipse(window, 0.0, y - 0.022, width * 1.02, width * 0.78), face.skin_color)
    paint(window, glow(ellipse(window, width * 0.3 * face.light_x, y - 0.045, 0.04, 0.035), 0.035) * 0.55, face.white)


def mouth(front, face):
    """Lips along a parabola; when open, with teeth above and a tongue below."""
    window = crop(front, -0.4, 0.1, 0.4, 0.65)
    lips = moved(window, 0.0, MOUTH_Y)
    t = lips.x / face.mouth_width
    bend = 1 - t * t
    top = bend * face.smile - 0.4 * face.smile
    drop = bend * face.mouth_open
    below = lips.y - top
    middle = np.abs(below - drop * 0.5) - drop * 0.5
    fill(window, middle - face.lip_thickness * np.sqrt(np.maximum(bend, 0.0)), face.lip_color)
    inside = coverage(middle + 0.004, window.pixel) * face.mouth_is_open
    paint(window, inside, face.mouth_color)
    teeth = coverage(below - 0.35 * drop, window.pixel)
    paint(window, inside * teeth, face.white)
    tongue = ellipse(lips, 0.0, 0.6 * face.smile + face.mouth_open * 1.05, face.mouth_width * 0.5, face.mouth_open * 0.5 + 0.01)
    paint(window, inside * coverage(tongue, window.pixel), face.tongue_color)


def beard(skull, face):
    if not face.beard.any():
        return
    window = crop(skull, -0.75, -0.2, 0.75, 0.8)
    names = list(BEARDS)
    is_style = {name: (face.beard == names.index(name)).astype(np.float32) for name in names}
    u2 = window.x * window.x
    line = 0.44 - 0.42 * u2
    chin = rounded_box(window, 0.0, 0.0, 1.04, 1.06, face.squareness)
    full = coverage(np.maximum(chin, line - window.y), window.pixel)
    goatee = coverage(np.maximum(chin, ellipse(window, 0.0, 0.82, 0.36, 0.34)), window.pixel)
    moustache = coverage(np.abs(window.y - 0.46 - 0.35 * u2) - 0.1 + 0.45 * u2, window.pixel)
    alpha = full * (is_style["full"] + 0.3 * is_style["stubble"]) + goatee * is_style["goatee"]
    np.maximum(alpha, moustache * (is_style["moustache"] + is_style["goatee"]), out=alpha)
    paint(window, alpha, face.brow_color)


def glasses(front, face):
    if not face.glasses.any():
        return
    window = crop(front, -0.8, -0.35, 0.8, 0.45)
    names = list(GLASSES)
    worn = (face.glasses > 0).astype(np.float32)
    square = np.where(face.glasses == names.index("round"), 0.0, 0.9).astype(np.float32)
    dark = np.where(face.glasses == names.index("dark"), 0.85, 0.12).astype(np.float32)
    lens = mirrored(window)
    edge = rounded_box(lens, face.eye_spacing + 0.005, EYE_Y + 0.01, 0.195, 0.175, square)
    paint(window, coverage(edge, window.pixel) * (dark * worn), face.lens_color)
    bridge = np.maximum(np.abs(lens.y - EYE_Y + 0.02) - 0.014, lens.x - face.eye_spacing + 0.18)
    frame = np.minimum(np.abs(edge) - 0.018, bridge)
    fill(window, frame, face.frame_color, worn)
