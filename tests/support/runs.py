"""Small runs for tests: a preset with its structure kept and its widths cut down, and a run folder to train in."""

from dataclasses import replace

import numpy as np

from minihit import tree
from minihit.data.dataset import ImageSet
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.models.quantizer.config import QuantizerConfig
from minihit.models.stylegan2.config import StyleGAN2Config
from minihit.objectives.autoencoder_recipe import VaeRecipe, VqvaeRecipe
from minihit.objectives.gan_recipe import GanRecipe
from minihit.presets import PRESETS, GanPreset, VaePreset, VqvaePreset
from minihit.training import state
from minihit.training.run import checkpoint, log
from minihit.training.run.config import RunConfig, write_config
from minihit.training.run.folder import RunFolder

TINY = GanPreset(
    GeneratorConfig(latent=3, channels=(8, 4), layers=(1, 1), heads=(2, 2), windows=(4, None), tokens=3),
    DiscriminatorConfig((4, 6, 5)),
    GanRecipe(batch=4, steps=4, generator_rate=1e-3, discriminator_rate=1e-3, micro_batch=2),
)
TINY_STYLEGAN2 = replace(
    TINY, generator=StyleGAN2Config(latent=3, width=4, channels=(5, 4, 3), mapping=2, mapping_rate=0.1))
TINY_VAE = VaePreset(
    EncoderConfig(size=16, channels=(5,), out=6, blocks=1, spatial=False),
    TINY.generator,
    TINY.discriminator,
    VaeRecipe(batch=4, steps=4, micro_batch=2),
)
TINY_VQVAE = VqvaePreset(
    EncoderConfig(size=16, channels=(8,), out=3, blocks=1),
    QuantizerConfig(codes=12, width=3),
    replace(TINY.generator, spatial=True, tokens=16),
    TINY.discriminator,
    VqvaeRecipe(batch=4, steps=4, micro_batch=2),
)
TINY_CNN = ConvolutionalDecoderConfig(size=16, latent=3, channels=(8,), blocks=1)
AUTOENCODERS = {
    "vae": TINY_VAE,
    "vae, grid": replace(TINY_VAE, encoder=replace(TINY_VAE.encoder, spatial=True),
                         decoder=replace(TINY.generator, spatial=True, tokens=16)),
    "vae, cnn": replace(TINY_VAE, decoder=replace(TINY_CNN, spatial=False)),
    "vqvae": TINY_VQVAE,
    "vqvae, cnn": replace(TINY_VQVAE, decoder=TINY_CNN),
    "vqvae, by gradient": replace(TINY_VQVAE, quantizer=replace(TINY_VQVAE.quantizer, learn="gradient")),
}


def everything(preset):
    """An autoencoder's preset with every term of its loss."""
    recipe = replace(preset.recipe, pyramid=0.5, adversarial=0.7, adversarial_from=0.25, features=0.3, r1=2.0)
    return replace(preset, recipe=recipe)


def tiny(**recipe):
    """TINY, with fields of its recipe changed."""
    return replace(TINY, recipe=replace(TINY.recipe, **recipe))


def shrunk(name, batch=4):
    """A preset with its layers, heads and windows, a sixteenth as wide, and no more than three stages of it."""
    preset = PRESETS[name]
    recipe = replace(preset.recipe, batch=batch, micro_batch=batch // 2 if preset.recipe.micro_batch else 0)
    hit = _shrunk_generator(preset.generator if preset.kind == "gan" else preset.decoder)
    channels = preset.discriminator.channels[2 - hit.size.bit_length():]
    discriminator = replace(preset.discriminator, channels=tuple(max(c // 32, 4) for c in channels))
    if preset.kind == "gan":
        return GanPreset(hit, discriminator, recipe)
    encoder = replace(preset.encoder, size=hit.size, out=hit.latent * (1 + (preset.kind == "vae")), channels=tuple(
        max(c // 16, 4) for c in preset.encoder.channels[1 - (hit.size // hit.start).bit_length():]))
    parts = {"encoder": encoder, "decoder": hit, "discriminator": discriminator, "recipe": recipe}
    if preset.kind == "vqvae":
        parts["quantizer"] = replace(preset.quantizer, width=hit.latent, codes=16)
    return replace(preset, **parts)


def _shrunk_generator(config):
    if config.kind == "stylegan2":
        return replace(config, latent=config.latent // 16, width=config.width // 16,
                       channels=tuple(c // 16 for c in config.channels[-4:]))
    stages = min(3, len(config.channels))
    return replace(config, latent=8, tokens=4 if config.spatial else 3, layers=config.layers[:stages],
                   windows=(*config.windows[:stages - 1], None), heads=tuple(min(h, 4) for h in config.heads[:stages]),
                   channels=tuple(max(c // 16, 8) for c in config.channels[:stages]))


MEASURED = {"seconds_per_step", "data_seconds", "data_share", "images_per_second", "peak_memory"}
"""What a record holds that a clock or the system measured."""


def records(folder):
    """The records of a run's log without what a clock or the system measured."""
    return [{name: value for name, value in record.items() if name not in MEASURED} for record in log.read(folder.log)]


def image_set(images, held_out=0, **settings):
    """An ImageSet of images (N, S, S, 3), the last ones held out; all are training images where none is."""
    rows = np.arange(len(images))
    training, validation = (rows[:-held_out], rows[-held_out:]) if held_out else (rows, rows)
    return ImageSet(images, training, validation, **{"size": images.shape[1], "seed": 0, **settings})


def run_config(preset=TINY, **settings):
    """A RunConfig that logs every step and looks seldom."""
    quick = {"log_every": 1, "sample_every": 1000, "measure_every": 1000, "measure_images": 8, "save_every": 2,
             "lanes": 2}
    return RunConfig(preset, **{**quick, **settings})


def _possible(averages):
    """Running averages that a network can have: variances and counts are positive."""
    return {name: leaf if name in ("codebook", "sum") else tree.map(np.abs, leaf) for name, leaf in averages.items()}


def write_run(path, preset=TINY, step=3, **settings):
    """A RunFolder with a configuration and a checkpoint of parameters far from their first values, without training."""
    folder, rng = RunFolder(path), np.random.default_rng(step)
    trees = tree.map(lambda x: x + 0.3 * rng.standard_normal(x.shape).astype(x.dtype), state.create(0, preset).trees)
    for networks in (trees["networks"], trees["ema"]):
        for network in networks.values():
            network["averages"] = _possible(network["averages"])
    write_config(folder, run_config(preset, **settings))
    checkpoint.save(checkpoint.path_of(folder.checkpoints, step), trees, {"step": step})
    return folder
