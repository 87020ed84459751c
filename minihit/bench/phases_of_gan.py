"""The phases of a step of generator and discriminator; those of D are an autoencoder's too, where it has one."""

from functools import partial

from minihit import cost, tree
from minihit.bench import memory
from minihit.models import discriminator, of
from minihit.objectives import gan


def phases(here):
    """({phase: function}, {which cache: bytes}) of a Case: what a phase needs from the ones before it is computed here,
    once."""
    config, networks = here.preset.generator, here.training.networks
    g, generator = networks["generator"]["params"], of(config)
    drawn = [tree.map(lambda x, part=part: x[part], gan.of_generator(here.draws)) for part in here.parts]
    forward = here.each(partial(_forward, g, config), drawn, totals=True)
    fakes, caches = zip(*forward(), strict=True)
    of_d, kept = phases_of_d(here)
    return ({"G forward": forward, "G backward": here.each(generator.backward, fakes, caches), **of_d},
            {"G": memory.held(caches[0], g), **kept})


def _forward(params, config, drawn, total):
    return of(config).forward(params, config=config, total=total, **drawn)


def phases_of_d(here):
    """The same of the discriminator, on as many images as a batch has."""
    preset, params = here.preset, here.training.networks["discriminator"]["params"]
    images = [here.real[part] for part in here.parts]
    forward = here.each(lambda x: discriminator.forward(params, x, preset.discriminator), images)
    logits, caches = zip(*forward(), strict=True)
    of_logits = here.each(discriminator.logit_gradients, caches)
    gradients, deltas = zip(*of_logits(), strict=True)
    tangent = here.each(discriminator.tangent, gradients, caches)
    t_caches = [t_cache for _, t_cache in tangent()] if penalties(preset.recipe) else [None] * len(caches)
    functions = {
        "D forward": forward,
        "D logit gradients": of_logits,
        "D output gradients": here.each(discriminator.output_gradients, logits, caches),
        "D tangent": tangent,
        "D weight products": here.each(discriminator.weight_gradient, deltas, caches, logits, t_caches),
    }
    return functions, {"D": memory.held(caches[0], params)}


def passes(preset):
    """{phase: how often a step makes it, over the whole batch}."""
    return {"G forward": 1, "G backward": 1, **passes_of_d(preset)}


def passes_of_d(preset):
    """The same of the discriminator.

    Where minibatch stddev couples the images, one pass for the logits' gradients no longer serves every loss; where an
    autoencoder matches features, what those send back is a pass of its own. Where only the weights are asked for, as by
    bCR, a pass ends at the outputs of the first layer.
    """
    recipe, coupled = preset.recipe, preset.discriminator.minibatch_stddev
    losses = 2 + bool(recipe.wgan_gp)
    consistent = 2 * bool(recipe.consistency)
    return {
        "D forward": losses + consistent,
        "D logit gradients": losses + bool(coupled or recipe.features),
        "D output gradients": consistent + coupled * losses,
        "D tangent": penalties(recipe),
        "D weight products": losses + consistent + coupled * penalties(recipe),
    }


def penalties(recipe):
    """How many penalties there are on a gradient."""
    return bool(recipe.r1) + bool(recipe.wgan_gp)


def multiply_adds(preset):
    """{phase: of its products, for one image}; backward has two products for each of forward's."""
    g = cost.total(cost.rows(preset)["generator"]).multiply_adds
    return {"G forward": g, "G backward": 2 * g, **multiply_adds_of_d(preset)}


def multiply_adds_of_d(preset):
    rows = cost.discriminator_rows(preset.discriminator)
    d = cost.total(rows).multiply_adds
    return {**dict.fromkeys(passes_of_d(preset), d), "D output gradients": d - rows[0].multiply_adds}
