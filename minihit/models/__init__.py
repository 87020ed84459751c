"""The networks, a room each; what a room is called has init, init_averages, forward and backward."""

from minihit.models import discriminator, hit, quantizer, stylegan2
from minihit.models.autoencoder import decoder, encoder

KINDS = {"hit": hit, "discriminator": discriminator, "encoder": encoder, "convolutional_decoder": decoder,
         "quantizer": quantizer, "stylegan2": stylegan2}


def of(config):
    """The network that a configuration describes."""
    return KINDS[config.kind]


def first_values(rng, config):
    """Host arrays: {"params", "averages"} of a new network; both are drawn from the generator, or blank without one."""
    network = of(config)
    return {"params": network.init(rng, config), "averages": network.init_averages(config, rng)}
