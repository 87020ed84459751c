"""The latents of a VQ-VAE and of a VAE in PyTorch, as one writes them there, beside minihit's. Needs PyTorch.

Ten steps of the quantiser on the same vectors, its codes moving averages (with restarts and without) or learnt by
gradient, straight-through or with the rotation trick; and the Gaussian with its divergence. What autograd finds is
compared with what minihit writes by hand: a table of the largest differences is printed, and the exit status is 1 where
one is more than rounding.

Shapes: z, q, target (B, PLACES, D); codebook (K, D); indices (B PLACES,); all float64.
"""

import argparse
import sys

import numpy as np

from minihit import models, tree
from minihit.models import quantizer
from minihit.models.quantizer.averages import EPS
from minihit.models.quantizer.config import QuantizerConfig
from minihit.objectives import bottleneck
from minihit.ops import gaussian
from minihit.ops.rotation import SHORTEST

try:
    import torch
    from torch.nn import functional as F
except ImportError:
    torch = None

STEPS, BATCH, PLACES, WIDTH = 10, 32, 4, 4
COST, RATE, BETA = 0.25, 2.0, 0.1                                         # of commitment, of descent, of the divergence
TOLERANCE = 1e-10
VARIANTS = {
    "averages": {"restart": 0.0},
    "averages, restarts": {"decay": 0.9},
    "averages, rotation": {"rotate": True},
    "gradient": {"learn": "gradient"},
    "gradient, rotation": {"learn": "gradient", "rotate": True},
}


# The port


class Quantizer:
    """The quantiser of a configuration, from the same first codes."""

    def __init__(self, codebook, config):
        self.config, self.steps = config, 0
        self.codebook = torch.tensor(codebook, requires_grad=config.learn == "gradient")
        self.count, self.sum = self.codebook.new_zeros(config.codes), torch.zeros_like(self.codebook)

    def __call__(self, z):
        """(q, loss of both pulls, indices)."""
        indices = torch.cdist(z.flatten(0, -2), self.codebook).argmin(-1)
        codes = F.embedding(indices, self.codebook).view(z.shape)
        q = rotated(z, codes.detach()) if self.config.rotate else z + (codes - z).detach()
        return q, COST * F.mse_loss(z, codes.detach()) + F.mse_loss(codes, z.detach()), indices

    def update(self, z, indices, offers):
        """Averages, the codebook that they make, and restarts."""
        rows, decay, self.steps = z.detach().flatten(0, -2), self.config.decay, self.steps + 1
        hits = torch.zeros_like(self.count).index_add(0, indices, rows.new_ones(len(rows)))
        self.count.lerp_(hits, 1.0 - decay)
        self.sum.lerp_(torch.zeros_like(self.sum).index_add(0, indices, rows), 1.0 - decay)
        weight = 1.0 - decay**self.steps
        count, vectors = self.count / weight, self.count.sum() / weight
        size = (count + EPS) / (vectors + len(count) * EPS) * vectors
        self.codebook.copy_(self.sum / weight / size[:, None])
        mean = weight * len(rows) / len(count)
        for row, code in zip(rows, offers, strict=True):
            if code >= 0 and self.count[code] < self.config.restart * mean:
                self.codebook[code], self.count[code], self.sum[code] = row, mean, mean * row


def rotated(z, codes):
    """z turned and stretched onto its code (Fifty et al. 2024), neither of which has a gradient."""
    source, target = (F.normalize(x.detach(), dim=-1, eps=SHORTEST) for x in (z, codes))
    between = F.normalize(source + target, dim=-1, eps=SHORTEST)
    scale = codes.norm(dim=-1, keepdim=True) / z.detach().norm(dim=-1, keepdim=True).clamp(min=SHORTEST)
    turned = z - 2.0 * (z * between).sum(-1, keepdim=True) * between + 2.0 * (z * source).sum(-1, keepdim=True) * target
    return scale * turned


# One step of each


