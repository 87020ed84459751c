"""The game of a generator and a discriminator: the gradients of both at the same parameters.

Shapes: z (B, latent), or (B, G, G, latent) where it is a grid; real, fake (B, S, S, 3) in [-1, 1]; logits (B,).

Everything here is of one part of a batch. Losses are means over the batch, so a part's are weighted by its share of the
images, and the parts add up (minihit/training/parts.py).
"""

from minihit import tree
from minihit.models import discriminator, of
from minihit.objectives import losses, penalties
from minihit.ops import augment
from minihit.sums import alone

AVERAGED = ("generator",)                                                 # networks whose moving average is sampled
PANELS = (                                                                # of curves: title, names in the log, scale
    ("losses", ("generator_loss", "real_loss", "fake_loss"), "linear"),
    ("penalties", ("r1", "consistency", "wgan_gp"), "linear"),
    ("mean logits", ("real_logits", "fake_logits"), "linear"),
    ("gradient norms", ("generator_norm", "discriminator_norm"), "linear"),
)
SUMS = {"discriminator_loss": ("real_loss", "fake_loss", "r1", "consistency", "wgan_gp")}


def rates(recipe):
    """The learning rate of each network."""
    return {"generator": recipe.generator_rate, "discriminator": recipe.discriminator_rate}


def couples(preset):
    """Whether a network compares the images of a micro-batch, beyond batch norm's sums."""
    return preset.discriminator.minibatch_stddev


def draw(rng, batch, preset):
    """All that is random in a step, as host arrays: latents, augmentations, mixing weights."""
    recipe, side = preset.recipe, preset.generator.size
    draws = {"z": rng.standard_normal((batch, *preset.generator.z_shape), dtype="float32")}
    for name, on in (("augment", recipe.augment), ("consistency", recipe.consistency)):
        if on:
            draws[name] = {images: augment.draw(rng, batch, side) for images in ("real", "fake")}
    if recipe.wgan_gp:
        draws["mix"] = rng.random((batch, 1, 1, 1), dtype="float32")
    return draws


def gradients(networks, real, draws, preset, share=1.0, total=alone):
    """Returns grads {network: tree}, averages {network: its new running averages}, and metrics (scalar arrays).

    networks: {name: {"params", "averages"}}; draws as from draw, for these images, on the same device; share: of the
    batch's images that these are; total: adds over those that batch norm sees together (minihit/sums.py).
    """
    here = networks["generator"]
    generator, params = of(preset.generator), networks["discriminator"]["params"]
    real_grads, real_metrics = _real_terms(params, real, draws, preset)
    fake, g_cache = generator.forward(here["params"], draws["z"], preset.generator, total=total)
    dfake, fake_grads, fake_metrics = _fake_terms(params, fake, draws, preset)
    d_grads, metrics = [fake_grads, real_grads], {**real_metrics, **fake_metrics}
    if preset.recipe.consistency:
        metrics["consistency"] = real_metrics["consistency"] + fake_metrics["consistency"]
    if preset.recipe.wgan_gp:
        mixtures = fake + draws["mix"] * (real - fake)
        mix_grads, metrics["wgan_gp"] = _mixture_terms(params, mixtures, preset)
        d_grads.append(mix_grads)
    _, g_grads = generator.backward(share * dfake, g_cache)               # batch norm adds up what all lanes send back
    averages = generator.update_averages(here["averages"], g_cache)
    d_grads, averages, metrics = tree.map(lambda x: share * x, [tree.add(*d_grads), averages, metrics])
    return {"generator": g_grads, "discriminator": d_grads}, {"generator": averages}, metrics


def _real_terms(params, real, draws, preset):
    recipe, dgradient = preset.recipe, None
    seen, _ = _augmented(real, draws, "real", recipe)
    logits, cache = discriminator.forward(params, seen, preset.discriminator)
    of_logits = discriminator.logit_gradients(cache)
    loss, dlogits = losses.real_loss(logits, recipe.loss)
    metrics, extra = {"real_loss": loss, "real_logits": logits.mean()}, []
    if recipe.consistency:
        metrics["consistency"], dconsistency, grads = _consistency_terms(params, seen, logits, draws, "real", preset)
        dlogits, extra = dlogits + dconsistency, [grads]
    if recipe.r1:
        metrics["r1"], dgradient = penalties.r1(of_logits[0], recipe.r1)
    return tree.add(discriminator.loss_gradients(dlogits, cache, of_logits, dgradient), *extra), metrics


def _fake_terms(params, fake, draws, preset):
    """One forward and one backward pass of D serve the generator's loss and the discriminator's."""
    recipe = preset.recipe
    seen, augmentation = _augmented(fake, draws, "fake", recipe)
    logits, cache = discriminator.forward(params, seen, preset.discriminator)
    of_logits = discriminator.logit_gradients(cache)
    g_loss, g_dlogits = losses.generator_loss(logits, recipe.loss)
    d_loss, d_dlogits = losses.fake_loss(logits, recipe.loss)
    metrics, extra = {"generator_loss": g_loss, "fake_loss": d_loss, "fake_logits": logits.mean()}, []
    if recipe.consistency:
        metrics["consistency"], dconsistency, grads = _consistency_terms(params, seen, logits, draws, "fake", preset)
        d_dlogits, extra = d_dlogits + dconsistency, [grads]
    dfake = augment.backward(discriminator.image_gradient(g_dlogits, cache, of_logits), augmentation)
    return dfake, tree.add(discriminator.loss_gradients(d_dlogits, cache, of_logits), *extra), metrics


def _consistency_terms(params, seen, logits, draws, images, preset):
    """bCR: (penalty, its gradient by the logits, the weights' gradient through the augmented images)."""
    augmented, _ = augment.forward(seen, draws["consistency"][images])
    augmented_logits, cache = discriminator.forward(params, augmented, preset.discriminator)
    penalty, dlogits, daugmented = losses.consistency(logits, augmented_logits, preset.recipe.consistency)
    return penalty, dlogits, discriminator.backward(daugmented, cache)[1]


def _mixture_terms(params, mixtures, preset):
    _, cache = discriminator.forward(params, mixtures, preset.discriminator)
    of_logits = discriminator.logit_gradients(cache)
    penalty, dgradient = penalties.wgan_gp(of_logits[0], preset.recipe.wgan_gp)
    return discriminator.loss_gradients(0.0 * mixtures[:, 0, 0, 0], cache, of_logits, dgradient), penalty


def _augmented(images, draws, name, recipe):
    if not recipe.augment:
        return images, {"draws": None, "policy": ()}
    return augment.forward(images, draws["augment"][name], recipe.augment)
