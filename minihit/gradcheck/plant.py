"""A mistake that is planted in a layer, to see that it is caught, and to know it again in somebody's own."""

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple


class Plant(NamedTuple):
    """A mistake: the entry of CHECKS it is planted in, the leaf where it shows, and layer -> {function: wrong one}.

    says: what it is, as the end of "this is what comes out when". others: the other leaves where it shows.
    """

    check: str
    leaf: str
    wrong: Callable
    says: str
    others: tuple = ()


def from_inputs(change):
    """A plant that changes what the right backward returns: change(gradients, dy, *what forward was given, **options).

    Gradients are a tuple where there are several. The mistake is so written in terms of the inputs, whatever the layer
    keeps of them.
    """
    def wrong(layer):
        @wraps(layer.forward)                                              # for the names of its arguments
        def forward(*inputs, **options):
            y, cache = layer.forward(*inputs, **options)
            return y, {"cache": cache, "inputs": inputs, "options": options}

        def backward(dy, cache):
            return change(layer.backward(dy, cache["cache"]), dy, *cache["inputs"], **cache["options"])

        def unchanged(name):
            return lambda at, cache: getattr(layer, name)(at, cache["cache"])

        others = {name: unchanged(name) for name in ("tangent", "fold") if hasattr(layer, name)}
        return {"forward": forward, "backward": backward, **others}
    return wrong
