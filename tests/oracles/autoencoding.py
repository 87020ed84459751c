"""What a training step of an autoencoder finds, once more in a straight line from the definitions, by autograd.

Every term is written down as it is defined, and a network runs as often as a formula names it. What the papers hold
fixed is a constant here: codes and indices, the rotation trick's matrices, lambda, the maps of originals.
"""

import autograd.numpy as np
from autograd import grad
from oracles import autoencoder, discriminator, generator, quantizer, training

from minihit import tree

BLUR = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16]
LAST_LEVEL = 8                                                            # side of a pyramid's end
HALF_A_STEP = 1 / 255                                                     # of a picture's bytes, in [-1, 1]
SMOOTHING = 1e-5
LOUDEST = 1e4                                                             # lambda, where terms are means over values
SLOW_RISE = 0.1                                                           # share of a run


def gradients(networks, images, draws, preset, number):
    """({network: gradient}, {network: new running averages}, metrics) of step `number`, means over images (B, S, S, 3)
    that are seen micro_batch at a time.

    networks: {name: {"params", "averages"}}; draws: {"noise" or "offers", "augment"}, as far as they are needed.
    """
    size, results, met = preset.recipe.micro_batch or len(images), [], []
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        here = tree.map(lambda x, part=part: x[part], draws)
        found, held = of_micro_batch(networks, images[part], here, preset, number)
        results.append(training.scaled(len(images[part]) / len(images), found))
        met.append(held)
    grads, averages, metrics = tree.add(*results)
    if preset.kind == "vqvae":
        held = {name: np.concatenate([part[name] for part in met]) for name in ("z", "indices")}
        averages["quantizer"] = moved(networks["quantizer"]["averages"], held, draws.get("offers"), preset.quantizer)
    return grads, averages, metrics


def of_micro_batch(networks, images, draws, preset, number):
    """What a micro-batch adds, and all that is held fixed in it."""
    params = {name: network["params"] for name, network in networks.items()}
    held = held_fixed(networks, images, draws, preset)
    seen = training.emptied(networks["decoder"]["averages"])
    rebuilt = decoded(params["decoder"], held["latent"], preset, seen)
    weight = 0.0
    if preset.recipe.adversarial:
        held["lambda"] = ratio(params, images, held, preset)
        weight = preset.recipe.adversarial * held["lambda"] * fade(number, preset.recipe)
    trained = {name: leaves for name, leaves in params.items() if name != "discriminator"}

    def loss(trained):
        rows = terms({**params, **trained}, images, held, preset)
        return sum(preset.recipe.beta * value if name == "kl" else weight * value if name in ADVERSARIAL else value
                   for name, value in rows.items())

    grads, metrics = grad(loss)(trained), terms(params, images, held, preset)
    if preset.recipe.adversarial:
        arguments = params["discriminator"], images, rebuilt, draws, preset
        grads["discriminator"] = grad(training.discriminator_loss)(*arguments)
        metrics |= {**training.discriminator_terms(*arguments), "lambda": held["lambda"],
                    "real_logits": np.mean(logits(params, images, preset)),
                    "fake_logits": np.mean(logits(params, rebuilt, preset))}
    averages = {"decoder": training.folded(networks["decoder"]["averages"], seen)}
    return (grads, averages, metrics), held


ADVERSARIAL = ("generator_loss", "feature_matching")


def held_fixed(networks, images, draws, preset):
    """All that no gradient goes through, and "latent", what the decoder reads at these parameters."""
    y = autoencoder.codes(networks["encoder"]["params"], images, preset.encoder)
    if preset.kind == "vae":
        mean, log_variance = halves(y)
        return {"noise": draws["noise"], "latent": mean + np.exp(log_variance / 2) * draws["noise"]}
    network = networks["quantizer"]
    codebook = {**network["averages"], **network["params"]}["codebook"]
    rows = y.reshape(-1, y.shape[-1])
    indices = np.array(quantizer.nearest(rows, codebook))
    codes = codebook[indices].reshape(y.shape)
    held = {"z": y, "indices": indices, "codes": codes, "latent": codes}
    if preset.quantizer.rotate:
        held["turns"] = np.stack([quantizer.rotation_matrix(*pair)
                                  for pair in zip(rows, codebook[indices], strict=True)])
    return held


def terms(params, images, held, preset):
    """{name: value} of all that encoder, codebook and decoder descend, beta with the commitment, not with the KL."""
    recipe = preset.recipe
    y = autoencoder.codes(params["encoder"], images, preset.encoder)
    if preset.kind == "vae":
        mean, log_variance = halves(y)
        latent = mean + np.exp(log_variance / 2) * held["noise"]
        found = {"kl": np.sum(np.exp(log_variance) + mean**2 - 1 - log_variance) / 2 / len(images)}
    else:
        latent = turned(y, held) if preset.quantizer.rotate else y + (held["codes"] - held["z"])
        found = {"commitment": recipe.beta * np.mean((y - held["codes"]) ** 2),
                 "codebook": np.mean((held["z"] - chosen(params, held)) ** 2)}
    rebuilt = decoded(params["decoder"], latent, preset)
    found |= reconstruction(rebuilt, images, preset)
    return found | (heard(params, rebuilt, images, preset) if recipe.adversarial else {})


def turned(y, held):
    rows = y.reshape(-1, y.shape[-1])
    return np.reshape(np.einsum("nij,nj->ni", held["turns"], rows), y.shape)


def chosen(params, held):
    """The codes as parameters, where they are."""
    if "codebook" not in params["quantizer"]:
        return held["codes"]
    return np.reshape(params["quantizer"]["codebook"][held["indices"]], held["codes"].shape)


