"""What there is to write: the functions of one of the library's layers, with arguments, results and shapes."""

import inspect

from minihit import tree
from minihit.gradcheck.comparison import as_functions

MOST = 12                                                                 # arrays whose shapes are told one by one
SHORT = 40                                                                # characters of an option that is shown itself


def input_names(check):
    """Of the library's forward, but for params and options."""
    names = [name for name in inspect.signature(check.layer.forward).parameters if name != "params"]
    return names[:len(check.shapes)]


def described(check, drawn):
    """What to write: forward and backward with their arguments, results and shapes."""
    params, inputs, options = drawn
    names = input_names(check)
    arrays = {**({} if params is None else {"params": params}), **dict(zip(names, inputs, strict=True))}
    told = [f"{name}={value!r}" if len(repr(value)) <= SHORT else f"{name}={name}" for name, value in options.items()]
    results = ", ".join([f"d{name}" for name in names] + ["grads"] * (params is not None))
    returned = f"({results})" if "," in results else results
    return (f"forward({', '.join([*arrays, *told])}) -> (y, cache) and backward(dy, cache) -> {returned}, with "
            + ", ".join(f"{name} {shapes(value)}" for name, value in arrays.items()))


def cache_of(check, drawn):
    """What the cache of the library's forward holds."""
    forward, _, arguments = as_functions(check.layer, *drawn)
    return shapes(forward(arguments)[1])


def shapes(value):
    """The shapes in nested dicts and lists, as in {"weight" (8, 8), "bias" (8,)}; of many arrays only their number."""
    if (count := sum(1 for _ in tree.items(value))) > MOST:
        return f"of {count} arrays"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" {shapes(child)}' for key, child in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(shapes, value)) + "]"
    return str(value.shape) if hasattr(value, "shape") else repr(value)
