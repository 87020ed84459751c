"""One training step as a pure function: the gradients of both networks at the same parameters.

Shapes: z (B, latent); real, fake (B, S, S, 3) in [-1, 1]; logits (B,).

The discriminator treats each image alone (unless minibatch stddev mixes them), so one backward pass started with ones
serves every loss: image b's part of any loss is its own gradient times dloss/dlogit_b. A penalty on the image
gradient costs one more forward pass, the tangent, and no product of its own: it shares one product per layer with the
loss.
"""

import math
from functools import partial

import numpy as np

from minihit import parallel, tree
from minihit.backend import array_module
from minihit.models import discriminator, generator
from minihit.objectives import losses, penalties
from minihit.ops import augment, minibatch_stddev

LANE = 16                                                                 # images at most on a thread of a lane


def draw(rng, batch, config, recipe):
    """All that is random in a step, as host arrays: latents, augmentations, mixing weights."""
    side = config.generator.size
    draws = {"z": rng.standard_normal((batch, config.generator.latent), dtype="float32")}
    for name, on in (("augment", recipe.augment), ("consistency", recipe.consistency)):
        if on:
            draws[name] = {images: augment.draw(rng, batch, side) for images in ("real", "fake")}
    if recipe.wgan_gp:
        draws["mix"] = rng.random((batch, 1, 1, 1), dtype="float32")
    return draws


def gradients(networks, real, draws, config, recipe):
    """Returns grads {"generator", "discriminator"}, the generator's new running averages, and metrics (scalar arrays).

    networks = {"generator", "discriminator": params, "state": running averages}; draws as from draw, on the same
    device. Every loss is a mean over images, so the batch is cut into micro-batches whose results are averaged; on
    the CPU threads share them. Only batch norm and minibatch stddev see a difference: their statistics are those of a
    micro-batch. A single micro-batch is cut into lanes, one per thread, which share the statistics of batch norm.
    """
    count = len(real)
    parts, run = shares(count, config, recipe, array_module(real))

    def part_gradients(part):
        here = tree.map(lambda x: x[part], draws)
        return _part_gradients(networks, real[part], here, config, recipe, share=len(real[part]) / count)

    return tree.add(*run(part_gradients, parts))


def shares(count, config, recipe, xp=np):
    """How `count` images are shared out: slices of the batch, and what runs a function for each of them."""
    size = recipe.micro_batch or count
    if size < count or xp is not np or config.discriminator.minibatch_stddev:
        run = partial(parallel.run, xp=xp, alike=True)
    else:
        size, run = math.ceil(count / lanes(count)), parallel.together
    return [slice(start, start + size) for start in range(0, count, size)], run


def lanes(count):
    """On how many threads a micro-batch goes: two, or as many as leave each LANE images."""
    return max(2, math.ceil(count / LANE))


def _part_gradients(networks, real, draws, config, recipe, share):
    params = networks["discriminator"]
    real_grads, real_metrics = _real_terms(params, real, draws, config.discriminator, recipe)
    fake, g_cache = generator.forward(networks["generator"], draws["z"], config.generator)
    dfake, fake_grads, fake_metrics = _fake_terms(params, fake, draws, config.discriminator, recipe)
    d_grads, metrics = [fake_grads, real_grads], {**real_metrics, **fake_metrics}
    metrics["consistency"] = real_metrics["consistency"] + fake_metrics["consistency"]
    if recipe.wgan_gp:
        mixtures = fake + draws["mix"] * (real - fake)
        mix_grads, metrics["wgan_gp"] = _mixture_terms(params, mixtures, config.discriminator, recipe)
        d_grads.append(mix_grads)
    _, g_grads = generator.backward(share * dfake, g_cache)               # batch norm adds up what all lanes send back
    state = generator.update_state(networks["state"], g_cache)
    d_grads, state, metrics = tree.map(lambda x: share * x, [tree.add(*d_grads), state, metrics])
    return {"generator": g_grads, "discriminator": d_grads}, state, metrics


