"""The networks, a room each; what a room is called has init, init_averages, forward and backward."""

from minihit.models import discriminator, hit

KINDS = {"hit": hit, "discriminator": discriminator}


def of(config):
    """The network that a configuration describes."""
    return KINDS[config.kind]
