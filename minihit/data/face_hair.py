"""Hair and hats: one set of shapes, and a table of numbers for each style.

Everything is drawn in the skull's frame: u, v are multiples of the head's half width and half height, the crown is at
v = -1, the chin at v = 1, the sides at u = -1 and 1.
"""

from types import SimpleNamespace

import numpy as np

from minihit.data.face_attributes import HAIR_STYLES, HATS
from minihit.data.face_drawing import coverage, crop, ellipse, fill, glow, mirrored, paint, rounded_box

CAP_CENTER = -0.1

# cap: half width and top of the hair on the skull; line: where it starts on the forehead, bend: how fast that line falls
# away from the parting; part: the parting; side: where strands frame the face; bottom: how far down those reach;
# zigzag, curl: size of points and curls; back: half width and lower end behind the head; bun: centre, half axes;
# twin: 1 if the bun is on both sides
HAIR_COLUMNS = "cap_x cap_top line bend part side bottom zigzag curl back_x back_low bun_x bun_y bun_w bun_h twin".split()
HAIR_TABLE = {
    "bald": (0.01, 0.11, -2.0, 0.0, 0.0, 1.5, -2.0, 0.0, 0.0, 0.01, -3.0, 0.0, 0.0, 0.01, 0.01, 0),
    "buzz": (1.01, 1.03, -0.62, 0.3, 0.0, 0.93, -0.02, 0.0, 0.0, 0.01, -3.0, 0.0, 0.0, 0.01, 0.01, 0),
    "short": (1.08, 1.14, -0.66, 0.42, 0.4, 0.92, 0.0, 0.0, 0.0, 0.01, -3.0, 0.0, 0.0, 0.01, 0.01, 0),
    "quiff": (1.06, 1.2, -0.58, 0.2, 0.0, 0.93, -0.05, 0.05, 0.0, 0.01, -3.0, 0.3, -1.05, 0.72, 0.32, 0),
    "spiky": (1.1, 1.26, -0.5, 0.1, 0.2, 0.93, 0.0, 0.16, 0.0, 0.01, -3.0, 0.0, 0.0, 0.01, 0.01, 0),
    "curly": (1.17, 1.26, -0.5, 0.2, 0.0, 0.9, 0.12, 0.0, 0.1, 0.01, -3.0, 0.0, 0.0, 0.01, 0.01, 0),
    "afro": (1.4, 1.46, -0.58, 0.3, 0.0, 0.93, 0.1, 0.0, 0.06, 1.5, 0.55, 0.0, 0.0, 0.01, 0.01, 0),
    "mohawk": (0.34, 1.42, -0.62, 0.0, 0.0, 1.5, -0.3, 0.12, 0.0, 0.01, -3.0, 0.0, 0.0, 0.01, 0.01, 0),
    "bangs": (1.12, 1.16, -0.3, 0.12, 0.0, 0.84, 0.5, 0.0, 0.0, 1.2, 0.82, 0.0, 0.0, 0.01, 0.01, 0),
    "bob": (1.13, 1.16, -0.68, 0.55, 0.45, 0.88, 0.5, 0.0, 0.0, 1.24, 0.9, 0.0, 0.0, 0.01, 0.01, 0),
    "long": (1.12, 1.14, -0.72, 0.75, 0.0, 0.88, 0.9, 0.0, 0.0, 1.22, 1.75, 0.0, 0.0, 0.01, 0.01, 0),
    "wavy": (1.17, 1.2, -0.66, 0.6, 0.3, 0.86, 0.8, 0.0, 0.06, 1.34, 1.5, 0.0, 0.0, 0.01, 0.01, 0),
    "bun": (1.06, 1.09, -0.66, 0.5, 0.0, 0.92, 0.0, 0.0, 0.0, 0.01, -3.0, 0.0, -1.2, 0.4, 0.32, 0),
    "ponytail": (1.07, 1.1, -0.62, 0.45, 0.35, 0.92, 0.02, 0.0, 0.0, 0.01, -3.0, 1.2, 0.3, 0.32, 0.8, 0),
    "pigtails": (1.08, 1.12, -0.4, 0.2, 0.0, 0.9, 0.1, 0.0, 0.0, 0.01, -3.0, 1.3, 0.25, 0.32, 0.5, 1),
}

# dome: half width and top; brim: height of its lower edge; band: half thickness of the band along that edge;
# plate: centre, half axes of a visor or a wide brim; ball: centre and radius of a pompom or flower; covers: 1 if it hides
# the hair above the brim
HAT_COLUMNS = "dome_x dome_top brim band plate_x plate_w plate_h ball_x ball_y ball covers".split()
HAT_TABLE = {
    "none": (0.01, 0.0, -3.0, 0.0, 0.0, 0.01, 0.01, 0.0, -3.0, 0.01, 0),
    "beanie": (1.14, 1.3, -0.5, 0.14, 0.0, 0.01, 0.01, 0.0, -1.36, 0.2, 1),
    "cap": (1.12, 1.22, -0.52, 0.05, 0.75, 0.85, 0.12, 0.0, -1.22, 0.07, 1),
    "sun hat": (1.0, 1.25, -0.6, 0.12, 0.0, 1.65, 0.2, 0.0, -3.0, 0.01, 1),
    "beret": (1.3, 1.22, -0.66, 0.05, 0.0, 0.01, 0.01, 0.0, -1.22, 0.07, 1),
    "headband": (0.01, 0.0, -0.66, 0.11, 0.0, 0.01, 0.01, 0.0, -3.0, 0.01, 0),
    "flower": (0.01, 0.0, -3.0, 0.0, 0.0, 0.01, 0.01, 0.72, -0.72, 0.24, 0),
}