def halves(y):
    n = y.shape[-1] // 2
    return y[..., :n], y[..., n:]


def decoded(params, latent, preset, seen=None):
    draw = generator.images if preset.decoder.kind == "hit" else autoencoder.images
    return draw(params, latent, preset.decoder, *[seen] * (preset.decoder.kind == "hit"))


# the image's terms


def reconstruction(rebuilt, images, preset):
    """{"pixels"} and where it has a cost {"pyramid"}."""
    recipe, difference = preset.recipe, rebuilt - images
    found = {"pixels": nats(difference, recipe) if preset.kind == "vae" else np.mean(distance(difference, recipe))}
    if recipe.pyramid:
        levels = pyramid(rebuilt), pyramid(images)
        found["pyramid"] = recipe.pyramid * np.mean(np.array(
            [np.mean(np.abs(a - b)) for a, b in zip(*levels, strict=True)]))
    return found


def distance(difference, recipe):
    return np.abs(difference) if recipe.pixels == "l1" else difference**2


def nats(difference, recipe):
    """-log p of an image, with Laplace's noise (l1) or normal noise (l2), its spread the likeliest where sigma is 0."""
    values = difference[0].size
    if recipe.pixels == "l1":
        b = recipe.sigma or np.maximum(np.mean(np.abs(difference)), HALF_A_STEP)
        return np.sum(np.abs(difference)) / b / len(difference) + values * np.log(2 * b)
    s = recipe.sigma or np.sqrt(np.maximum(np.mean(difference**2), HALF_A_STEP**2))
    return np.sum(difference**2) / (2 * s**2) / len(difference) + values * np.log(s * np.sqrt(2 * np.pi))


def pyramid(images):
    """Burt & Adelson's: each level less the next one enlarged, the last one whole."""
    levels = [images]
    while levels[-1].shape[1] >= 2 * LAST_LEVEL:
        small = blurred(levels[-1])[:, ::2, ::2]
        levels[-1:] = [levels[-1] - 4 * blurred(autoencoder.with_zeros(small)), small]
    return levels


def blurred(x):
    for axis in (1, 2):
        side = x.shape[axis]
        reach = np.arange(-2, side + 2)
        mirrored = np.abs(side - 1 - np.abs(side - 1 - reach))            # of period 2 (side - 1)
        matrix = np.zeros((side, side))
        for row in range(side):
            for place, share in enumerate(BLUR):
                matrix[row, mirrored[row + place]] += share
        x = np.einsum("bhwc,ih->biwc" if axis == 1 else "bhwc,iw->bhic", x, matrix)
    return x


def heard(params, rebuilt, images, preset):
    """What the discriminator says to the decoder, before lambda."""
    recipe, config = preset.recipe, preset.discriminator
    seen = discriminator.logits(params["discriminator"], rebuilt, config)
    found = {"generator_loss": np.mean(-seen if recipe.loss == "hinge" else np.log(1 + np.exp(-seen)))}
    if recipe.features:
        maps = [discriminator.features(params["discriminator"], x, config) for x in (rebuilt, images)]
        means = [np.mean((a - b) ** 2) for a, b in zip(*maps, strict=True)]
        found["feature_matching"] = recipe.features * sum(means) / len(means)
    return found


def logits(params, images, preset):
    return discriminator.logits(params["discriminator"], images, preset.discriminator)


def ratio(params, images, held, preset):
    """lambda of VQGAN (Esser et al. 2021, equation 7), by the last weight of the decoder."""
    def length(said):
        slope = grad(lambda decoder: sum(said(decoded(decoder, held["latent"], preset)).values()))(params["decoder"])
        last = slope["stages"][-1]["to_rgb"]["linear"] if preset.decoder.kind == "hit" else slope["to_rgb"]
        return np.sqrt(np.sum(last["weight"] ** 2))

    game = length(lambda rebuilt: heard(params, rebuilt, images, preset))
    found = length(lambda rebuilt: reconstruction(rebuilt, images, preset)) / (game + 1e-4)
    return min(found, LOUDEST * (images[0].size if preset.kind == "vae" else 1))


def fade(number, recipe):
    """Of a step, from 1."""
    start = recipe.adversarial_from * recipe.steps
    return np.interp(number, [start, start + SLOW_RISE * recipe.steps], [0.0, 1.0])


# the codebook's averages


def moved(averages, held, offers, config):
    """Code by code: the averages of van den Oord et al. 2017, appendix A.1, debiased and smoothed, and restarts."""
    if not averages:
        return {}
    rows, keep, new = held["z"].reshape(-1, config.width), config.decay, {}
    hits = np.array([np.sum(held["indices"] == k) for k in range(config.codes)], float)
    sums = np.stack([np.sum(rows[held["indices"] == k], axis=0) for k in range(config.codes)])
    new = {"count": keep * averages["count"] + (1 - keep) * hits, "sum": keep * averages["sum"] + (1 - keep) * sums,
           "weight": keep * averages["weight"] + (1 - keep)}
    counts, total = new["count"] / new["weight"], np.sum(new["count"]) / new["weight"]
    sizes = (counts + SMOOTHING) / (total + config.codes * SMOOTHING) * total
    new["codebook"] = new["sum"] / new["weight"] / sizes[:, None]
    usual = new["weight"] * len(rows) / config.codes
    for k in range(config.codes) if offers is not None else []:
        (places,) = np.nonzero(offers.reshape(-1) == k)
        if len(places) and new["count"][k] < config.restart * usual:
            new["codebook"][k] = rows[places[0]]
            new["count"][k], new["sum"][k] = usual, usual * rows[places[0]]
    return new
