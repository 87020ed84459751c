"""Exercise 12: pixel shuffle and upsampling (tutorials/12_moving_pixels.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 12

Shapes: pixel shuffle takes x (B, H, W, C) to y (B, 2H, 2W, C / 4), upsampling to y (B, 2H, 2W, C).
"""


def pixel_shuffle_forward(x):
    """Channel (dy * 2 + dx) * C / 4 + c of pixel (h, w) moves to pixel (2h + dy, 2w + dx). Returns y and a cache."""
    raise NotImplementedError("pixel_shuffle_forward")


def pixel_shuffle_backward(dy, cache):
    """dx: every value goes back to where it came from."""
    raise NotImplementedError("pixel_shuffle_backward")


def upsample_forward(x):
    """Every pixel becomes a square of 2 x 2. Returns y and a cache."""
    raise NotImplementedError("upsample_forward")


def upsample_backward(dy, cache):
    raise NotImplementedError("upsample_backward")