def our_step(network, z, target, offers, config):
    """The network after it, and (q, dz) of a loss that is mean (q - target)^2 and both pulls."""
    params, averages = network["params"], network["averages"]
    q, cache = quantizer.forward(params, z, config, averages)
    dz, grads = quantizer.backward((q - target) * (2.0 / q.size), cache, bottleneck.codebook(z, cache["codes"])[1])
    dz = dz + bottleneck.commitment(z, cache["codes"], COST)[1]
    params = tree.map(lambda leaf, gradient: leaf - RATE * gradient, params, grads)
    averages = quantizer.update_averages(averages, quantizer.met(cache, offers), config)
    return {"params": params, "averages": averages}, (q, dz)


def their_step(there, z, target, offers):
    """(q, dz), as arrays; the module is changed in place."""
    z, target = torch.tensor(z, requires_grad=True), torch.tensor(target)
    q, pulls, indices = there(z)
    (F.mse_loss(q, target) + pulls).backward()
    if there.config.learn == "gradient":
        optimiser = torch.optim.SGD([there.codebook], RATE)
        optimiser.step()
        optimiser.zero_grad()
    else:
        there.update(z, indices, [-1] * len(indices) if offers is None else offers.ravel().tolist())
    return q.detach().numpy(), z.grad.numpy()


# What is compared


def differences():
    """{row: {quantity: largest difference}}."""
    rows = {name: of_quantizer(QuantizerConfig(codes=16, width=WIDTH, **options)) for name, options in VARIANTS.items()}
    return {**rows, "Gaussian": of_gaussian()}


def of_quantizer(config):
    rng = np.random.default_rng(0)
    here = tree.map(np.float64, models.first_values(rng, config))
    there, found = Quantizer(codebook_of(here), config), {"values": 0.0, "gradients": 0.0}
    for _ in range(STEPS):
        z, target = rng.standard_normal((2, BATCH, PLACES, WIDTH))
        offers = quantizer.draw(rng, BATCH, PLACES, config).get("offers")
        here, ours = our_step(here, z, target, offers, config)
        theirs = their_step(there, z, target, offers)
        for name, a, b in zip(found, ours, theirs, strict=True):
            found[name] = max(found[name], largest(a, b))
    return {**found, "codebook": largest(codebook_of(here), there.codebook.detach().numpy())}


def of_gaussian():
    """z, and the gradients of mean (z - target)^2 plus BETA times the divergence."""
    mean, log_variance, noise, target = np.random.default_rng(0).standard_normal((4, BATCH, PLACES, WIDTH))
    z, cache = gaussian.forward(mean, log_variance, noise)
    ours = gaussian.backward((z - target) * (2.0 / z.size), cache)
    divergence, *pulls = bottleneck.kl(mean, log_variance)
    m, v = (torch.tensor(x, requires_grad=True) for x in (mean, log_variance))
    drawn = m + torch.exp(v / 2) * torch.tensor(noise)
    normal = torch.distributions.Normal
    kl = torch.distributions.kl_divergence(normal(m, torch.exp(v / 2)), normal(0.0, 1.0)).sum((1, 2)).mean()
    (F.mse_loss(drawn, torch.tensor(target)) + BETA * kl).backward()
    values = max(largest(z, drawn.detach().numpy()), abs(divergence - kl.item()))
    return {"values": values, "gradients": max(largest(one + BETA * pull, leaf.grad.numpy())
                                               for one, pull, leaf in zip(ours, pulls, (m, v), strict=True))}


def codebook_of(network):
    return (network["params"] or network["averages"])["codebook"]


def largest(a, b):
    return float(abs(a - b).max())


def table(found):
    """Lines of text."""
    columns = ("values", "gradients", "codebook")
    yield f"{'largest difference, float64':28}" + "".join(f"{column:>12}" for column in columns)
    for name, row in found.items():
        yield f"{name:28}" + "".join(f"{row[column]:12.1e}" if column in row else f"{'':12}" for column in columns)


def main():
    if torch is None:
        print("PyTorch is not installed: pip install torch brings it", file=sys.stderr)
        return 2
    found = differences()
    print(f"minihit beside PyTorch {torch.__version__}; codebooks after {STEPS} steps", *table(found), sep="\n")
    return int(not all(value <= TOLERANCE for row in found.values() for value in row.values()))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    raise SystemExit(main())
