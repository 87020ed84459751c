"""The attributes of the built-in faces, drawn from a seed: face i of a seed never depends on how faces are batched.

Every face owns UNIFORMS_PER_FACE numbers in [0, 1) of a counter-based generator (Philox), which can start at any face.
They are used in the order of the tables below, so that reordering a table gives other faces.
Lengths are in image coordinates, where the picture spans [-1, 1] with y downwards; colours are in [0, 1].
"""

import numpy as np

UNIFORMS_PER_FACE = 56
PHILOX_OUTPUTS_PER_STEP = 4  # `advance` counts steps of four outputs, so UNIFORMS_PER_FACE is a multiple of four

RANGES = {
    # pose: where the head is and where it looks
    "shift_x": (-0.035, 0.035),
    "shift_y": (-0.03, 0.03),
    "turn": (-0.07, 0.07),  # the face slides sideways on the head
    "nod": (-0.02, 0.03),
    "tilt": (-0.11, 0.11),  # radians
    "gaze_x": (-0.04, 0.04),
    "gaze_y": (-0.02, 0.025),
    # head
    "head_width": (0.47, 0.55),
    "head_height": (0.56, 0.62),
    "jaw": (-0.02, 0.17),  # how much narrower the head is at the chin than at the brow
    "squareness": (0.0, 0.5),
    "ear_size": (0.8, 1.25),
    # features
    "eye_size": (0.9, 1.18),
    "eye_spacing": (0.215, 0.26),
    "eye_openness": (0.66, 1.02),
    "eye_slant": (-0.16, 0.2),
    "lashes": (0.012, 0.036),  # thickness of the upper lid's line
    "brow_height": (0.16, 0.21),
    "brow_angle": (-0.2, 0.28),
    "brow_thickness": (0.022, 0.045),
    "nose_width": (0.065, 0.11),
    "nose_length": (0.17, 0.23),
    "mouth_width": (0.13, 0.23),
    "smile": (-0.02, 0.12),  # how far the corners are above the middle
    "lip_thickness": (0.022, 0.045),
    "blush": (0.0, 0.5),
    # hair, clothes, light
    "hair_volume": (0.95, 1.1),
    "build": (0.68, 0.85),  # half the width of the shoulders
    "light_x": (-1.0, 1.0),  # -1: the light comes from the left
    "warmth": (-1.0, 1.0),
}

# Names in order: the integer of an attribute is the index here; the number is the chance of the style.
HAIR_STYLES = {
    "bald": 3, "buzz": 5, "short": 10, "quiff": 8, "spiky": 8, "curly": 9, "afro": 6, "mohawk": 3, "bangs": 9,
    "bob": 9, "long": 11, "wavy": 9, "bun": 7, "ponytail": 7, "pigtails": 6,
}  # fmt: skip
BEARDS = {"none": 70, "stubble": 8, "full": 9, "goatee": 6, "moustache": 7}
GLASSES = {"none": 70, "round": 14, "square": 10, "dark": 6}
HATS = {"none": 70, "beanie": 7, "cap": 6, "sun hat": 4, "beret": 4, "headband": 4, "flower": 4, "headphones": 4}
CLOTHES = {"crew": 30, "v-neck": 20, "shirt": 18, "turtleneck": 14, "striped": 18}
BACKGROUNDS = {"gradient": 28, "halo": 30, "diagonal": 21, "dots": 21}
STYLES = {
    "hair_style": HAIR_STYLES,
    "beard": BEARDS,
    "glasses": GLASSES,
    "hat": HATS,
    "clothes": CLOTHES,
    "background": BACKGROUNDS,
}

SKIN_TONES = "fbd9c0 f8cba8 f0b98d dda070 c58a5b a06a43 7d5137 5f3d2a"  # a ramp, blended between neighbours
HAIR_COLORS = {
    "2c262b": 15, "4a2f26": 16, "6e4630": 13, "8a4b2a": 10, "a3432c": 6, "d8712f": 8, "dca349": 10, "f0d084": 10,
    "f3e6cb": 4, "a3a6ae": 5, "eceae8": 4, "ee86a8": 3, "38a89d": 3, "4f74d2": 2, "8e66c8": 3,
}  # fmt: skip
EYE_COLORS = {"3b2a22": 30, "6b4226": 25, "7d7a36": 10, "3f8a54": 12, "3a78b8": 15, "7a8c9c": 8}
LIP_COLORS = {"natural": 60, "c9384f": 14, "d9577f": 14, "8c2f4b": 12}

