"""A training step once more, in a straight line from HiT's description, differentiated by autograd.

Every loss is written down as it is defined and nothing is shared: R1 and WGAN-GP are differentiated twice by the tape,
each network runs as often as a formula names it, Adam and the averages go leaf by leaf.
"""

import autograd.numpy as np
from autograd import grad
from oracles import discriminator, generator, stylegan2

from minihit import tree

COPIES = 10                                                               # steps after which EMA is a copy
EPS = 1e-7
MOMENTUM = 0.99                                                           # of batch norm's running averages
KEPT_OF_W = 0.995                                                         # in a step, of a StyleGAN2's mean w


def advance(here, real, draws, preset, number):
    """What follows from `here` in step `number` (from 1), both {"generator", "ema": {"params", "averages"},
    "discriminator": params, "adam": {network: {"first", "second"}}}; nothing is overwritten.

    real (B, S, S, 3); draws: {"z", "noise", "mix", "augment", "consistency"}, as far as the recipe asks for them.
    """
    recipe = preset.recipe
    grads, averages = gradients(here, real, draws, preset)
    start = recipe.decay_from * recipe.steps
    decay = np.interp(number, [0.0, start, recipe.steps + 1.0], [1.0, 1.0, 0.0])
    rates = {"generator": decay * recipe.generator_rate, "discriminator": decay * recipe.discriminator_rate}
    params = {"generator": here["generator"]["params"], "discriminator": here["discriminator"]}
    adam = {}
    for name in params:
        params[name], adam[name] = adam_step(params[name], clipped(grads[name], recipe.clip), here["adam"][name],
                                             number, rates[name], recipe.beta1, recipe.beta2)
    new = {"params": params["generator"], "averages": averages}
    keep = recipe.ema_decay if number > COPIES else 0.0
    return {"generator": new, "ema": mixed(keep, here["ema"], new), "discriminator": params["discriminator"],
            "adam": adam}


def gradients(here, real, draws, preset):
    """({network: gradient}, the generator's new running averages), means over the images, which are seen micro_batch
    at a time."""
    size, results = preset.recipe.micro_batch or len(real), []
    g_params, d_params = here["generator"]["params"], here["discriminator"]
    for start in range(0, len(real), size):
        part = slice(start, start + size)
        images, chance = real[part], tree.map(lambda x, part=part: x[part], draws)
        seen = {} if preset.generator.kind == "stylegan2" else emptied(here["generator"]["averages"])
        fake = fakes(g_params, chance, preset.generator, seen)
        grads = {"generator": grad(generator_loss)(g_params, d_params, chance, preset),
                 "discriminator": grad(discriminator_loss)(d_params, images, fake, chance, preset)}
        averages = followed(here["generator"], seen, chance["z"], preset.generator)
        results.append(scaled(len(images) / len(real), (grads, averages)))
    return tree.add(*results)


def fakes(params, draws, config, seen=None):
    if config.kind == "stylegan2":
        return stylegan2.images(params, draws["z"], config, draws["noise"])
    return generator.images(params, draws["z"], config, seen)


def generator_loss(g_params, d_params, draws, preset):
    fake = augmented(fakes(g_params, draws, preset.generator), draws, "fake", preset.recipe)
    logits = discriminator.logits(d_params, fake, preset.discriminator)
    return np.mean(-logits if preset.recipe.loss == "hinge" else np.log(1 + np.exp(-logits)))


def discriminator_loss(params, real, fake, draws, preset):
    return sum(discriminator_terms(params, real, fake, draws, preset).values())


def discriminator_terms(params, real, fake, draws, preset):
    """{name of a term: its value}, those that are off left out."""
    recipe, config = preset.recipe, preset.discriminator
    reals, fakes = augmented(real, draws, "real", recipe), augmented(fake, draws, "fake", recipe)
    real_logits, fake_logits = (discriminator.logits(params, images, config) for images in (reals, fakes))
    if recipe.loss == "hinge":
        terms = {"real_loss": np.mean(np.maximum(1 - real_logits, 0)),
                 "fake_loss": np.mean(np.maximum(1 + fake_logits, 0))}
    else:
        terms = {"real_loss": np.mean(np.log(1 + np.exp(-real_logits))),
                 "fake_loss": np.mean(np.log(1 + np.exp(fake_logits)))}
    if recipe.r1:
        lengths = lengths_of(discriminator.image_gradient(params, reals, config))
        terms["r1"] = recipe.r1 * np.mean(lengths**2)
    if recipe.consistency:
        pairs = (reals, real_logits, draws["consistency"]["real"]), (fakes, fake_logits, draws["consistency"]["fake"])
        others = [augment(images, draw, ("color", "translation", "cutout")) for images, _, draw in pairs]
        differences = [logits - discriminator.logits(params, other, config)
                       for (_, logits, _), other in zip(pairs, others, strict=True)]
        terms["consistency"] = recipe.consistency * sum(np.mean(difference**2) for difference in differences)
    if recipe.wgan_gp:
        mixtures = draws["mix"] * real + (1 - draws["mix"]) * fake
        lengths = lengths_of(discriminator.image_gradient(params, mixtures, config))
        terms["wgan_gp"] = recipe.wgan_gp * np.mean((lengths - 1) ** 2)
    return terms


