"""Put a square image together again from the p x q windows that window_split made of it.

Shapes: windows (B, G, P, C), G windows of P = p q pixels, both row-major; window = (p, q); image (B, side, side, C).
Values only move, so backward moves them back.
"""


def forward(windows, window, side):
    (b, _, _, c), (p, q) = windows.shape, window
    x = windows.reshape(b, side // p, side // q, p, q, c).swapaxes(2, 3)   # (B, H/p, p, W/q, q, C)
    return x.reshape(b, side, side, c), {"window": window}


def backward(dimage, cache):
    (b, side, _, c), (p, q) = dimage.shape, cache["window"]
    x = dimage.reshape(b, side // p, p, side // q, q, c).swapaxes(2, 3)    # (B, H/p, W/q, p, q, C)
    return x.reshape(b, -1, p * q, c)