# Sets that look good together: background above, background below, clothes, accent (hat, stripes, frames).
PALETTES = """
    f9d8c0 f4a988 3d5a80 ee6c4d    bfe3e0 7fc8c2 f2b950 e76f51    cfe3f7 8fbce6 e4572e ffc914
    e7d8f5 b99be0 4b3f72 ff9fb2    fbe7a1 f6c453 2a9d8f e63946    f8c9d4 ee8fa6 5b4b8a ffd166
    d6e8c5 9cc57d 8c4a3b f4d35e    2f5666 1b3440 e9c46a f4a261    3d3f7a 22234e f26ca7 7ee8fa
    f3efe6 d9cfbf 354f52 bc4749    ffa57e e8623f f7efe2 1b998b    8ad6bf 3fa88c f7f3e3 fb6376
    a7c7e7 5c8fcb f6f6f6 d7263d    7d6a8c 4c3b5e eaac8b b5e2fa    ffd6a5 fda769 6a4c93 8ac926
    c2c9ff 8a93f0 ffe3f1 ff6b6b    e4f1ee a9d3cc d1495b edae49    d8d3cd a59d95 f2c14e 5d7fa3
"""


def hex_colors(text):
    """Colours in [0, 1], (number of six-digit words, 3)."""
    return np.array([list(bytes.fromhex(word)) for word in text.split()], np.float32) / 255


def choose(uniform, weights):
    """Index drawn with the chances in `weights` (a dict's values), (count,) int64."""
    edges = np.cumsum(list(weights.values()), dtype=np.float64)
    return np.searchsorted(edges / edges[-1], uniform, side="right")


def blend_ramp(uniform, colors):
    """The colour at position `uniform` of a ramp of anchor colours, (count, 3)."""
    position = uniform * (len(colors) - 1)
    left = np.minimum(position.astype(int), len(colors) - 2)
    weight = (position - left)[:, None]
    return colors[left] * (1 - weight) + colors[left + 1] * weight


def draw_uniforms(seed, start, count):
    """The numbers of faces start .. start + count - 1 of this seed's endless set, (UNIFORMS_PER_FACE, count)."""
    generator = np.random.Philox(key=seed).advance(start * (UNIFORMS_PER_FACE // PHILOX_OUTPUTS_PER_STEP))
    return np.random.Generator(generator).random((count, UNIFORMS_PER_FACE)).T


def draw_colors(columns):
    """Skin, hair, eyes, lips and a palette, each (count, 3)."""
    skin = blend_ramp(next(columns), hex_colors(SKIN_TONES))
    hair = hex_colors(" ".join(HAIR_COLORS))[choose(next(columns), HAIR_COLORS)]
    eyes = hex_colors(" ".join(EYE_COLORS))[choose(next(columns), EYE_COLORS)]
    lipstick = choose(next(columns), LIP_COLORS)[:, None]
    paints = hex_colors(" ".join(["000000", *list(LIP_COLORS)[1:]]))
    lips = np.where(lipstick == 0, skin * (0.8, 0.52, 0.5), 0.8 * paints[lipstick[:, 0]] + 0.2 * skin)
    palettes = hex_colors(PALETTES).reshape(-1, 4, 3)
    above, below, clothes, accent = palettes[(next(columns) * len(palettes)).astype(int)].swapaxes(0, 1)
    colors = {"skin": skin, "hair": hair, "eye": eyes, "lip": lips, "background": above, "background_low": below,
              "clothes": clothes, "accent": accent}  # fmt: skip
    brightness = {name: 0.92 + 0.14 * next(columns)[:, None] for name in colors}
    return {f"{name}_color": np.clip(color * brightness[name], 0, 1) for name, color in colors.items()}


def draw_attributes(seed, start, count):
    """Attributes of faces start .. start + count - 1: floats (count,), style indices (count,), colours (count, 3)."""
    columns = iter(draw_uniforms(seed, start, count))
    attributes = {name: low + (high - low) * next(columns) for name, (low, high) in RANGES.items()}
    open_mouth = next(columns)
    attributes["mouth_open"] = np.where(open_mouth < 0.55, 0, 0.05 + 0.12 * (open_mouth - 0.55) / 0.45)
    attributes["freckles"] = np.maximum(next(columns) - 0.75, 0) * 4
    attributes["earrings"] = next(columns) < 0.18
    attributes["hair_side"] = np.where(next(columns) < 0.5, -1, 1)  # the side of the parting, ponytail, visor
    attributes.update(draw_colors(columns))
    attributes = {name: value.astype(np.float32) for name, value in attributes.items()}
    styles = {name: choose(next(columns), weights).astype(np.int8) for name, weights in STYLES.items()}
    return attributes | styles
