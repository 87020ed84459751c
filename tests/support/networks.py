"""Networks with small configurations and parameters moved off their starting values."""

import numpy as np
from hypothesis import strategies as st
from support.helpers import cast

from minihit import gradcheck
from minihit.gradcheck.networks import (
    BASE,
    DECODERS,
    DISCRIMINATORS,
    ENCODERS,
    GENERATORS,
    PLAIN,
    STYLEGAN2,
    STYLEGAN2S,
)
from minihit.layers.norm import NORMS
from minihit.layers.residual_downsample import DOWNSAMPLES
from minihit.models import discriminator, stylegan2
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit import generator
from minihit.models.hit.config import ATTENTIONS, GeneratorConfig
from minihit.models.stylegan2.config import StyleGAN2Config

__all__ = ["BASE", "DECODERS", "DISCRIMINATORS", "ENCODERS", "GENERATORS", "PLAIN", "STYLEGAN2", "STYLEGAN2S",
           "decoders", "discriminators", "encoders", "generators", "make_decoder", "make_discriminator", "make_encoder",
           "make_generator", "make_stylegan2", "stylegan2s"]


@st.composite
def generators(draw, **fixed):
    """Any GeneratorConfig of one or two small stages."""
    stages = draw(st.integers(1, 2))

    def each(choices):
        return draw(st.tuples(*[choices] * stages))

    chosen = {
        "latent": draw(st.integers(1, 4)), "tokens": draw(st.integers(1, 3)), "channels": each(st.sampled_from([4, 8])),
        "layers": each(st.integers(0, 2)), "heads": each(st.sampled_from([2, 4])),
        "windows": each(st.sampled_from([None, 2, 4])), "attention": draw(st.sampled_from(ATTENTIONS)),
        "cross_attention": draw(st.booleans()), "multi_query": draw(st.booleans()),
        "norm": draw(st.sampled_from(sorted(NORMS))), "start": draw(st.sampled_from([4, 8])),
        "spatial": draw(st.booleans()),
    }
    if chosen["spatial"]:
        chosen["tokens"] = draw(st.sampled_from([1, 4, 16]))
    return GeneratorConfig(**{**chosen, **fixed})


@st.composite
def discriminators(draw, **fixed):
    """Any DiscriminatorConfig of side 8 or 16 and few channels."""
    chosen = {"channels": draw(st.lists(st.integers(1, 4), min_size=2, max_size=3).map(tuple)),
              "downsample": draw(st.sampled_from(sorted(DOWNSAMPLES))), "equalized": draw(st.booleans()),
              "minibatch_stddev": draw(st.booleans())}
    return DiscriminatorConfig(**{**chosen, **fixed})


@st.composite
def encoders(draw):
    """Any EncoderConfig of up to three halvings and few channels."""
    return EncoderConfig(**_maps(draw), out=draw(st.integers(1, 4)))


@st.composite
def decoders(draw):
    """Any ConvolutionalDecoderConfig of up to three doublings and few channels."""
    return ConvolutionalDecoderConfig(**_maps(draw), latent=draw(st.integers(1, 4)))


@st.composite
def stylegan2s(draw):
    """Any StyleGAN2Config of up to three resolutions and few channels."""
    channels = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple))
    return StyleGAN2Config(latent=draw(st.integers(2, 4)), width=draw(st.integers(1, 4)), channels=channels,
                           mapping=draw(st.integers(1, 3)), mapping_rate=draw(st.sampled_from([0.01, 0.3, 1.0])))


def _maps(draw):
    blocks, count = draw(st.integers(0, 2)), draw(st.integers(1, 3))
    channels = draw(st.tuples(*[st.integers(4 if blocks else 1, 8)] * count))
    return {"size": 2**count * draw(st.integers(1, 2)), "channels": channels, "blocks": blocks,
            "spatial": draw(st.booleans())}


def make_generator(config, rng, dtype=np.float64):
    """(params, z, averages): a batch of two and running averages unlike any batch's."""
    params = gradcheck.perturb(generator.init(rng, config), rng)
    averages = gradcheck.perturb(generator.init_averages(config), rng, scale=0.1)
    return *cast((params, rng.standard_normal((2, *config.z_shape))), dtype), cast(averages, dtype)


def make_discriminator(config, rng, dtype=np.float64, count=4):
    """(params, images)."""
    params = gradcheck.perturb(discriminator.init(rng, config), rng)
    return cast((params, rng.standard_normal((count, config.size, config.size, 3))), dtype)


def make_encoder(config, rng, dtype=np.float64):
    """(params, images): a batch of two."""
    params = gradcheck.perturb(encoder.init(rng, config), rng)
    return cast((params, rng.standard_normal((2, config.size, config.size, 3))), dtype)


def make_decoder(config, rng, dtype=np.float64):
    """(params, z): a batch of two."""
    params = gradcheck.perturb(decoder.init(rng, config), rng)
    return cast((params, rng.standard_normal((2, *config.z_shape))), dtype)


def make_stylegan2(config, rng, dtype=np.float64, count=2):
    """(params, z, averages, noise): an average of w unlike any, and noise for each image."""
    params = gradcheck.perturb(stylegan2.init(rng, config), rng)
    averages = gradcheck.perturb(stylegan2.init_averages(config), rng)
    draws = stylegan2.draw(rng, count, config)
    return cast((params, draws["z"], averages, draws["noise"]), dtype)
