"""StyleGAN2's generator once more, from its description alone and with autograd.numpy.

Plain and slow: every image has a modulated kernel of its own, and what doubles the sides does so in the order of the
official code's definition: zeros between the pixels, one padding, the filter, and only then the convolution.
"""

import autograd.numpy as np
from oracles.autoencoder import correlate, pad, with_zeros

FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
EPS = 1e-8


def images(params, z, config, noise):
    """(B, size, size, 3) from z (B, latent); params, config and noise as in minihit.models.stylegan2."""
    return synthesis(params, latents(params["mapping"], z, config), noise)


def latents(layers, z, config):
    """w (B, width): every stored value counts mapping_rate times."""
    x, rate = z / np.sqrt(np.mean(z**2, axis=1, keepdims=True) + EPS), config.mapping_rate
    for layer in layers:
        x = rectify(np.dot(x, rate * equalized(layer["weight"])) + rate * layer["bias"])
    return x


def synthesis(params, w, noise):
    noise, rows = list(noise), []
    for b in range(len(w)):
        maps = iter([n[b if len(n) > 1 else 0] for n in noise])
        rows.append(synthesis_of_one(params, w[b:b + 1], maps))
    return np.concatenate(rows)


def synthesis_of_one(params, w, maps):
    x, image = params["constant"][None], None
    for block in params["blocks"]:
        if "conv0" in block:
            x = styled_conv(block["conv0"], upsampled(x, 3, 2), w, next(maps), padding=0)
            image = upsampled(image, 2, 1)
        x = styled_conv(block["conv1"], x, w, next(maps), padding=1)
        rgb = colours(block["to_rgb"], x, w)
        image = rgb if image is None else image + rgb
    return image


def styled_conv(layer, x, w, noise, padding):
    """Of one image."""
    kernel = equalized(layer["conv"]["weight"]) * style(layer, w)[:, None]
    kernel = kernel / np.sqrt(np.sum(kernel**2, axis=(0, 1, 2)) + EPS)
    return rectify(correlate(pad(x, padding, padding), kernel) + layer["strength"] * noise[:, :, None] + layer["bias"])


def colours(layer, x, w):
    """Of one image."""
    return correlate(x, equalized(layer["conv"]["weight"]) * style(layer, w)[:, None]) + layer["bias"]


def style(layer, w):
    """(C,) of one image."""
    return (np.dot(w, equalized(layer["style"]["weight"])) + layer["style"]["bias"])[0]


def equalized(weight):
    return weight / np.sqrt(np.prod(np.array(weight.shape[:-1])))


def rectify(x):
    return np.sqrt(2.0) * np.where(x > 0, x, 0.2 * x)


def upsampled(x, before, after):
    """Zeros in between, so many around, filtered with a gain of four."""
    kernel = 4 * FILTER[:, :, None, None] * np.eye(x.shape[-1])
    return correlate(pad(with_zeros(x), before, after), kernel)
