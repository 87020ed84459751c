"""Exercise 18: the weights' gradient of any loss (tutorials/18_one_backward_for_all_losses.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 18

A discriminator of linear layers and leaky ReLUs was run on B images, and then backwards from ones.
"""


def weight_gradients(xs, deltas, seeds):
    """A list of the gradients of sum_b seeds_b logit_b by the weight of every layer.

    xs: a list of the inputs of the linear layers, (B, C) each; deltas: of the gradients at their outputs, (B, C') each,
    row b the gradient of logit_b; seeds (B,): dloss/dlogit of the loss that is wanted.
    """
    raise NotImplementedError("weight_gradients")
