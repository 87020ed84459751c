"""StyleGAN2's generator (Karras et al. 2020), the convolutional counterpart of HiT: z to w, and w with noise to image.

Left out: path length regularisation, which needs second derivatives of the generator and which NVIDIA's own
configurations for small images do without; style mixing, so that one w serves all layers; and R1 once in several steps
in place of in each.
"""

from minihit.models.stylegan2.generator import backward, forward, generate, init, init_averages, update_averages
from minihit.models.stylegan2.noise import draw

__all__ = ["backward", "draw", "forward", "generate", "init", "init_averages", "update_averages"]
