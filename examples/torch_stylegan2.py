"""StyleGAN2's generator in PyTorch, as one writes it there, beside minihit's. Needs PyTorch.

Every image has a modulated kernel of its own, so that the whole batch is one convolution with a group for each image;
what doubles the sides puts zeros between the pixels, filters them and then convolves. What autograd finds is compared
with what minihit writes by hand: a table of the largest differences is printed, and the exit status is 1 where one is
more than rounding.

Shapes: z (B, latent); w (B, width); x (B, C, H, W); image (B, 3, size, size); noise (B, side, side) or (1, side, side);
parameters as in minihit; all float64.
"""

import argparse
import sys

import numpy as np

from minihit import models, tree
from minihit.gradcheck import perturb
from minihit.models import stylegan2
from minihit.models.stylegan2.config import StyleGAN2Config, halved_channels
from minihit.models.stylegan2.noise import fixed

try:
    import torch
    from torch.nn import functional as F
except ImportError:
    torch = None

BATCH, TRUNCATION = 3, 0.7
EPS = 1e-8
TOLERANCE = 1e-10                                                         # of the largest value
BASE = StyleGAN2Config(latent=16, width=24, channels=halved_channels(32, 256, 24), mapping=2)
VARIANTS = {
    "side 32": BASE,
    "side 4": StyleGAN2Config(latent=16, width=24, channels=(12,), mapping=2),
    "mapping of depth 8": StyleGAN2Config(latent=24, width=16, channels=(12, 10), mapping=8),
    "mapping at full rate": StyleGAN2Config(latent=16, width=24, channels=(12, 10), mapping=1, mapping_rate=1.0),
}


# The port


def latents(layers, z, rate):
    """w, of weights that are stored 1 / rate times as large as they are used."""
    x = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + EPS)
    for layer in layers:
        x = rectified(F.linear(x, rate * equalized(layer["weight"]).T, rate * layer["bias"]))
    return x


def images(params, w, noise):
    """(B, 3, size, size); noise: a list of maps."""
    noise, image = iter(noise), None
    x = params["constant"].permute(2, 0, 1).expand(len(w), -1, -1, -1)
    for block in params["blocks"]:
        if "conv0" in block:
            x = styled(block["conv0"], filtered(x, 3, 2), w, next(noise), padding=0)
            image = filtered(image, 2, 1)
        x = styled(block["conv1"], x, w, next(noise), padding=1)
        colours = modulated(block["to_rgb"], x, w, padding=0, demodulate=False) + shaped(block["to_rgb"]["bias"])
        image = colours if image is None else image + colours
    return image


def styled(layer, x, w, noise, padding):
    x = modulated(layer, x, w, padding) + layer["strength"] * noise[:, None] + shaped(layer["bias"])
    return rectified(x)


def modulated(layer, x, w, padding, demodulate=True):
    """One group for each image."""
    style = F.linear(w, equalized(layer["style"]["weight"]).T, layer["style"]["bias"])
    kernel = equalized(layer["conv"]["weight"]).permute(3, 2, 0, 1) * style[:, None, :, None, None]   # (B, C', C, k, k)
    if demodulate:
        kernel = kernel * torch.rsqrt(kernel.square().sum(dim=(2, 3, 4), keepdim=True) + EPS)
    grouped = F.conv2d(x.flatten(0, 1)[None], kernel.flatten(0, 1), padding=padding, groups=len(w))
    return grouped.unflatten(1, (len(w), -1))[0]


def filtered(x, before, after):
    """Zeros between the pixels, so many around them, and the filter with a gain of four."""
    b, c, height, width = x.shape
    spread = x.new_zeros(b, c, 2 * height, 2 * width)
    spread[:, :, ::2, ::2] = x
    taps = x.new_tensor([1.0, 3.0, 3.0, 1.0]) / 4
    kernel = (taps[:, None] * taps).expand(c, 1, 4, 4)
    return F.conv2d(F.pad(spread, (before, after, before, after)), kernel, groups=c)


def equalized(weight):
    """Over the root of the fan-in."""
    return weight / weight[..., 0].numel() ** 0.5


def rectified(x):
    return 2.0**0.5 * F.leaky_relu(x, 0.2)


def shaped(bias):
    return bias[:, None, None]


# What is compared


def differences():
    """{row: {quantity: largest difference, over the largest value}}."""
    return {f"{name}, {kind} noise": of_network(config, kind == "drawn")
            for name, config in VARIANTS.items() for kind in ("drawn", "fixed")}


def of_network(config, drawn):
    """Images, gradients of a weighted sum of them by z and all parameters, and truncated images of evaluation."""
    rng = np.random.default_rng(0)
    first = models.first_values(rng, config)
    params, averages = (perturb(first[name], rng) for name in ("params", "averages"))
    draws = tree.map(np.float64, stylegan2.draw(rng, BATCH, config))
    noise = draws["noise"] if drawn else None
    dimage = rng.standard_normal((BATCH, config.size, config.size, 3))
    here = ours(params, draws["z"], config, averages, noise, dimage)
    there = theirs(params, draws["z"], config, averages, noise, dimage)
    gaps = tree.map(largest, there["gradients"], here["gradients"])
    return {**{name: largest(there[name], here[name]) for name in ("images", "truncated")},
            "gradients": max(gap for _, gap in tree.items(gaps))}


def ours(params, z, config, averages, noise, dimage):
    image, cache = stylegan2.forward(params, z, config, noise=noise)
    dz, grads = stylegan2.backward(dimage, cache)
    return {"images": image, "gradients": {"z": dz, "params": grads},
            "truncated": stylegan2.generate(params, z, config, averages, TRUNCATION)}


def theirs(params, z, config, averages, noise, dimage):
    leaves = tree.map(lambda leaf: torch.tensor(leaf, requires_grad=True), {"z": z, "params": params})
    still = [torch.tensor(maps) for maps in fixed(config, z)]
    w = latents(leaves["params"]["mapping"], leaves["z"], config.mapping_rate)
    image = images(leaves["params"], w, [torch.tensor(maps) for maps in noise] if noise else still)
    (image * torch.tensor(dimage).permute(0, 3, 1, 2)).sum().backward()
    towards = torch.lerp(torch.tensor(averages["w"]), w, TRUNCATION)
    return {"images": as_array(image), "gradients": tree.map(lambda leaf: leaf.grad.numpy(), leaves),
            "truncated": as_array(images(leaves["params"], towards, still))}


def as_array(image):
    return image.detach().permute(0, 2, 3, 1).numpy()


def largest(a, b):
    return float(abs(a - b).max() / abs(b).max())


def table(found):
    """Lines of text."""
    columns = ("images", "gradients", "truncated")
    yield f"{'largest difference, float64':36}" + "".join(f"{column:>12}" for column in columns)
    for name, row in found.items():
        yield f"{name:36}" + "".join(f"{row[column]:12.1e}" for column in columns)


def main():
    if torch is None:
        print("PyTorch is not installed: pip install torch brings it", file=sys.stderr)
        return 2
    found = differences()
    print(f"minihit beside PyTorch {torch.__version__}", *table(found), sep="\n")
    return int(not all(value <= TOLERANCE for row in found.values() for value in row.values()))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    raise SystemExit(main())
