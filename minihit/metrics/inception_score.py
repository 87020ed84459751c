"""Inception score (Salimans et al. 2016): are pictures sure of their class, and are there many classes?

The variant of torch-fidelity: of the logits without their bias, in an order that is drawn once and for all, cut into
10 parts, each with its own distribution of classes. It tells something only where the classes of the network that
gave the logits occur among the pictures: not of faces.

Shapes: logits (N, classes), NumPy or CuPy, any float.
"""

from itertools import pairwise

import numpy as np

from minihit.backend import array_module, to_host
from minihit.errors import UserError

ORDER = 2020                                                              # the seed of torch-fidelity's own order
SMALLEST = np.finfo(np.float64).tiny                                      # a class that no picture has adds nothing


def inception_score(logits, splits=10):
    """(mean, standard deviation) over the parts of exp(mean KL(p(class | picture), p(class))), 1 at the least.

    Raises UserError for fewer pictures than parts.
    """
    count = len(logits)
    if count < splits:
        raise UserError(f"the inception score is that of {splits} parts, and there are {count} pictures: take more")
    xp = array_module(logits)
    order = xp.asarray(np.random.RandomState(ORDER).permutation(count))
    bounds = [part * count // splits for part in range(splits + 1)]
    scores = [_score(logits[order[start:stop]].astype(np.float64)) for start, stop in pairwise(bounds)]
    scores = to_host(xp.stack(scores))
    return float(scores.mean()), float(scores.std())


def _score(logits):
    xp = array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
    p = xp.exp(log_p)
    log_q = xp.log(p.mean(axis=0).clip(SMALLEST))
    return xp.exp((p * (log_p - log_q)).sum(axis=1).mean())
