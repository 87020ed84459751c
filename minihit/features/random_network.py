"""A fixed random convolutional network: features that need no training and no weights from anywhere.

Three convolutions, each kernel's sum 0, so that it answers to differences and not to brightness; leaky ReLU after each,
blur and halving between. The features are mean and standard deviation of each channel of the first two maps, which see
texture, and the means of each channel of the last in the four quarters of the picture, which see where things are.

Random filters tell pictures apart, but which differences matter to an eye they do not know. The Frechet distance of
their features is no FID, nor near one. Of 1,000 drawn faces of 32 pixels (seed 0) it is 0.6 from 1,000 others (seed 1)
as they are, 7.0 when those are blurred, 20 when blurred four times, 5.3 with noise of 0.2 added, 87 with 0.3 added to
red, 28 when they are 10 faces over and over (precision 0.9, recall 0), and random pixels are at 202.

Shapes: images (N, S, S, 3), S at least 8; maps (N, S, S, 16), (N, S / 2, S / 2, 32), (N, S / 4, S / 4, 40).
"""

import functools
from itertools import pairwise

import numpy as np

from minihit import batches, parallel
from minihit.backend import array_module, to_device
from minihit.errors import UserError
from minihit.features.extractor import Extractor
from minihit.ops import blur_downsample, conv2d, leaky_relu
from minihit.show.images import to_float

CHANNELS = (3, 16, 32, 40)
WIDTH = 2 * 16 + 2 * 32 + 4 * 40
SMALLEST, LARGEST = 8, 64                                                 # sides; a larger one is halved until it fits
GAIN = 8.0                                                                # mean squares of faces' features are near 1
PART_PIXELS = 2**18                                                       # of pictures that go through together
FACTS = (("weights", "none: random filters, always the same"),
         ("resize", f"none up to {LARGEST} x {LARGEST} pixels; larger pictures are blurred and halved until they fit"),
         ("features", f"{WIDTH}: means and deviations of channels at two scales, means in four quarters at a third"))


def extractor(device="cpu"):
    """The Extractor "random-256". On the CPU pictures that go through together have the same bits every time.

    Its extract raises UserError for pictures of fewer than 8 x 8 pixels.
    """
    return Extractor(f"random-{WIDTH}", WIDTH, FACTS, functools.partial(extract, to_device(kernels(), device), device))


def extract(weights, device, images):
    """uint8 (N, S, S, 3) -> float32 (N, 256), both on the host."""
    side = min(images.shape[1:3])
    if side < SMALLEST:
        raise UserError(f"features are those of pictures of at least {SMALLEST} x {SMALLEST} pixels, and these have "
                        f"{images.shape[1]} x {images.shape[2]}: take larger ones")
    size = max(1, PART_PIXELS // side**2)

    def part(images):
        return features(to_float(images), weights)

    if device != "cpu":
        return np.concatenate([*batches.of_one_shape(part, images, size, device)])
    parts = [images[start:start + size] for start in range(0, len(images), size)]
    return np.concatenate(parallel.run(part, parts, alike=True))


def kernels():
    """Host arrays (3, 3, C, C') from a generator whose numbers NumPy has promised never to change (NEP 19)."""
    rng, weights = np.random.RandomState(0), []
    for c_in, c_out in pairwise(CHANNELS):
        weight = rng.standard_normal((3, 3, c_in, c_out)) / np.sqrt(9 * c_in / 2)      # keeps mean squares (He 2015)
        weights.append((weight - weight.mean(axis=(0, 1, 2))).astype(np.float32))
    return weights


def features(x, weights):
    """(N, S, S, 3) in [-1, 1] -> (N, 256)."""
    while max(x.shape[1:3]) > LARGEST:
        x, _ = blur_downsample.forward(x)
    fine = layer(x, weights[0])
    middle = layer(blur_downsample.forward(fine)[0], weights[1])
    coarse = layer(blur_downsample.forward(middle)[0], weights[2])
    found = [*moments(fine), *moments(middle), *(quarter.mean(axis=(1, 2)) for quarter in quarters(coarse))]
    return GAIN * array_module(x).concatenate(found, axis=1)


def layer(x, weight):
    return leaky_relu.forward(conv2d.forward(x, weight)[0])[0]


def moments(x):
    """Mean and standard deviation over the places of a map: each (N, C)."""
    return x.mean(axis=(1, 2)), x.std(axis=(1, 2))


def quarters(x):
    height, width = (side // 2 for side in x.shape[1:3])
    return x[:, :height, :width], x[:, :height, width:], x[:, height:, :width], x[:, height:, width:]
