"""What is trained, a file each: which networks, what is drawn, the gradients of all networks at the same parameters."""

from minihit.objectives import gan, vae, vqvae

KINDS = {"gan": gan, "vae": vae, "vqvae": vqvae}


def of(preset):
    """The objective that a preset trains for."""
    return KINDS[preset.kind]
