"""Hair and hats: one set of shapes, and a table of numbers for each style.

Everything is drawn in the skull's frame: u, v are multiples of the head's half width and half height, the crown is at
v = -1, the chin at v = 1, the sides at u = -1 and 1. A number that puts a part off the picture leaves it out.
"""

from types import SimpleNamespace

import numpy as np

from minihit.data.faces.attributes import HAIR_STYLES, HATS
from minihit.data.faces.drawing import clipped, coverage, crop, ellipse, fill, glow, mirrored, paint, rounded_box

CAP_CENTER = -0.1
OFF = -9.0

# cap: half width and top of the hair on the skull; line: where it starts on the forehead; bend: how fast that line
# falls away from the parting; part: the parting; side: where strands frame the face; bottom: how far down they reach;
# zigzag, curl: size of points and curls; back: half width and lower end behind the head; bun: centre and half axes;
# twin: 1 if it is on both sides
HAIR_COLUMNS = (
    "cap_x", "cap_top", "line", "bend", "part", "side", "bottom", "zigzag", "curl",
    "back_x", "back_low", "bun_x", "bun_y", "bun_w", "bun_h", "twin",
)  # fmt: skip
HAIR_TABLE = {
    "bald":     (0.01, 0.11, OFF,   0.00, 0.0, 1.50, OFF,   0.00, 0.00, 1.0, OFF,  0.0, OFF,   0.1, 0.1, 0),
    "buzz":     (1.01, 1.03, -0.62, 0.30, 0.0, 0.93, -0.02, 0.00, 0.00, 1.0, OFF,  0.0, OFF,   0.1, 0.1, 0),
    "short":    (1.08, 1.15, -0.66, 0.36, 0.5, 0.92, 0.00,  0.03, 0.00, 1.0, OFF,  0.0, OFF,   0.1, 0.1, 0),
    "quiff":    (1.06, 1.18, -0.58, 0.20, 0.0, 0.93, -0.05, 0.04, 0.00, 1.0, OFF,  0.3, -1.02, 0.75, 0.36, 0),
    "spiky":    (1.10, 1.26, -0.50, 0.10, 0.2, 0.93, 0.00,  0.16, 0.00, 1.0, OFF,  0.0, OFF,   0.1, 0.1, 0),
    "curly":    (1.17, 1.26, -0.50, 0.20, 0.0, 0.90, 0.12,  0.00, 0.08, 1.0, OFF,  0.0, OFF,   0.1, 0.1, 0),
    "afro":     (1.40, 1.46, -0.58, 0.30, 0.0, 0.93, 0.10,  0.00, 0.06, 1.5, 0.55, 0.0, OFF,   0.1, 0.1, 0),
    "mohawk":   (0.36, 1.42, -0.62, 0.00, 0.0, 1.50, -0.30, 0.12, 0.00, 1.0, OFF,  0.0, OFF,   0.1, 0.1, 0),
    "bangs":    (1.12, 1.16, -0.30, 0.12, 0.0, 0.84, 0.50,  0.03, 0.00, 1.2, 0.82, 0.0, OFF,   0.1, 0.1, 0),
    "bob":      (1.13, 1.16, -0.68, 0.55, 0.5, 0.88, 0.50,  0.00, 0.00, 1.24, 0.9, 0.0, OFF,   0.1, 0.1, 0),
    "long":     (1.12, 1.14, -0.72, 0.75, 0.0, 0.88, 0.90,  0.00, 0.00, 1.22, 1.75, 0.0, OFF,  0.1, 0.1, 0),
    "wavy":     (1.17, 1.20, -0.66, 0.60, 0.3, 0.86, 0.80,  0.00, 0.06, 1.34, 1.5, 0.0, OFF,   0.1, 0.1, 0),
    "bun":      (1.06, 1.09, -0.66, 0.50, 0.0, 0.92, 0.00,  0.00, 0.00, 1.0, OFF,  0.0, -1.22, 0.42, 0.34, 0),
    "ponytail": (1.07, 1.10, -0.62, 0.45, 0.5, 0.92, 0.02,  0.00, 0.00, 1.0, OFF,  1.2, 0.3,   0.34, 0.8, 0),
    "pigtails": (1.08, 1.12, -0.42, 0.20, 0.0, 0.90, 0.10,  0.02, 0.00, 1.0, OFF,  1.3, 0.3,   0.34, 0.55, 1),
}  # fmt: skip

