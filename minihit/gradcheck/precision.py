"""What float32 costs: a forward and a backward pass in float32 beside the same in float64, leaf by leaf.

A sum of n rounded terms is wrong by about eps * sqrt(n) times their size (Higham 2002, section 2.8). No sum is longer
than the largest array that goes in or comes out. Terms may cancel, as in the bias in front of a norm, so their size is
that of the largest value among the gradients of one layer.
"""

import math
from dataclasses import fields, is_dataclass, replace

import numpy as np

from minihit import tree
from minihit.gradcheck.checks import draw
from minihit.gradcheck.comparison import Comparison, as_functions, compare_values
from minihit.gradcheck.derivatives import normal

EPS = float(np.finfo(np.float32).eps)
MARGIN = 8.0                                                              # a pass through a network is many sums
NUDGE = 2.0**-20                                                          # of a value, a few of float32's last bits
NOISY = 1e-10                                                             # of the values: between float64 and float32


def run(check, rng):
    """compare_dtypes for an entry of the table."""
    return compare_dtypes(check.layer, *draw(check, rng), rng)


def compare_dtypes(layer, params, inputs, options, rng, names=None):
    """A Comparison per output and gradient; one that is not float32 after a float32 pass fails."""
    numbers = cast((params, inputs, options), np.float32)                  # the same numbers for both passes
    (forward, backward, small), wide = (as_functions(layer, *cast(numbers, dtype), names)
                                        for dtype in (np.float32, np.float64))
    outputs, cache = forward(small)
    douts = tuple(normal(rng, y).astype(np.float32) for y in outputs)
    actual = _leaves(outputs, backward(douts, cache), small)
    forward, backward, large = wide
    outputs, cache = forward(large)
    expected = _leaves(outputs, backward(cast(douts, np.float64), cache), large)
    longest = max(leaf.size for _, leaf in tree.items([large, outputs]))
    sizes = _sizes(expected)
    return [_compare(path, leaf, expected[path], allowed(longest, sizes[_layer_of(path)]))
            for path, leaf in actual.items()]


def allowed(longest, size):
    """What a sum of so many terms may be wrong by in float32."""
    return MARGIN * EPS * math.sqrt(longest) * size


def is_noisy(function, arguments, rng):
    """Whether function(arguments), an array of one axis, jumps as if it were computed in float32 for float64 arguments.

    Five points that are so near to each other lie on a line, but for rounding, and for a kink, which is not in two of
    three places. Every argument moves, for it may be one alone that is rounded.
    """
    def noise():
        place, along = (tree.map(lambda leaf: leaf * normal(rng, leaf), arguments) for _ in range(2))
        start = tree.map(lambda leaf, change: leaf + 0.01 * change, arguments, place)
        values = [function(tree.map(lambda leaf, change, step=step * NUDGE: leaf + step * change, start, along))
                  for step in (-2, -1, 0, 1, 2)]
        return np.linalg.norm(np.diff(values, 4, axis=0)) / max(np.linalg.norm(values[2]), np.finfo(float).tiny)

    return bool(np.median([noise() for _ in range(3)]) > NOISY)


def cast(arrays, dtype):
    """Nested dicts, lists, tuples and dataclasses with their floating-point arrays in the dtype; all else stays."""
    if is_dataclass(arrays):
        return replace(arrays, **{field.name: cast(getattr(arrays, field.name), dtype) for field in fields(arrays)})
    if isinstance(arrays, dict):
        return {name: cast(child, dtype) for name, child in arrays.items()}
    if isinstance(arrays, (tuple, list)):
        return type(arrays)(cast(child, dtype) for child in arrays)
    floating = isinstance(arrays, np.ndarray) and arrays.dtype.kind == "f"
    return arrays.astype(dtype) if floating else arrays


def _leaves(outputs, gradients, arguments):
    """{path: array} of the outputs, y or y 0, y 1 ..., and of the gradients of the arguments."""
    names = ["y"] if len(outputs) == 1 else [f"y {index}" for index in range(len(outputs))]
    gradients = dict(tree.items(gradients))
    return {**dict(zip(names, outputs, strict=True)), **{path: gradients[path] for path, _ in tree.items(arguments)}}


def _sizes(leaves):
    """{layer: its largest value}, never zero."""
    sizes = {}
    for path, leaf in leaves.items():
        sizes[_layer_of(path)] = max(sizes.get(_layer_of(path), 1e-30), float(abs(leaf).max()))
    return sizes


def _layer_of(path):
    return path.rpartition("/")[0] or path


def _compare(path, actual, expected, allowed):
    if actual.dtype != np.float32:
        return Comparison(path, actual.shape, f"is {actual.dtype}", math.nan, math.nan, math.inf)
    return compare_values(actual.astype(np.float64), expected, path, rtol=0.0, atol=allowed)
