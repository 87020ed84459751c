"""Exercise 21: DiffAugment's colours (tutorials/21_augment_and_agree.py).

Shapes: x, dy, dx (B, S, S, 3); draws["brightness"], draws["saturation"] and draws["contrast"] (B,), in [0, 1).
"""


def color(x, draws):
    """Three steps: a number is added, brightness - 0.5; every pixel moves away from its own mean over the channels,
    2 saturation times as far as it was; every value from the mean of its image, contrast + 0.5 times."""
    x = x + of_image(draws["brightness"] - 0.5, x)
    x = stretched(x, draws["saturation"] * 2.0, (3,))
    return stretched(x, draws["contrast"] + 0.5, (1, 2, 3))


def color_backward(dy, draws):
    """dx."""
    dy = stretched(dy, draws["contrast"] + 0.5, (1, 2, 3))
    return stretched(dy, draws["saturation"] * 2.0, (3,))


def stretched(x, factor, axes):
    mean = x.mean(axis=axes, keepdims=True)
    return mean + (x - mean) * of_image(factor, x)


def of_image(values, x):
    return values.astype(x.dtype).reshape(-1, 1, 1, 1)