def lengths_of(gradient):
    """(B,)."""
    return np.sqrt(np.sum(gradient**2, axis=(1, 2, 3)))


# DiffAugment


def augmented(images, draws, name, recipe):
    """What the discriminator sees of images, `name` of them "real" or "fake"."""
    return augment(images, draws["augment"][name], recipe.augment) if recipe.augment else images


def augment(images, draws, policy):
    """Image by image; draws: {name: (B,)}, uniform in [0, 1) for colours, whole pixels for the rest."""
    found = []
    for b in range(len(images)):
        image, draw = images[b], {name: values[b] for name, values in draws.items()}
        for name in policy:
            image = {"color": color, "translation": translation, "cutout": cutout}[name](image, draw)
        found.append(image)
    return np.stack(found)


def color(x, draw):
    x = x + (draw["brightness"] - 0.5)
    grey = np.mean(x, axis=2, keepdims=True)
    x = grey + 2 * draw["saturation"] * (x - grey)
    return np.mean(x) + (0.5 + draw["contrast"]) * (x - np.mean(x))


def translation(x, draw):
    side = len(x)
    top, left = side + int(draw["shift_h"]), side + int(draw["shift_w"])
    return np.pad(x, [(side, side), (side, side), (0, 0)], "constant")[top:top + side, left:left + side]


def cutout(x, draw):
    side = len(x)
    first, size = [int(draw[name]) - side // 4 for name in ("cut_h", "cut_w")], side // 2
    kept = np.ones((side, side, 1))
    kept[max(first[0], 0):max(first[0] + size, 0), max(first[1], 0):max(first[1] + size, 0)] = 0
    return x * kept


# what the gradients do


def clipped(grads, largest):
    length = np.sqrt(sum(np.sum(leaf**2) for _, leaf in tree.items(grads)))
    return scaled(largest / length, grads) if largest and length > largest else grads


def adam_step(params, grads, moments, number, rate, beta1, beta2):
    """(params, {"first", "second"}), as Keras writes Adam."""
    first = mixed(beta1, moments["first"], grads)
    second = mixed(beta2, moments["second"], tree.map(np.square, grads))
    rate = rate * np.sqrt(1 - beta2**number) / (1 - beta1**number)
    new = tree.map(lambda p, m, v: p - rate * m / (np.sqrt(v) + EPS), params, first, second)
    return new, {"first": first, "second": second}


def scaled(factor, leaves):
    return tree.map(lambda leaf: factor * leaf, leaves)


def mixed(keep, old, new):
    return tree.map(lambda a, b: keep * a + (1 - keep) * b, old, new)


# running averages


def followed(network, seen, z, config):
    """Of a generator, after it saw a micro-batch."""
    if config.kind != "stylegan2":
        return folded(network["averages"], seen)
    w = stylegan2.latents(network["params"]["mapping"], z, config)
    return mixed(KEPT_OF_W, network["averages"], {"w": np.mean(w, axis=0)})


def emptied(averages):
    """The tree with nothing in its places."""
    if isinstance(averages, list):
        return [emptied(child) for child in averages]
    return {} if "mean" in averages else {key: emptied(child) for key, child in averages.items()}


def folded(averages, seen):
    """A hundredth of the way from the averages to what was seen; the running variance takes the unbiased one."""
    if isinstance(averages, list):
        return [folded(*pair) for pair in zip(averages, seen, strict=True)]
    if "mean" not in averages:
        return {key: folded(averages[key], seen[key]) for key in averages}
    unbiased = seen["variance"] * seen["count"] / (seen["count"] - 1)
    return mixed(MOMENTUM, averages, {"mean": seen["mean"], "variance": unbiased})
