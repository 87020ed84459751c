"""DiffAugment (Zhao et al. 2020): random colour, translation and cutout, one draw per image.

Shapes: x, y (B, S, S, 3) in [-1, 1]; every draw (B,). All three are linear in x up to a constant, so backward needs
no x.
"""

import numpy as np

from minihit.backend import array_module
from minihit.errors import UserError
from minihit.ops.switch import tuned


def draw(rng, count, side):
    """Host arrays of the draws for `count` images: uniforms in [0, 1) for colours, whole pixels for the rest."""
    shift, cut = side_of(side, 0.125), side_of(side, 0.5)
    draws = {name: rng.random(count, dtype=np.float32) for name in ("brightness", "saturation", "contrast")}
    for name in ("shift_h", "shift_w"):
        draws[name] = rng.integers(-shift, shift + 1, count)
    for name in ("cut_h", "cut_w"):
        draws[name] = rng.integers(0, side + 1 - cut % 2, count)
    return draws


def forward(x, draws, policy=("color", "translation", "cutout")):
    """Raises UserError for a policy that is none of color, translation, cutout."""
    for name in policy:
        if name not in POLICIES:
            raise UserError(f"augmentation {name!r} is unknown: choose from {', '.join(POLICIES)}")
        x = POLICIES[name][0](x, draws)
    return x, {"draws": draws, "policy": policy}


def backward(dy, cache):
    for name in reversed(cache["policy"]):
        dy = POLICIES[name][1](dy, cache["draws"])
    return dy


def color(x, draws):
    """Brightness + U(-.5, .5); saturation (about the channel mean) * U(0, 2); contrast (image mean) * U(.5, 1.5)."""
    x = x + per_image(draws["brightness"] - 0.5, x)
    x = stretch(x, draws["saturation"] * 2.0, axis=3)
    return stretch(x, draws["contrast"] + 0.5, axis=(1, 2, 3))


def color_backward(dy, draws):
    dy = stretch(dy, draws["contrast"] + 0.5, axis=(1, 2, 3))
    return stretch(dy, draws["saturation"] * 2.0, axis=3)


def translation(x, draws):
    return shift(x, draws["shift_h"], draws["shift_w"])


def translation_backward(dy, draws):
    return shift(dy, -draws["shift_h"], -draws["shift_w"])


def cutout(x, draws):
    return cut(x, draws["cut_h"], draws["cut_w"])


def side_of(side, share):
    """A share of the image's side in whole pixels, as the official code rounds it."""
    return int(side * share + 0.5)


@tuned
def stretch(x, factor, axis):
    """x from its mean over the axes, `factor` (B,) times as far. Symmetric as a matrix: its own backward."""
    mean = x.mean(axis=axis, keepdims=True)
    return (x - mean) * per_image(factor, x) + mean


@tuned
def shift(x, down, right):
    """y[i, j] = x[i + down, j + right], zero outside."""
    xp, side = array_module(x), x.shape[1]
    rows = xp.arange(side) + down[:, None]                                 # (B, S)
    columns = xp.arange(side) + right[:, None]
    inside = [((at >= 0) & (at < side)).astype(x.dtype) for at in (rows, columns)]
    rows, columns = (xp.clip(at, 0, side - 1) for at in (rows, columns))
    y = x[xp.arange(len(x))[:, None, None], rows[:, :, None], columns[:, None, :]]
    return y * (inside[0][:, :, None, None] * inside[1][:, None, :, None])


@tuned
def cut(x, center_h, center_w):
    """Zeros in a square of half the side, centred at (center_h, center_w)."""
    side, half = x.shape[1], side_of(x.shape[1], 0.5)
    rows, columns = (array_module(x).arange(side) - (center[:, None] - half // 2) for center in (center_h, center_w))
    rows, columns = ((at >= 0) & (at < half) for at in (rows, columns))    # (B, S)
    return x * ~(rows[:, :, None, None] & columns[:, None, :, None])


def per_image(values, x):
    """(B,) as (B, 1, 1, 1), in x's dtype."""
    return (values if values.dtype == x.dtype else values.astype(x.dtype)).reshape(-1, 1, 1, 1)


POLICIES = {
    "color": (color, color_backward),
    "translation": (translation, translation_backward),
    "cutout": (cutout, cutout),
}
