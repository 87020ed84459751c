"""A codebook as a network: vectors to their nearest codes, and how the codes are learnt."""

from minihit.models.quantizer.averages import met, update_averages
from minihit.models.quantizer.network import backward, draw, forward, init, init_averages, usage

__all__ = ["backward", "draw", "forward", "init", "init_averages", "met", "update_averages", "usage"]
