"""Every op once more, as plainly as NumPy can say it: what each computes, without its speed.

Shapes: those of the op's own file. A backward takes the gradient of the output and the inputs, and returns the
gradients of the inputs. minihit/bench/pairs.py puts each beside its op; the tests hold the two together.
"""

import math

import numpy as np

from minihit.backend import erf

LEAKY_SLOPE = 0.2
BLUR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
GROUP, STDDEV_EPS = 4, 1e-8


def gelu(x):
    """x * Phi(x)."""
    return x * _normal_cdf(x)


def gelu_backward(dy, x):
    density = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return dy * (_normal_cdf(x) + x * density)


def feed_forward(x, weight1, bias1, weight2, bias2):
    return gelu(x @ weight1 + bias1) @ weight2 + bias2


def feed_forward_backward(dy, x, weight1, bias1, weight2, bias2):
    hidden = x @ weight1 + bias1
    dhidden = gelu_backward(dy @ weight2.T, hidden)
    return (dhidden @ weight1.T, _weight_gradient(x, dhidden), column_sum(dhidden),
            _weight_gradient(gelu(hidden), dy), column_sum(dy))


def leaky_relu(x):
    return np.where(x > 0, x, LEAKY_SLOPE * x)


def leaky_relu_backward(dy, x):
    return np.where(x > 0, dy, LEAKY_SLOPE * dy)


def softmax(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def softmax_backward(dprobs, scores, axis=-1):
    probs = softmax(scores, axis)
    return probs * (dprobs - (probs * dprobs).sum(axis=axis, keepdims=True))


def attention(query, key):
    """probs and scores (..., N, Q, K)."""
    scores = np.einsum("...qnd,...knd->...nqk", query, _for_each_head(key, query)) * query.shape[-1] ** -0.5
    return softmax(scores), scores


def attend(query, key, value):
    probs, _ = attention(query, key)
    return np.einsum("...nqk,...knd->...qnd", probs, _for_each_head(value, query))


def attend_backward(dout, query, key, value):
    probs, scores = attention(query, key)
    dvalue = np.einsum("...nqk,...qnd->...knd", probs, dout)
    dprobs = np.einsum("...qnd,...knd->...nqk", dout, _for_each_head(value, query))
    dscores = softmax_backward(dprobs, scores) * query.shape[-1] ** -0.5
    dquery = np.einsum("...nqk,...knd->...qnd", dscores, _for_each_head(key, query))
    dkey = np.einsum("...nqk,...qnd->...knd", dscores, query)
    if key.shape[-2] < query.shape[-2]:                                    # all heads read the one
        dkey, dvalue = dkey.sum(axis=-2, keepdims=True), dvalue.sum(axis=-2, keepdims=True)
    return dquery, dkey, dvalue


def conv2d(x, weight):
    """One shifted product for every position of the kernel."""
    return sum(pixels @ weight[i, j] for i, j, pixels in _shifted(x, len(weight)))


def conv2d_backward(dy, x, weight):
    k, (_, height, width, _) = len(weight), x.shape
    dweight, dpadded = np.zeros_like(weight), np.zeros_like(_padded(x, k // 2, k // 2))
    for i, j, pixels in _shifted(x, k):
        dweight[i, j] = _weight_gradient(pixels, dy)
        dpadded[:, i:i + height, j:j + width] += dy @ weight[i, j].T
    return dpadded[:, k // 2:k // 2 + height, k // 2:k // 2 + width], dweight


def blur_downsample(x):
    """Every second pixel, blurred by the 4 x 4 BLUR."""
    return sum(float(BLUR[i, j]) * pixels for i, j, pixels in _every_second(_padded(x, 1, 2), x.shape))


def blur_downsample_backward(dy, x):
    dpadded, (_, height, width, _) = np.zeros_like(_padded(x, 1, 2)), x.shape
    for i, j, pixels in _every_second(dpadded, x.shape):
        pixels += float(BLUR[i, j]) * dy
    return dpadded[:, 1:1 + height, 1:1 + width]


def average_downsample(x):
    return (x[:, ::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, ::2] + x[:, 1::2, 1::2]) / 4


def average_downsample_backward(dy, x):
    return upsample(dy / 4)


def upsample(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def upsample_backward(dy, x):
    return 4 * average_downsample(dy)


def pixel_shuffle(x):
    b, height, width, c = x.shape
    y = np.empty_like(x, shape=(b, 2 * height, 2 * width, c // 4))
    for part, (down, right) in enumerate(np.ndindex(2, 2)):
        y[:, down::2, right::2] = x[..., part * c // 4:(part + 1) * c // 4]
    return y


def pixel_shuffle_backward(dy, x):
    return np.concatenate([dy[:, down::2, right::2] for down, right in np.ndindex(2, 2)], axis=-1)


def split(image, window):
    (b, height, width, c), (p, q) = image.shape, window
    corners = [(top, left) for top in range(0, height, p) for left in range(0, width, q)]
    return np.stack([image[:, top:top + p, left:left + q].reshape(b, p * q, c) for top, left in corners], axis=1)


def merge(windows, window, side):
    (b, count, _, c), (p, q) = windows.shape, window
    image = np.empty_like(windows, shape=(b, side, side, c))
    for index in range(count):
        top, left = p * (index // (side // q)), q * (index % (side // q))
        image[:, top:top + p, left:left + q] = windows[:, index].reshape(b, p, q, c)
    return image


def column_sum(x):
    return x.sum(axis=tuple(range(x.ndim - 1)))


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
    """DiffAugment, image by image."""
    return np.stack([_augment(image, _of_image(draws, b), policy, 1.0) for b, image in enumerate(x)])


def augment_backward(dy, x, draws, policy=("color", "translation", "cutout")):
    """The parts in reverse, each its own transpose but for the shift, which goes back; brightness has no slope."""
    back = {**draws, "shift_h": -draws["shift_h"], "shift_w": -draws["shift_w"]}
    return np.stack([_augment(dimage, _of_image(back, b), policy[::-1], 0.0) for b, dimage in enumerate(dy)])


def _normal_cdf(x):
    return 0.5 * (1.0 + erf(x / math.sqrt(2.0)))


def _weight_gradient(x, dy):
    """Of y = x weight: (C, C')."""
    return x.reshape(-1, x.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])


def _for_each_head(x, query):
    return np.broadcast_to(x, (*x.shape[:-2], *query.shape[-2:]))


def _padded(x, before, after):
    return np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))


def _shifted(x, k):
    """(i, j, the pixels that position i, j of a k x k kernel meets)."""
    padded, (_, height, width, _) = _padded(x, k // 2, k // 2), x.shape
    return [(i, j, padded[:, i:i + height, j:j + width]) for i, j in np.ndindex(k, k)]


def _every_second(padded, shape):
    """(i, j, view of the pixels that position i, j of BLUR meets)."""
    height, width = (shape[1] + 1) // 2 * 2, (shape[2] + 1) // 2 * 2
    return [(i, j, padded[:, i:i + height:2, j:j + width:2]) for i, j in np.ndindex(4, 4)]


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
