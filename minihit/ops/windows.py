"""Windows: cut an image into contiguous p x q windows and put it together again.

Shapes: image (B, H, W, C); windows (B, G, P, C) with G = (H/p)(W/q) windows of P = p q pixels, both row-major.
Each function only moves values, so each is the other's inverse and also the other's backward.
"""


def split(image, window):
    """window = (p, q)."""
    (b, height, width, c), (p, q) = image.shape, window
    x = image.reshape(b, height // p, p, width // q, q, c).swapaxes(2, 3)  # (B, H/p, W/q, p, q, C)
    return x.reshape(b, -1, p * q, c)


def merge(windows, window, side):
    """window = (p, q); side = H = W of the image."""
    (b, _, _, c), (p, q) = windows.shape, window
    x = windows.reshape(b, side // p, side // q, p, q, c).swapaxes(2, 3)  # (B, H/p, p, W/q, q, C)
    return x.reshape(b, side, side, c)
