"""Pixel shuffle by two, in TensorFlow's order: channel (dy * 2 + dx) * C/4 + c moves to pixel (2 h + dy, 2 w + dx).

Shapes: x (B, H, W, C); y (B, 2H, 2W, C/4).
"""


def forward(x):
    b, height, width, c = x.shape
    y = x.reshape(b, height, width, 2, 2, c // 4).swapaxes(2, 3)           # (B, H, 2, W, 2, C/4)
    return y.reshape(b, 2 * height, 2 * width, c // 4), {}


def backward(dy, cache):
    b, height, width, c = dy.shape
    dx = dy.reshape(b, height // 2, 2, width // 2, 2, c).swapaxes(2, 3)    # (B, H, W, 2, 2, C/4)
    return dx.reshape(b, height // 2, width // 2, 4 * c)
