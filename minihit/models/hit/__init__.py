"""HiT (Zhao et al. 2021): `from minihit.models import hit` is its generator, z to image."""

from minihit.models.hit.generator import (
    backward,
    draw,
    forward,
    generate,
    init,
    init_averages,
    last_gradient,
    update_averages,
)

__all__ = ["backward", "draw", "forward", "generate", "init", "init_averages", "last_gradient", "update_averages"]
