"""Exercise 12: pixel shuffle and upsampling (tutorials/12_moving_pixels.py).

Shapes: pixel shuffle takes x (B, H, W, C) to y (B, 2H, 2W, C / 4), upsampling to y (B, 2H, 2W, C).
"""


def pixel_shuffle_forward(x):
    """Channel (dy * 2 + dx) * C / 4 + c of pixel (h, w) moves to pixel (2h + dy, 2w + dx). Returns y and a cache."""
    b, height, width, c = x.shape
    y = x.reshape(b, height, width, 2, 2, c // 4).transpose(0, 1, 3, 2, 4, 5)
    return y.reshape(b, 2 * height, 2 * width, c // 4), {}


def pixel_shuffle_backward(dy, cache):
    """dx: every value goes back to where it came from."""
    b, height, width, c = dy.shape
    dx = dy.reshape(b, height // 2, 2, width // 2, 2, c).transpose(0, 1, 3, 2, 4, 5)
    return dx.reshape(b, height // 2, width // 2, 4 * c)


def upsample_forward(x):
    """Every pixel becomes a square of 2 x 2. Returns y and a cache."""
    return x.repeat(2, axis=1).repeat(2, axis=2), {}


def upsample_backward(dy, cache):
    b, height, width, c = dy.shape
    return dy.reshape(b, height // 2, 2, width // 2, 2, c).sum(axis=(2, 4))
