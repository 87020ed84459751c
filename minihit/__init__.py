"""HiT, the transformer GAN for high-resolution images (Zhao et al., NeurIPS 2021), every gradient written by hand."""

__version__ = "0.1.0"
