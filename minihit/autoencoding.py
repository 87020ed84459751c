"""Pictures through the encoder and decoder of a run: to latents, and back.

Shapes: images (N, S, S, 3) float32 in [-1, 1] and latents, both on the host.
"""

import numpy as np

from minihit import batches, objectives
from minihit.sampling import samples


def encode(networks, images, preset, device="cpu"):
    """What the objective's encode returns of images, as host arrays: the latents, and a dict of what else is known."""
    def part(images):
        return objectives.of(preset).encode(networks, images, preset)

    found = batches.run(part, images, [preset.encoder], preset.size, device)
    latents, facts = zip(*found, strict=True)
    return np.concatenate(latents), {name: np.concatenate([fact[name] for fact in facts]) for name in facts[0]}


def decode(networks, latents, preset, device="cpu"):
    """Images of latents, not clipped."""
    return samples(networks["decoder"], latents, preset.decoder, device)


def reconstruct(networks, images, preset, device="cpu"):
    """(images as their latents tell them, those facts of encode)."""
    latents, facts = encode(networks, images, preset, device)
    return decode(networks, latents, preset, device), facts
