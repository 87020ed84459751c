"""The adversarial game: what real and made images add to the gradients of the two that play it.

Shapes: real, fake (B, S, S, 3) in [-1, 1]; logits (B,). Whatever makes the fakes, D plays the same game: against the
images of a generator in gan.py, against reconstructions in adversary.py.

Read of a preset: its discriminator and, of its recipe, loss, r1, consistency and augment. Losses are means over these
images; D's gradients are weighted by `share`, that of the batch's images that these are, where they begin: what goes
back through D is linear in them.
"""

from minihit import tree
from minihit.models import discriminator
from minihit.objectives import losses, penalties
from minihit.objectives.feature_matching import feature_matching
from minihit.ops import augment


def draw(rng, batch, side, recipe):
    """All that is random in the game, as host arrays: {"augment", "consistency"}, as far as the recipe has them."""
    return {name: {images: augment.draw(rng, batch, side) for images in ("real", "fake")}
            for name in ("augment", "consistency") if getattr(recipe, name)}


def real_terms(params, real, draws, preset, share=1.0):
    """Returns D's gradients, metrics, and the maps of D that images can be compared in."""
    recipe, dgradient = preset.recipe, None
    seen, _ = _augmented(real, draws, "real", recipe)
    logits, cache = discriminator.forward(params, seen, preset.discriminator)
    of_logits = discriminator.logit_gradients(cache)
    loss, dlogits = losses.real_loss(logits, recipe.loss)
    metrics, extra = {"real_loss": loss, "real_logits": logits.mean()}, []
    if recipe.consistency:
        metrics["consistency"], dconsistency, grads = _consistency_terms(params, seen, logits, draws, "real", preset,
                                                                          share)
        dlogits, extra = dlogits + dconsistency, [grads]
    if recipe.r1:
        metrics["r1"], dgradient = penalties.r1(of_logits[0], recipe.r1)
        dgradient = share * dgradient
    grads = tree.add(discriminator.loss_gradients(share * dlogits, cache, of_logits, dgradient), *extra)
    return grads, metrics, discriminator.features(cache)


def fake_terms(params, fake, draws, preset, target=None, share=1.0):
    """One forward and one backward pass of D serve the generator's loss and the discriminator's.

    target: the maps of the images that these should look like to D, as from real_terms: recipe.features is the cost of
    not doing so, which the generator's side bears alone. It takes a backward pass of its own.
    Returns the gradient of the generator's side by the images, whatever their share, D's gradients, and metrics.
    """
    recipe, dfeatures = preset.recipe, None
    seen, augmentation = _augmented(fake, draws, "fake", recipe)
    logits, cache = discriminator.forward(params, seen, preset.discriminator)
    of_logits = discriminator.logit_gradients(cache)
    g_loss, g_dlogits = losses.generator_loss(logits, recipe.loss)
    d_loss, d_dlogits = losses.fake_loss(logits, recipe.loss)
    metrics, extra = {"generator_loss": g_loss, "fake_loss": d_loss, "fake_logits": logits.mean()}, []
    if recipe.consistency:
        metrics["consistency"], dconsistency, grads = _consistency_terms(params, seen, logits, draws, "fake", preset,
                                                                          share)
        d_dlogits, extra = d_dlogits + dconsistency, [grads]
    if target is not None:
        metrics["feature_matching"], dfeatures = feature_matching(
            target, discriminator.features(cache), recipe.features)
    dseen = discriminator.image_gradient(g_dlogits, cache, of_logits, dfeatures)
    grads = tree.add(discriminator.loss_gradients(share * d_dlogits, cache, of_logits), *extra)
    return augment.backward(dseen, augmentation), grads, metrics


def both(real_metrics, fake_metrics):
    """The metrics of real and fake images together; what both have, the consistency, is added."""
    shared = {name: value + fake_metrics[name] for name, value in real_metrics.items() if name in fake_metrics}
    return {**real_metrics, **fake_metrics, **shared}


def _consistency_terms(params, seen, logits, draws, images, preset, share):
    """bCR: (penalty, its gradient by the logits, the weights' gradient through the augmented images, weighted)."""
    augmented, _ = augment.forward(seen, draws["consistency"][images])
    augmented_logits, cache = discriminator.forward(params, augmented, preset.discriminator)
    penalty, dlogits, daugmented = losses.consistency(logits, augmented_logits, preset.recipe.consistency)
    return penalty, dlogits, discriminator.parameter_gradient(share * daugmented, cache)


def _augmented(images, draws, name, recipe):
    if not recipe.augment:
        return images, {"draws": None, "policy": ()}
    return augment.forward(images, draws["augment"][name], recipe.augment)
