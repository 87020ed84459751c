"""The phases of a step of a VAE or VQ-VAE: each network forward and backward, and D's where it has one.

What lies between the networks, such as drawing a VAE's latents, is in the whole step alone.
"""

from functools import partial

import numpy as np

from minihit import cost
from minihit.backend import to_device
from minihit.bench import memory, phases_of_gan
from minihit.models import of, quantizer
from minihit.models.autoencoder import encoder


def phases(here):
    """({phase: function}, {which cache: bytes}) of a Case, as phases_of_gan.phases."""
    preset, networks, z = here.preset, here.training.networks, latents(here)
    images = [here.real[part] for part in here.parts]
    e, d, decoder = networks["encoder"]["params"], networks["decoder"]["params"], of(preset.decoder)
    encode = here.each(lambda x: encoder.forward(e, x, preset.encoder), images)
    decode = here.each(partial(_decode, d, preset.decoder), z, totals=True)
    (codes, e_caches), (pictures, d_caches) = (zip(*forward(), strict=True) for forward in (encode, decode))
    functions = {
        "encoder forward": encode,
        "encoder backward": here.each(encoder.backward, codes, e_caches),
        **(_of_quantizer(here, codes) if "quantizer" in networks else {}),
        "decoder forward": decode,
        "decoder backward": here.each(decoder.backward, pictures, d_caches),
    }
    kept = {"the encoder": memory.held(e_caches[0], e), "the decoder": memory.held(d_caches[0], d)}
    of_d, kept_of_d = phases_of_gan.phases_of_d(here) if preset.recipe.with_discriminator else ({}, {})
    return {**functions, **of_d}, {**kept, **kept_of_d}


def latents(here):
    """Of every part, for the decoder; noise, whatever an encoder would make of images."""
    shape = len(here.real), *here.preset.decoder.z_shape
    z = to_device(np.random.default_rng(0).standard_normal(shape, dtype=np.float32), here.device)
    return [z[part] for part in here.parts]


def _decode(params, config, z, total):
    return of(config).forward(params, z, config, total=total)


def _of_quantizer(here, vectors):
    config, network = here.preset.quantizer, here.training.networks["quantizer"]

    def quantize(z):
        return quantizer.forward(network["params"], z, config, network["averages"])

    return {"quantizer": here.each(quantize, vectors)}


def passes(preset):
    """{phase: how often a step makes it, over the whole batch}."""
    names = ["encoder forward", "encoder backward", *["quantizer"] * hasattr(preset, "quantizer"), "decoder forward",
             "decoder backward"]
    of_d = phases_of_gan.passes_of_d(preset) if preset.recipe.with_discriminator else {}
    return {**dict.fromkeys(names, 1), **of_d}


def multiply_adds(preset):
    """{phase: of its products, for one image}; backward has two products for each of forward's."""
    once = {name: cost.total(rows).multiply_adds for name, rows in cost.rows(preset).items()}
    of_d = phases_of_gan.multiply_adds_of_d(preset) if preset.recipe.with_discriminator else {}
    both = {f"{name} {way}": factor * once[name] for name in ("encoder", "decoder")
            for way, factor in (("forward", 1), ("backward", 2))}
    return {**both, **({"quantizer": once["quantizer"]} if "quantizer" in once else {}), **of_d}