def _fake_terms(params, fake, draws, config, recipe):
    """One forward and one backward pass of D serve the generator's loss and the discriminator's."""
    seen, augmentation = _augmented(fake, draws, "fake", recipe)
    logits, cache = discriminator.forward(params, seen, config)
    unit = discriminator.unit_gradient(cache)
    g_loss, g_seeds = losses.generator_loss(logits, recipe.loss)
    d_loss, d_seeds = losses.fake_loss(logits, recipe.loss)
    metrics = {"generator_loss": g_loss, "fake_loss": d_loss, "fake_logits": logits.mean(), "consistency": 0.0 * d_loss}
    extra = []
    if recipe.consistency:
        metrics["consistency"], dlogits, grads = _consistency_terms(params, seen, logits, draws, "fake", config, recipe)
        d_seeds, extra = d_seeds + dlogits, [grads]
    dfake = augment.backward(image_gradient(g_seeds, cache, unit), augmentation)
    return dfake, tree.add(loss_gradients(d_seeds, cache, unit), *extra), metrics


def _real_terms(params, real, draws, config, recipe):
    seen, _ = _augmented(real, draws, "real", recipe)
    logits, cache = discriminator.forward(params, seen, config)
    unit = discriminator.unit_gradient(cache)
    d_loss, seeds = losses.real_loss(logits, recipe.loss)
    zero = 0.0 * d_loss
    metrics = {"real_loss": d_loss, "real_logits": logits.mean(), "r1": zero, "consistency": zero}
    extra, dgradient = [], None
    if recipe.consistency:
        metrics["consistency"], dlogits, grads = _consistency_terms(params, seen, logits, draws, "real", config, recipe)
        seeds, extra = seeds + dlogits, [grads]
    if recipe.r1:
        metrics["r1"], dgradient = penalties.r1(unit[0], recipe.r1)
    return tree.add(loss_gradients(seeds, cache, unit, dgradient), *extra), metrics


def _consistency_terms(params, seen, logits, draws, images, config, recipe):
    """bCR: (penalty, its gradient by the logits, the weights' gradient through the augmented images)."""
    augmented, _ = augment.forward(seen, draws["consistency"][images])
    augmented_logits, cache = discriminator.forward(params, augmented, config)
    penalty, dlogits, daugmented = losses.consistency(logits, augmented_logits, recipe.consistency)
    return penalty, dlogits, discriminator.backward(daugmented, cache)[1]


def _mixture_terms(params, mixtures, config, recipe):
    _, cache = discriminator.forward(params, mixtures, config)
    unit = discriminator.unit_gradient(cache)
    penalty, dgradient = penalties.wgan_gp(unit[0], recipe.wgan_gp)
    return loss_gradients(0.0 * mixtures[:, 0, 0, 0], cache, unit, dgradient), penalty


def _augmented(images, draws, name, recipe):
    if not recipe.augment:
        return images, {"draws": None, "policy": ()}
    return augment.forward(images, draws["augment"][name], recipe.augment)


def image_gradient(seeds, cache, unit):
    """The gradient of sum_b seeds_b logit_b by the images: each image's own gradient, rescaled."""
    if "stddev" in cache:
        return discriminator.input_gradient(seeds, cache)[0]
    return unit[0] * seeds.reshape(-1, 1, 1, 1)


def loss_gradients(seeds, cache, unit, dgradient=None):
    """The weights' gradient of sum_b seeds_b logit_b + <dgradient, d logits / d images>, dgradient held fixed.

    unit = discriminator.unit_gradient(cache). With minibatch stddev images are coupled and that layer bends: the
    seeds need a backward pass of their own, which the layer's second derivative joins (reverse over forward
    differentiation).
    """
    deltas = unit[1]
    t_cache = None if dgradient is None else discriminator.tangent(dgradient, cache)[1]
    if "stddev" not in cache:
        return discriminator.weight_gradients(deltas, cache, seeds, t_cache)
    if t_cache is None:
        return discriminator.backward(seeds, cache)[1]
    bend = minibatch_stddev.tangent_backward(deltas["stddev"], cache["stddev"], t_cache["stddev"])
    _, bent = discriminator.input_gradient(seeds, cache, bend)
    return tree.add(discriminator.weight_gradients(bent, cache),
                    discriminator.weight_gradients(deltas, cache, 0.0 * seeds, t_cache))
