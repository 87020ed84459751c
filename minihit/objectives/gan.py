"""A generator and a discriminator: the gradients of both at the same parameters, in the game that game.py describes.

Shapes: z (B, latent), or (B, G, G, latent) where it is a grid; noise [(B, side, side), ...]; real, fake (B, S, S, 3) in
[-1, 1]; logits (B,).

Everything here is of one part of a batch. Losses are means over the batch, so a part's are weighted by its share of the
images, and the parts add up (minihit/training/parts.py).
"""

from minihit import tree
from minihit.models import discriminator, of
from minihit.objectives import game, penalties
from minihit.sums import alone

SAMPLED = "generator"                                                     # makes pictures of N(0, I)
AVERAGED = ("generator",)                                                 # networks whose moving average is sampled
PANELS = (                                                                # of curves: title, names in the log, scale
    ("losses", ("generator_loss", "real_loss", "fake_loss"), "linear"),
    ("penalties", ("r1", "consistency", "wgan_gp"), "linear"),
    ("mean logits", ("real_logits", "fake_logits"), "linear"),
    ("gradient norms", ("generator_norm", "discriminator_norm"), "linear"),
)
SUMS = {"discriminator_loss": ("real_loss", "fake_loss", "r1", "consistency", "wgan_gp")}


def rates(preset):
    """The learning rate of each network."""
    return {"generator": preset.recipe.generator_rate, "discriminator": preset.recipe.discriminator_rate}


def couples(preset):
    """Whether a network compares the images of a micro-batch, beyond batch norm's sums."""
    return preset.discriminator.minibatch_stddev


def draw(rng, batch, preset, step):
    """All that is random in a step, as host arrays: latents and noise, augmentations, mixing weights."""
    recipe, side = preset.recipe, preset.generator.size
    draws = of(preset.generator).draw(rng, batch, preset.generator)
    draws |= game.draw(rng, batch, side, recipe)
    if recipe.wgan_gp:
        draws["mix"] = rng.random((batch, 1, 1, 1), dtype="float32")
    return draws


def of_generator(draws):
    """Those that the generator makes images of: {"z"}, and the "noise" of a StyleGAN2."""
    return {name: draws[name] for name in ("z", "noise") if name in draws}


def gradients(networks, real, draws, preset, share=1.0, total=alone):
    """Returns grads {network: tree}, averages {network: its new running averages}, and metrics (scalar arrays).

    networks: {name: {"params", "averages"}}; draws as from draw, for these images, on the same device; share: of the
    batch's images that these are; total: adds over those that batch norm sees together (minihit/sums.py).
    """
    here = networks["generator"]
    generator, params = of(preset.generator), networks["discriminator"]["params"]
    real_grads, real_metrics = game.real_terms(params, real, draws, preset, share)[:2]     # D's maps hold memory
    fake, g_cache = generator.forward(here["params"], config=preset.generator, total=total, **of_generator(draws))
    dfake, fake_grads, fake_metrics = game.fake_terms(params, fake, draws, preset, share=share)
    d_grads, metrics = [fake_grads, real_grads], game.both(real_metrics, fake_metrics)
    if preset.recipe.wgan_gp:
        mixtures = fake + draws["mix"] * (real - fake)
        mix_grads, metrics["wgan_gp"] = _mixture_terms(params, mixtures, preset, share)
        d_grads.append(mix_grads)
    _, g_grads = generator.backward(share * dfake, g_cache)               # batch norm adds up what all lanes send back
    averages = generator.update_averages(here["averages"], g_cache, share)
    metrics = tree.elementwise(lambda x: share * x, metrics)
    return {"generator": g_grads, "discriminator": tree.add(*d_grads)}, {"generator": averages}, metrics


def settled(networks, averages, preset):
    """The new running averages {network: tree}, of what those of a batch's parts add up to: batch norm's are means."""
    return averages


def _mixture_terms(params, mixtures, preset, share):
    _, cache = discriminator.forward(params, mixtures, preset.discriminator)
    of_logits = discriminator.logit_gradients(cache)
    penalty, dgradient = penalties.wgan_gp(of_logits[0], preset.recipe.wgan_gp)
    return discriminator.loss_gradients(0.0 * mixtures[:, 0, 0, 0], cache, of_logits, share * dgradient), penalty