# dome: half width and top; brim: height of its lower edge; band: half thickness of the band along that edge; plate:
# centre, half axes of a visor or a wide brim; ball: centre and radius of a pompom or flower; cup: size of headphones;
# covers: 1 if it hides the hair above the brim
HAT_COLUMNS = (
    "dome_x", "dome_top", "brim", "band", "plate_x", "plate_w", "plate_h", "ball_x", "ball_y", "ball", "cup", "covers",
)  # fmt: skip
HAT_TABLE = {
    "none":       (0.1, OFF,  OFF,   0.00, 0.0, 0.1, 0.1,   0.0, OFF,   0.1, 0, 0),
    "beanie":     (1.14, 1.32, -0.48, 0.15, OFF, 0.1, 0.1,  0.0, -1.38, 0.22, 0, 1),
    "cap":        (1.12, 1.24, -0.52, 0.03, 0.7, 0.9, 0.12, 0.0, -1.24, 0.07, 0, 1),
    "sun hat":    (1.0, 1.25, -0.62, 0.14, 0.0, 1.65, 0.17, 0.0, OFF,   0.1, 0, 1),
    "beret":      (1.32, 1.2, -0.66, 0.05, OFF, 0.1, 0.1,   0.2, -1.24, 0.08, 0, 1),
    "headband":   (0.1, OFF,  -0.64, 0.11, OFF, 0.1, 0.1,   0.0, OFF,   0.1, 0, 0),
    "flower":     (0.1, OFF,  OFF,   0.00, OFF, 0.1, 0.1,   0.75, -0.7, 0.26, 0, 0),
    "headphones": (0.1, OFF,  OFF,   0.00, OFF, 0.1, 0.1,   0.0, OFF,   0.1, 1, 0),
}  # fmt: skip


def style_numbers(table, names, columns, index):
    """The rows of a style table for these faces: a namespace of (n,) arrays."""
    rows = np.array([table[name] for name in names], np.float32)[index]
    return SimpleNamespace(**dict(zip(columns, np.ascontiguousarray(rows.T), strict=True)))


def hair_numbers(face):
    """The numbers of the faces' hair styles, with their own volume, side of the parting, and what a hat hides."""
    hair = style_numbers(HAIR_TABLE, HAIR_STYLES, HAIR_COLUMNS, face.hair_style)
    hat = hat_numbers(face)
    hair.cap_x = hair.cap_x * (0.5 + 0.5 * face.hair_volume)
    hair.cap_top = hair.cap_top * (0.5 + 0.5 * face.hair_volume)
    hair.part = hair.part * face.hair_side
    hair.hidden_above = np.where(hat.covers > 0, hat.brim, np.float32(OFF))
    return hair


def hat_numbers(face):
    return style_numbers(HAT_TABLE, HATS, HAT_COLUMNS, face.hat)


def triangle_wave(x):
    """-1 at whole numbers, 1 half way between."""
    return 4 * np.abs(x - np.rint(x)) - 1


def curls(skull):
    """A bumpy pattern in [-1, 1] that gives outlines their curls."""
    return np.cos(11.0 * skull.x) * np.sin(11.0 * skull.y + 1.0)


def hair_back(skull, face):
    """The hair behind head and shoulders: long hair, buns, tails."""
    hair = hair_numbers(face)
    hidden = hair.hidden_above - skull.y
    if (hair.back_low > OFF).any():
        middle = 0.5 * hair.back_low - 0.45
        falls = rounded_box(skull, 0.0, middle, hair.back_x, np.maximum(hair.back_low - middle, 0.1), 0.8)
        falls -= hair.curl * curls(skull)
        fill(skull, np.maximum(falls, hidden), face.hair_dark)
    if (hair.bun_y > OFF).any():
        u = np.where(hair.twin > 0, np.abs(skull.x), skull.x * face.hair_side)
        bun = ellipse(skull._replace(x=u), hair.bun_x, hair.bun_y, hair.bun_w, hair.bun_h)
        on_bun = clipped(skull, coverage(np.maximum(bun, hidden), skull.pixel))
        paint(on_bun, 1.0, face.hair_color)
        fill(on_bun, 0.4 * hair.bun_h - skull.y + hair.bun_y, face.hair_dark, 0.8, edge=0.5)