def style_numbers(names, table, columns, index):
    """The rows of a style table for these faces, as a namespace of (n,) arrays."""
    rows = np.array([table[name] for name in names], np.float32)[index]
    return SimpleNamespace(**dict(zip(columns, rows.T, strict=True)))


def hair_style(face):
    """The numbers of the faces' hair styles, with their own volume and side of the parting."""
    style = style_numbers(HAIR_STYLES, HAIR_TABLE, HAIR_COLUMNS, face.hair_style)
    style.cap_x = style.cap_x * (0.5 + 0.5 * face.hair_volume)
    style.cap_top = style.cap_top * (0.5 + 0.5 * face.hair_volume)
    style.part = style.part * face.hair_side
    style.covered = np.where(hat_style(face).covers > 0, hat_style(face).brim, -9.0).astype(np.float32)
    return style


def hat_style(face):
    return style_numbers(HATS, HAT_TABLE, HAT_COLUMNS, face.hat)


def triangle_wave(x):
    """-1 .. 1 .. -1 with period 1."""
    return 4 * np.abs(x - np.rint(x)) - 1


def curls(skull):
    """A bumpy pattern in [-1, 1] that gives outlines their curls; (h, w, n)."""
    return np.sin(skull.x * 9.0) * np.sin(skull.y * 9.0 + 1.0)


def hair_back(skull, face):
    """The hair behind the head and shoulders: long hair, buns, tails."""
    style = hair_style(face)
    window = crop(skull, -1, -1, 1, 1)
    middle = (style.back_low - 0.9) / 2
    falls = rounded_box(window, 0.0, middle, style.back_x, np.maximum(style.back_low - middle, 0.01), 0.8)
    falls -= style.curl * curls(window)
    u = np.where(style.twin > 0, np.abs(window.x), window.x * face.hair_side)
    bun = ellipse(window._replace(x=u), style.bun_x, style.bun_y, style.bun_w, style.bun_h)
    distance = np.maximum(np.minimum(falls, bun), style.covered - window.y)
    fill(window, distance, face.hair_dark)
    lit = bun + 0.12
    fill(window, np.maximum(lit, style.covered - window.y), face.hair_color)


def hair_front(skull, face):
    """The hair on the skull, with its shadow on the forehead and a shine."""
    style = hair_style(face)
    window = crop(skull, -1, -1, 1, 0.7)
    points = style.zigzag * triangle_wave(window.x * 2.2 + 0.25)
    cap = rounded_box(window, 0.0, CAP_CENTER, style.cap_x, style.cap_top + CAP_CENTER, 0.3)
    cap -= points
    cap -= style.curl * curls(window)
    across = window.x - style.part
    line = style.line + style.bend * across * across + points * 0.6
    opening = np.minimum(window.y - line, style.side - np.abs(window.x))
    ends = np.maximum(window.y - style.bottom, style.covered - window.y)
    hair = np.maximum(np.maximum(cap, opening), ends)
    paint(window, coverage(hair - 0.06, 0.12) * 0.35 * face.on_head[: window.y.shape[0]], face.skin_dark)
    alpha = coverage(hair, window.pixel)
    paint(window, alpha, face.hair_color)
    shine = glow(np.abs(cap + 0.26) - 0.1, 0.1) * glow(np.abs(window.x - 0.3 * face.light_x) - 0.75, 0.6)
    paint(window, alpha * shine * 0.5, face.hair_light)


def hat(skull, face):
    """Dome, band, brim and pompom."""
    if not face.hat.any():
        return
    style = hat_style(face)
    window = crop(skull, -1, -1, 1, 0.2)
    side = window._replace(x=window.x * face.hair_side)
    edge = style.brim + 0.1 * window.x * window.x
    dome = rounded_box(side, 0.0, style.brim + 0.1, style.dome_x, np.maximum(style.dome_top + style.brim + 0.1, 0.01), 0.5)
    fill(window, ellipse(side, style.ball_x, style.ball_y, style.ball, style.ball), face.accent_color)
    fill(window, np.maximum(dome, window.y - edge), face.clothes_color)
    shine = glow(ellipse(window, -0.35 * face.light_x, -1.0, 0.5, 0.3), 0.3)
    paint(window, shine * coverage(np.maximum(dome, window.y - edge), window.pixel) * 0.3, face.white)
    outline = rounded_box(window, 0.0, CAP_CENTER, 1.14, 1.04, 0.4)
    band = np.maximum(np.abs(window.y - edge + style.band) - style.band, outline)
    fill(window, band, face.accent_color)
    plate = ellipse(side, style.plate_x, style.brim, style.plate_w, style.plate_h)
    fill(window, plate, face.accent_color)
