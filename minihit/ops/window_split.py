"""Cut an image into contiguous p x q windows.

Shapes: image (B, H, W, C); window = (p, q); windows (B, G, P, C) with G = (H/p)(W/q) windows of P = p q pixels, both
row-major. Values only move, so backward moves them back.
"""


def forward(image, window):
    (b, height, width, c), (p, q) = image.shape, window
    x = image.reshape(b, height // p, p, width // q, q, c).swapaxes(2, 3)  # (B, H/p, W/q, p, q, C)
    return x.reshape(b, -1, p * q, c), {"shape": image.shape, "window": window}


def backward(dwindows, cache):
    (b, height, width, c), (p, q) = cache["shape"], cache["window"]
    x = dwindows.reshape(b, height // p, width // q, p, q, c).swapaxes(2, 3)   # (B, H/p, p, W/q, q, C)
    return x.reshape(b, height, width, c)