def hair_front(skull, on_head, face):
    """The hair on the skull: its shadow on the forehead, strands, a shine."""
    hair = hair_numbers(face)
    skull, on_head = crop(skull, -1, -1, 1, 0.7), crop(on_head, -1, -1, 1, 0.7)
    dome = rounded_box(skull, 0.0, CAP_CENTER, hair.cap_x, hair.cap_top + CAP_CENTER, 0.3)
    outline = hair_outline(skull, dome, hair)
    fill(on_head, outline - 0.06, face.skin_dark, 0.4, edge=0.12)

    on_hair = clipped(skull, coverage(outline, skull.pixel))
    paint(on_hair, 1.0, face.hair_color)
    strands = np.cos(20.0 * (skull.x - hair.part) / (skull.y + 1.9))
    depth = 0.22 + 0.12 * strands + 0.3 * skull.y - 0.2 * face.light_x * skull.x
    paint(on_hair, np.clip(depth, 0, 1, out=depth), face.hair_dark)
    sides = glow(np.abs(skull.x - 0.3 * face.light_x) - 0.75, 0.6)
    paint(on_hair, 0.5 * sides * glow(np.abs(dome + 0.26) - 0.1, 0.1), face.hair_light)


def hair_outline(skull, dome, hair):
    """Distance to the hair: the dome with its points and curls, without the opening for the face."""
    points = hair.zigzag * triangle_wave(2.2 * skull.x + 0.5) * np.maximum(-skull.y, 0)
    cap = dome - 1.4 * points
    if hair.curl.any():
        cap -= hair.curl * curls(skull)
    across = skull.x - hair.part
    line = hair.line + hair.bend * across * across + points
    opening = np.minimum(skull.y - line, hair.side - np.abs(skull.x))
    ends = np.maximum(skull.y - hair.bottom, hair.hidden_above - skull.y)
    return np.maximum(np.maximum(cap, opening), ends)


def hat(skull, on_head, face):
    """Dome, band, visor or wide brim, pompom, headphones, and their shadow on the head."""
    if not face.hat.any():
        return
    style = hat_numbers(face)
    skull, on_head = crop(skull, -1, -1, 1, 0.5), crop(on_head, -1, -1, 1, 0.5)
    side = skull._replace(x=skull.x * face.hair_side)
    edge = style.brim + 0.1 * skull.x * skull.x
    around = rounded_box(skull, 0.0, CAP_CENTER, 1.15, 1.05, 0.4)
    fill(on_head, skull.y - edge - 0.1, face.skin_dark, 0.5 * style.covers, edge=0.16)
    ball(side, style, face)
    if style.covers.any():
        dome(skull, edge, style, face)
    fill(skull, np.maximum(np.abs(skull.y - edge + style.band) - style.band, around), face.accent_color)
    fill(side, ellipse(side, style.plate_x, style.brim, style.plate_w, style.plate_h), face.accent_color)
    if style.cup.any():
        headphones(skull, around, style, face)


def ball(side, style, face):
    """A pompom; without a dome below it, a flower with a light centre."""
    fill(side, ellipse(side, style.ball_x, style.ball_y, style.ball, style.ball), face.accent_color)
    center = ellipse(side, style.ball_x, style.ball_y, 0.4 * style.ball, 0.4 * style.ball)
    fill(side, center, face.white, 0.8 * (1 - style.covers))


def dome(skull, edge, style, face):
    """The crown of a hat, above its edge."""
    height = np.maximum(style.dome_top + style.brim + 0.1, 0.1)
    outline = rounded_box(skull, 0.0, style.brim + 0.1, style.dome_x, height, 0.4)
    on_dome = clipped(skull, coverage(np.maximum(outline, skull.y - edge), skull.pixel) * style.covers)
    paint(on_dome, 1.0, face.clothes_color)
    fill(on_dome, 0.35 + face.light_x * skull.x, face.shade, 0.18, edge=0.9)
    paint(on_dome, 0.3 * glow(ellipse(skull, 0.35 * face.light_x, -1.0, 0.5, 0.3), 0.3), face.white)


def headphones(skull, around, style, face):
    """A bow over the head and a cup on each ear."""
    fill(skull, np.maximum(np.abs(around - 0.04) - 0.06, skull.y), face.frame_color, style.cup)
    ear = mirrored(skull)
    fill(ear, rounded_box(ear, 1.1, 0.08, 0.2, 0.3, 0.8), face.accent_color, style.cup)
    fill(ear, rounded_box(ear, 1.0, 0.08, 0.1, 0.32, 0.8), face.frame_color, style.cup)
