"""What takes a tape's place: one backward pass serves every loss, and a gradient penalty is one more forward pass.

Shapes: logits, dlogits (B,); images, gradient, dgradient (B, S, S, 3).

The discriminator treats each image alone (unless minibatch stddev mixes them), so a pass that starts with ones finds
the gradient of every image's own logit. Image b's part of any loss is that gradient times dloss/dlogit_b. A penalty
on the image gradient shares one product per layer with the loss.
"""

from minihit import tree
from minihit.backend import array_module
from minihit.models.discriminator import network
from minihit.ops import minibatch_stddev


def logit_gradients(cache):
    """(gradient, deltas) of the images' own logits, by the images and at the output of every linear layer.

    With minibatch stddev it is the gradient of the sum of all logits.
    """
    weight = cache["logit"]["weight"]
    return network.input_gradient(array_module(weight).ones(len(cache["stem"]["x"]), weight.dtype), cache)


def image_gradient(dlogits, cache, of_logits, dfeatures=None):
    """The gradient of sum_b dlogits_b logit_b by the images: each image's own gradient, rescaled.

    of_logits = logit_gradients(cache). Where the loss reads D's features too (dfeatures, as in input_gradient), or
    minibatch stddev couples the images, it is a backward pass of its own.
    """
    if "stddev" in cache or dfeatures is not None:
        return network.input_gradient(dlogits, cache, dfeatures=dfeatures)[0]
    return of_logits[0] * dlogits.reshape(-1, 1, 1, 1)


def loss_gradients(dlogits, cache, of_logits, dgradient=None):
    """The weights' gradient of sum_b dlogits_b logit_b + <dgradient, gradient>, dlogits and dgradient held fixed.

    of_logits = (gradient, deltas) = logit_gradients(cache). With minibatch stddev images are coupled and that layer is
    not linear: the losses need a backward pass of their own, which the layer's second derivative joins (reverse over
    forward differentiation).
    """
    deltas = of_logits[1]
    t_cache = None if dgradient is None else network.tangent(dgradient, cache)[1]
    if "stddev" not in cache:
        return network.weight_gradient(deltas, cache, dlogits, t_cache)
    if t_cache is None:
        return network.parameter_gradient(dlogits, cache)
    second_order = minibatch_stddev.tangent_backward(deltas["stddev"], cache["stddev"], t_cache["stddev"])
    bent = network.output_gradients(dlogits, cache, second_order)
    return tree.add(network.weight_gradient(bent, cache),
                    network.weight_gradient(deltas, cache, 0.0 * dlogits, t_cache))
