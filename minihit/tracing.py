"""Every call of a layer, an op, a network or a loss while something is computed, with what went in and what came out.

    with traced({"generator": {"params": params}}) as calls:
        images, cache = hit.forward(params, z, config)

For the time of the block the functions of NAMES in the modules of ROOMS, and those of LOSSES, are replaced by others
that note the call; the layers themselves know nothing of it.
"""

import functools
import sys
from contextlib import contextmanager
from types import FunctionType
from typing import NamedTuple

import numpy as np

from minihit import tree

FORTH = {"forward", "rectified", "tangent"}                               # which return a cache, last
NAMES = FORTH | {"backward", "input_gradient", "weight_gradient", "output_gradients", "parameter_gradient",
                 "image_gradient", "logit_gradients", "loss_gradients", "tangent_backward"}
ROOMS = ("minihit.layers.", "minihit.ops.", "minihit.models.")
TWINS = "minihit.ops.fast."
LOSSES = ("minihit.objectives.losses", "minihit.objectives.penalties", "minihit.objectives.reconstruction",
          "minihit.objectives.bottleneck", "minihit.objectives.feature_matching")


class Found(NamedTuple):
    """Of an array that a call returned: its name where it has one, shape, mean and standard deviation."""

    name: str
    shape: tuple
    mean: float
    spread: float


class Call(NamedTuple):
    """module, function: whose; path: of the parameters that it works with, "" where there are none; given: shapes of
    the arrays that it was called with; found: a list of Found; calls: those that it made itself."""

    module: str
    function: str
    path: str
    given: list
    found: list
    calls: list


@contextmanager
def traced(networks):
    """Yields a list that fills with the outermost Calls.

    networks: {name: {"params": tree, ...}}; the path of a call begins with that name.
    """
    calls, paths = [], {}
    for name, trees in networks.items():
        for each in trees.values():
            paths |= _paths(each, name)
    noted = _noting(calls, paths)
    places = [(module, name, function) for module in _modules() for name, function in vars(module).items()
              if _is_wanted(name, function)]
    try:
        for module, name, function in places:
            setattr(module, name, noted(function, name))
        yield calls
    finally:
        for module, name, function in places:
            setattr(module, name, function)


def _modules():
    return [module for name, module in list(sys.modules.items()) if name.startswith("minihit.")]


def _is_wanted(name, value):
    if not isinstance(value, FunctionType) or name.startswith("_"):
        return False
    room = value.__module__
    return room in LOSSES or (name in NAMES and room.startswith(ROOMS) and not room.startswith(TWINS))


def _noting(calls, paths):
    """Makes of a function and its name one that notes its calls: the same one again of the same."""
    open_calls, kept = [calls], []

    @functools.cache
    def noted(function, name):
        @functools.wraps(function)
        def call(*args, **options):
            made, inputs = [], (*args, *options.values())
            open_calls.append(made)
            try:
                result = function(*args, **options)
            finally:
                open_calls.pop()
            path = next((paths[id(value)] for value in inputs if id(value) in paths), "")
            if path and name in FORTH and isinstance(cache := result[-1], dict):
                paths[id(cache)] = path                                    # whose it is shows on the way back
                kept.append(cache)                                         # or another would get its id
            given = [value.shape for value in inputs if isinstance(value, np.ndarray)]
            open_calls[-1].append(Call(function.__module__, name, path, given, _found(result), made))
            return result

        return call

    return noted


def _paths(node, prefix):
    """{id of a tree: its path} of all trees inside of one."""
    if not isinstance(node, (dict, list, tuple)) or not node:
        return {}
    found = {id(node): prefix}
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        found |= _paths(child, f"{prefix}/{key}")
    return found


def _found(result):
    """Of the arrays that a call returned; of one that returns none, of those in its tree, together where it is deep."""
    arrays = [("", value) for value in (result if isinstance(result, tuple) else [result]) if _is_array(value)]
    arrays = arrays or [(path, leaf) for path, leaf in tree.items(result) if _is_array(leaf)]
    if any("/" in path for path, _ in arrays):
        arrays = [(f"{len(arrays)} arrays", np.concatenate([leaf.ravel() for _, leaf in arrays]))]
    return [Found(name, value.shape, float(value.mean()), float(value.std())) for name, value in arrays]


def _is_array(value):
    return isinstance(value, (np.ndarray, np.floating)) and value.dtype.kind == "f"
