"""The form of a layer in somebody's file: how it must be called, and what it must return."""

import copy
import inspect
import math
from functools import wraps
from itertools import combinations, permutations
from types import SimpleNamespace

import numpy as np

from minihit import tree
from minihit.errors import UserError
from minihit.gradcheck.alike import axes_told
from minihit.gradcheck.comparison import Comparison
from minihit.gradcheck.signature import described


class Misfit(UserError):
    """what is of another form, and wanted: what to write."""

    def __init__(self, what, wanted):
        super().__init__(f"{what}: write {wanted}")
        self.what = what


def fitted(layer, check, drawn, copies=True):
    """The functions of a file, with the library's forward where it has none, as they can be relied on.

    copies: whether they get and return copies of arrays. Raises UserError where there is no backward or where one
    cannot be called as the library's is; and so do the functions where they return another number of values.
    """
    params, inputs, _ = drawn
    wanted, found = described(check, drawn), {"forward": check.layer.forward, **vars(layer)}
    if "backward" not in found:
        lacks = "backward" if hasattr(layer, "forward") else "forward and no backward"
        raise Misfit(f"{layer.path} defines no {lacks}", wanted)
    results = {"forward": 2, "backward": len(inputs) + (params is not None)}
    if hasattr(layer, "forward"):
        _require_call(layer, "forward", *_called_with(drawn), wanted)
    _require_call(layer, "backward", ("dy", "cache"), {}, wanted)
    for name, count in results.items():
        function = _copying(found[name], but_last=name == "backward") if copies else found[name]   # that is the cache
        found[name] = _returning(function, count, f"{layer.path}: {_name_of(function, name)}", wanted, copies)
    return SimpleNamespace(**found)


def require_order(layer, check, drawn, gradients, arguments):
    """Raise UserError where the gradients {name: array or tree} fit the arguments in another order."""
    forms = {name: _form(tree) for name, tree in gradients.items()}
    orders = [order for order in permutations(gradients)
              if all(forms[here] == _form(arguments[name]) for here, name in zip(order, gradients, strict=True))]
    if orders and tuple(gradients) not in orders:
        places = dict(zip(orders[0], gradients, strict=True))
        returned = ", ".join("grads" if places[here] == "params" else f"d{places[here]}" for here in gradients)
        raise Misfit(f"{layer.path}: {_name_of(layer.backward, 'backward')} returns ({returned}), in the wrong order",
                     described(check, drawn))


def misshapen(gradients, leaves, dy):
    """A Comparison for each gradient that is missing, superfluous or of another shape; both {path: array}."""
    missing = [wrong(path, leaf.shape, "has no gradient") for path, leaf in leaves.items()
               if gradients.get(path) is None]
    extra = [wrong(path, (), "is no parameter") for path in gradients if path not in leaves]
    found = {path: getattr(gradients[path], "shape", None) for path in leaves if gradients.get(path) is not None}
    return missing + extra + [
        wrong(path, leaves[path].shape, f"has a gradient of shape {shape}{advice(shape, leaves[path].shape, dy.shape)}")
        for path, shape in found.items() if shape != leaves[path].shape]


def advice(shape, right, dy_shape):
    """How a gradient of one shape may become one of the right shape, where that is plain."""
    if shape is None:
        return ", for it is no array"
    summed, all_of_them = (_axes_to_sum(dy_shape, each) for each in (shape, right))
    if summed and all_of_them and summed != all_of_them:
        return f": dy {dy_shape} is to be summed over {axes_told(all_of_them)}, not over {axes_told(summed)}"
    if sorted(n for n in shape if n > 1) == sorted(n for n in right if n > 1):
        return f": {_order(shape, right)}"
    if axes := _axes_to_sum(shape, right):
        return f": sum it over {axes_told(axes)}"
    return f": reshape it to {right}" if math.prod(shape) == math.prod(right) else ""


def _order(shape, right):
    if shape == right[::-1]:
        return "transpose it"
    swaps = [(a, b) for a, b in combinations(range(len(shape)), 2) if len(shape) == len(right)
             and right == tuple(shape[{a: b, b: a}.get(axis, axis)] for axis in range(len(shape)))]
    return f"exchange {axes_told(swaps[0])}" if len(swaps) == 1 and 1 not in shape else f"give it the shape {right}"


def wrong(path, shape, how):
    """A Comparison that fails for another reason than a number."""
    return Comparison(path, shape, how, math.nan, math.nan, math.inf)


def _axes_to_sum(shape, right):
    """The axes without which, or with 1 for which, the shape would be right, the first ones where there is a choice; ()
    where there are none."""
    kept = len(shape) == len(right)
    count = sum(n == 1 for n in right) if kept else max(len(shape) - len(right), 0)
    for axes in combinations(range(len(shape)), count):
        left = [1 if axis in axes else n for axis, n in enumerate(shape) if kept or axis not in axes]
        if tuple(left) == right:
            return axes
    return ()


def _called_with(drawn):
    params, inputs, options = drawn
    return (*([] if params is None else [params]), *inputs), options


def _require_call(layer, name, args, options, wanted):
    """Raise UserError where the function of that name cannot be called so."""
    try:
        inspect.signature(getattr(layer, name)).bind(*args, **options)
    except TypeError as error:
        what = f"{layer.path}: {_name_of(getattr(layer, name), name)}"
        raise Misfit(f"{what} cannot be called as the library's is, {error}", wanted) from None


def _copying(function, but_last):
    """The function, called with copies of its arguments, but for so many at the end."""
    @wraps(function)
    def call(*args, **options):
        count = len(args) - but_last
        return function(*copy.deepcopy(args[:count]), *args[count:], **copy.deepcopy(options))
    return call


def _returning(function, count, what, wanted, copies):
    """The function, refused where it does not return so many values; a list of them will do, and numbers for arrays.

    copies: whether arrays are copied, so that what is done to a cache later is not done to an output.
    """
    @wraps(function)
    def call(*args, **options):
        result = function(*args, **options)
        parts = tuple(result) if isinstance(result, (tuple, list) if count > 1 else tuple) else (result,)
        if result is None:
            raise Misfit(f"{what} returns nothing: it ends without a return", wanted)
        if len(parts) != count:
            raise Misfit(f"{what} returns {len(parts)} value{'s' * (len(parts) != 1)} in place of {count}", wanted)
        return tuple(np.array(part, copy=copies or None) if isinstance(part, (float, np.ndarray)) else part
                     for part in parts)
    return call


def _name_of(function, name):
    """What the file calls it, where it is a function of the file."""
    own = getattr(function, "__name__", name)
    return own if own.isidentifier() else name


def _form(gradient):
    """The shapes of an array, or of a tree with its paths."""
    return {path: getattr(leaf, "shape", None) for path, leaf in tree.items(gradient)}
