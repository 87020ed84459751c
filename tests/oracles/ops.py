"""Ops that have one version once more as loops, pixel by pixel or image by image, each with its backward."""

import numpy as np

GROUP, STDDEV_EPS = 4, 1e-8


def pixel_shuffle(x):
    b, height, width, c = x.shape
    y = np.empty_like(x, shape=(b, 2 * height, 2 * width, c // 4))
    for part, (down, right) in enumerate(np.ndindex(2, 2)):
        y[:, down::2, right::2] = x[..., part * c // 4:(part + 1) * c // 4]
    return y


def pixel_shuffle_backward(dy):
    return np.concatenate([dy[:, down::2, right::2] for down, right in np.ndindex(2, 2)], axis=-1)


def split(image, window):
    """Windows (B, G, p q, C)."""
    (b, height, width, c), (p, q) = image.shape, window
    corners = [(top, left) for top in range(0, height, p) for left in range(0, width, q)]
    return np.stack([image[:, top:top + p, left:left + q].reshape(b, p * q, c) for top, left in corners], axis=1)


def merge(windows, window, height, width):
    (b, count, _, c), (p, q) = windows.shape, window
    image = np.empty_like(windows, shape=(b, height, width, c))
    for index in range(count):
        top, left = p * (index // (width // q)), q * (index % (width // q))
        image[:, top:top + p, left:left + q] = windows[:, index].reshape(b, p, q, c)
    return image


def minibatch_stddev(x):
    y = np.concatenate([x, np.zeros_like(x[..., :1])], axis=-1)
    for group in _groups(x):
        y[group, :, :, -1] = np.sqrt(x[group].var(axis=0) + STDDEV_EPS).mean()
    return y


def minibatch_stddev_backward(dy, x):
    dx = dy[..., :-1].copy()
    for group in _groups(x):
        centered, std = x[group] - x[group].mean(axis=0), np.sqrt(x[group].var(axis=0) + STDDEV_EPS)
        dx[group] += dy[group, :, :, -1].sum() * centered / std / centered.size
    return dx


def augment(x, draws, policy=("color", "translation", "cutout")):
    return np.stack([_augment(image, _of_image(draws, b), policy, 1.0) for b, image in enumerate(x)])


def augment_backward(dy, draws, policy=("color", "translation", "cutout")):
    """The parts in reverse, each its own transpose but for the shift, which goes back; brightness has no slope."""
    back = {**draws, "shift_h": -draws["shift_h"], "shift_w": -draws["shift_w"]}
    return np.stack([_augment(dimage, _of_image(back, b), policy[::-1], 0.0) for b, dimage in enumerate(dy)])


def _groups(x):
    """Image b is in group b mod (B / S), S images in each."""
    count = len(x) // min(GROUP, len(x))
    return [slice(first, None, count) for first in range(count)]


def _of_image(draws, b):
    return {name: values[b] for name, values in draws.items()}


def _augment(image, draw, policy, brightness):
    for name in policy:
        if name == "color":
            image = image + brightness * (draw["brightness"] - 0.5)
            image = _stretch(image, 2.0 * draw["saturation"], axis=-1)
            image = _stretch(image, draw["contrast"] + 0.5, axis=None)
        if name == "translation":
            image = _shift(_shift(image, draw["shift_h"], 0), draw["shift_w"], 1)
        if name == "cutout":
            image = _cut(image, draw["cut_h"], draw["cut_w"])
    return image


def _stretch(image, factor, axis):
    mean = image.mean(axis=axis, keepdims=True)
    return mean + (image - mean) * factor


def _shift(image, by, axis):
    """y[i] = x[i + by], zeros outside."""
    y, length = np.zeros_like(image), image.shape[axis]
    for i in range(max(0, -by), min(length, length - by)):
        y.swapaxes(0, axis)[i] = image.swapaxes(0, axis)[i + by]
    return y


def _cut(image, row, column):
    cut = int(len(image) * 0.5 + 0.5)
    top, left = row - cut // 2, column - cut // 2
    y = image.copy()
    y[max(0, top):max(0, top + cut), max(0, left):max(0, left + cut)] = 0.0
    return y
