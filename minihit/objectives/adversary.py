"""What a discriminator adds to an autoencoder: the game against its reconstructions (VAE/GAN, Larsen et al. 2016;
VQGAN, Esser et al. 2021).

Shapes: image, its original and their gradients (B, S, S, 3) in [-1, 1]; fade (B,).

D trains from the first step, as it does against a generator, so that it knows reconstructions when it is first listened
to; to the decoder its gradient is faded in. How loud that is follows lambda, which makes it as long as the gradient of
the reconstruction where both can be compared for little, at the decoder's last layer: two products, no pass through the
decoder.

Read of a preset, besides what the game reads: of its recipe adversarial (the weight of all that D says, 1: as much as
the reconstruction says), features (the cost of feature matching beside the generator's loss), adversarial_from, steps.
"""

import numpy as np

from minihit import tree
from minihit.backend import array_module
from minihit.objectives import game
from minihit.sums import alone

RISE = 0.1                                                                # share of the steps in which it is faded in
EPS, LARGEST = 1e-4, 1e4                                                  # of lambda, as VQGAN has them


def draw(rng, batch, side, recipe, step):
    """All that is random in the game, and how far it is faded in at a step (from 1), as host arrays.

    Where features are matched an original and its reconstruction are augmented alike.
    """
    draws = game.draw(rng, batch, side, recipe)
    if recipe.features and "augment" in draws:
        draws["augment"]["fake"] = draws["augment"]["real"]
    return {**draws, "fade": np.full(batch, fade(step, recipe), np.float32)}


def fade(step, recipe):
    """0 until a share of adversarial_from of the steps is done; from there it rises to 1 in a tenth of all steps."""
    since = step - recipe.adversarial_from * recipe.steps
    return min(max(since / (RISE * recipe.steps), 0.0), 1.0)


def terms(params, image, original, dimage, last_gradient, draws, preset, share=1.0, total=alone, largest=LARGEST):
    """Returns dimage with the adversary's gradient added, D's gradients times the share, and metrics.

    dimage: of the reconstruction; last_gradient(dimage): the weight gradient of the decoder's last linear layer; share:
    of the batch's images that these are; total: adds over those that belong together (minihit/sums.py); largest: of
    lambda, meant for a reconstruction that is a mean over values; of one in nats it is as many times as much as an
    image has values.
    """
    recipe = preset.recipe
    real_grads, real_metrics, features = game.real_terms(params, original, draws, preset, share)
    target = features if recipe.features else None
    dgame, fake_grads, fake_metrics = game.fake_terms(params, image, draws, preset, target, share)
    factor = balance(last_gradient(dimage), last_gradient(dgame), share, total, largest)
    weights = (recipe.adversarial * factor) * draws["fade"].reshape(-1, 1, 1, 1)
    metrics = {**game.both(real_metrics, fake_metrics), "lambda": factor}
    return dimage + weights * dgame, tree.add(fake_grads, real_grads), metrics


def balance(of_reconstruction, of_game, share, total, largest=LARGEST):
    """lambda = |of_reconstruction| / (|of_game| + 1e-4), at most `largest`; both are gradients of means over a part.

    The last layer is linear, so that the gradients of parts, weighted by their shares, add up to that of all images
    that `total` adds over: lambda is exactly theirs, in however many lanes they are. As the statistics of batch norm it
    is a micro-batch's own, and the mean of such lambdas, which is logged, is not the lambda of the whole batch.
    """
    sums = total({"reconstruction": share * of_reconstruction, "game": share * of_game, "share": share})
    reconstruction, game = (_length(sums[name] / sums["share"]) for name in ("reconstruction", "game"))
    return array_module(game).minimum(reconstruction / (game + EPS), largest)


def _length(x):
    return (x * x).sum() ** 0.5
