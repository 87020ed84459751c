"""Autoencoders' training steps for tests: presets with every term of their losses, and what a step is given."""

from dataclasses import replace

import numpy as np
from support.helpers import cast
from support.runs import AUTOENCODERS, TINY_CNN, TINY_VAE, TINY_VQVAE, everything

from minihit import objectives, tree
from minihit.training import state

NUMBER = 12                                                               # of a step in which D is half faded in


def changed(preset, **recipe):
    """In one micro-batch, with fields of its recipe changed."""
    return replace(preset, recipe=replace(preset.recipe, **{"micro_batch": 0, "steps": 40, **recipe}))


def with_codes(preset, **quantizer):
    return replace(preset, quantizer=replace(preset.quantizer, **quantizer))


VAE, VQVAE = changed(everything(TINY_VAE), beta=0.7), changed(everything(TINY_VQVAE), beta=0.4)
GRID = AUTOENCODERS["vae, grid"]
VAES = {
    "everything, l1": VAE,
    "everything, l2": changed(VAE, pixels="l2", loss="hinge"),
    "fixed noise, l1": changed(VAE, sigma=0.3),
    "fixed noise, l2": changed(VAE, pixels="l2", sigma=0.3),
    "grid": replace(VAE, encoder=GRID.encoder, decoder=GRID.decoder),
    "convolutions": replace(VAE, decoder=replace(TINY_CNN, spatial=False)),
    "layer norm": replace(VAE, decoder=replace(VAE.decoder, norm="layer")),
    "alone": changed(TINY_VAE),
    "a pyramid, no adversary": changed(TINY_VAE, pyramid=2.0),
    "no features, no r1": changed(VAE, features=0.0, r1=0.0, pyramid=0.0),
    "micro-batches": changed(VAE, micro_batch=3),
}
BY_GRADIENT = with_codes(VQVAE, learn="gradient")
VQVAES = {
    "everything, l1": VQVAE,
    "everything, l2": changed(VQVAE, pixels="l2", loss="hinge"),
    "no restarts": with_codes(VQVAE, restart=0.0),
    "by gradient": BY_GRADIENT,
    "rotation": with_codes(VQVAE, rotate=True),
    "rotation, by gradient": with_codes(BY_GRADIENT, rotate=True),
    "convolutions": replace(VQVAE, decoder=TINY_CNN),
    "convolutions, by gradient": replace(BY_GRADIENT, decoder=TINY_CNN),
    "no cross-attention": replace(VQVAE, decoder=replace(VQVAE.decoder, cross_attention=False)),
    "tokens of its own positions": replace(VQVAE, decoder=replace(VQVAE.decoder, tokens=64, norm="layer")),
    "alone": changed(TINY_VQVAE),
    "no features, no r1": changed(VQVAE, features=0.0, r1=0.0, pyramid=0.0),
    "micro-batches": changed(VQVAE, micro_batch=3),
}


def make(preset, seed=0, dtype=np.float64, number=NUMBER):
    """(networks, images, draws) of a step: weights large enough that every term matters, codes among the vectors."""
    rng = np.random.default_rng(seed)
    networks = tree.map(lambda leaf: leaf + 0.1 * rng.standard_normal(leaf.shape), state.create(seed, preset).networks)
    for kind in networks.get("quantizer", {}).values():
        kind.update(codebook_of(preset.quantizer, rng, "count" in kind) if kind else {})
    draws = objectives.of(preset).draw(rng, preset.recipe.batch, preset, number)
    draws = tree.map(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x, draws)
    images = rng.standard_normal((preset.recipe.batch, preset.size, preset.size, 3))
    return cast(networks, dtype), images.astype(dtype), draws


def codebook_of(config, rng, averaged):
    """Codes, and where they are averages, some that are used and some that are not."""
    shape = config.codes, config.width
    found = {"codebook": 0.5 * rng.standard_normal(shape)}
    if averaged:
        found |= {"count": rng.permutation(np.linspace(0.0, 8.0, config.codes)), "sum": rng.standard_normal(shape),
                  "weight": np.array(0.6)}
    return found
