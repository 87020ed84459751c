"""A vector-quantised autoencoder (van den Oord et al. 2017): a picture as a grid of words from a codebook, and back.

Shapes: images (B, S, S, 3) in [-1, 1]; z, codes (B, G, G, D).

Everything here is of one part of a batch, as in gan.py.
"""

from minihit import tree
from minihit.models import quantizer
from minihit.models.autoencoder import encoder
from minihit.objectives import autoencoder, bottleneck, reconstruction
from minihit.objectives.autoencoder import AVERAGED, couples, rates
from minihit.sums import alone

__all__ = ["AVERAGED", "PANELS", "SAMPLED", "SUMS", "couples", "draw", "encode", "gradients", "rates", "settled"]

SAMPLED = None                                                            # codes have no prior to draw from
PANELS = (*autoencoder.IMAGE_PANELS, ("vectors and their codes", ("commitment", "codebook"), "log"))
SUMS = {}


def draw(rng, batch, preset, step):
    """All that differs from step to step, as host arrays: which vectors may replace codes, and how far the
    discriminator is faded in."""
    offers = quantizer.draw(rng, batch, preset.encoder.side**2, preset.quantizer)
    return {**offers, **autoencoder.draw(rng, batch, preset, step)}


def gradients(networks, images, draws, preset, share=1.0, total=alone):
    """Returns grads {network: tree}, averages {network: its new running averages, or for the quantizer what its vectors
    add to them}, and metrics, as gan.gradients."""
    recipe, here, grads = preset.recipe, networks["quantizer"], {}
    z, e_cache = encoder.forward(networks["encoder"]["params"], images, preset.encoder)
    codes, q_cache = quantizer.forward(here["params"], z, preset.quantizer, here["averages"])
    image, d_cache = autoencoder.decode(networks, codes, preset, total)
    commitment, dz_commitment = bottleneck.commitment(z, codes, recipe.beta)
    codebook, dcodes = bottleneck.codebook(z, codes)

    pixels = reconstruction.DISTANCES[recipe.pixels]
    dimage, d_grads, metrics = autoencoder.image_terms(networks, image, images, pixels, d_cache, draws, preset, share,
                                                       total)
    dcodes_image, grads["decoder"], decoder = autoencoder.decoder_backward(networks, dimage, d_cache, preset, share)
    dz, grads["quantizer"] = quantizer.backward(dcodes_image, q_cache, share * dcodes)
    _, grads["encoder"] = encoder.backward(dz + share * dz_commitment, e_cache)
    metrics = tree.elementwise(lambda x: share * x, {**metrics, "commitment": commitment, "codebook": codebook})
    averages = {"decoder": decoder, "quantizer": quantizer.met(q_cache, draws.get("offers"))}
    return {**grads, **d_grads}, averages, metrics


def settled(networks, averages, preset):
    """The new running averages {network: tree}, of what the averages of a batch's parts add up to.

    A codebook is a quotient of sums and a restarted code one vector: neither is a mean of what the parts would make.
    """
    new = quantizer.update_averages(networks["quantizer"]["averages"], averages["quantizer"], preset.quantizer)
    return {**averages, "quantizer": new}


def encode(networks, images, preset):
    """In evaluation: the codes, which the decoder reads, and {"z": what they stand for, "indices": their numbers}."""
    here = networks["quantizer"]
    z, _ = encoder.forward(networks["encoder"]["params"], images, preset.encoder)
    codes, cache = quantizer.forward(here["params"], z, preset.quantizer, here["averages"])
    return codes, {"z": z, "indices": cache["indices"]}
