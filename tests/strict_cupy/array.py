"""The array of the double: a NumPy array that behaves as cupy.ndarray does where it hurts.

What comes in are arrays of the double and scalars; everything else is refused. What goes out are arrays of the double,
0-d ones included: no number leaves without a sync that the transfers count. Views share memory, as on the device.
"""

import operator

import numpy as np

from strict_cupy import record
from strict_cupy.transfers import transfers

BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift")
COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")
UNARY = ("neg", "pos", "abs", "invert")
SYNCS = ("__bool__", "__int__", "__float__", "__complex__", "__index__", "__repr__", "__str__", "__format__",
         "item", "tolist", "tobytes")
METHODS = ("all", "any", "argmax", "argmin", "astype", "clip", "copy", "cumsum", "dot", "fill", "flatten", "max", "mean",
           "min", "prod", "ravel", "repeat", "reshape", "round", "sort", "squeeze", "std", "sum", "swapaxes", "take",
           "trace", "transpose", "var", "view")
PROPERTIES = ("dtype", "itemsize", "nbytes", "ndim", "shape", "size", "strides")


class ndarray:
    """Made by wrap; `memory` is the NumPy array that stands for the memory of the device."""

    __module__ = "cupy"                                                   # where backend.array_module looks
    __hash__ = None
    __array_ufunc__ = None                                                # numpy.exp(x), numpy_array + x: TypeError

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"numpy.{function.__name__} was called with an array of the device")

    def get(self, stream=None, order="C", out=None, blocking=True):
        transfers.sync("get")
        assert stream is None and out is None, "the double has one stream and no pinned memory"
        return self.memory.copy(order)

    @property
    def T(self):
        return wrap(self.memory.T)

    def __len__(self):
        return len(self.memory)

    def __iter__(self):
        return (self[i] for i in range(len(self.memory)))

    def __getitem__(self, index):
        return wrap(self.memory[_index(index)])

    def __setitem__(self, index, value):
        self.memory[_index(index)] = operand(value)


def wrap(result):
    """A NumPy result as an array of the double; a NumPy scalar becomes a 0-d array, a list stays a list."""
    if isinstance(result, (list, tuple)):
        return [wrap(part) for part in result]
    if not isinstance(result, (np.ndarray, np.generic)):
        return result
    x = object.__new__(ndarray)
    x.memory = np.asarray(result)
    transfers.dtypes.add(x.memory.dtype)
    return x


def operand(x):
    """What stands for x in NumPy; TypeError for all but arrays of the double and scalars, as in a ufunc of CuPy."""
    if isinstance(x, ndarray):
        return x.memory
    if isinstance(x, (bool, int, float, complex, np.generic)):
        return x
    raise TypeError(f"Unsupported type {type(x)}")


def _index(index):
    """The index with an Ellipsis, so that NumPy gives a 0-d view where it would give a scalar.

    Lists and NumPy arrays, which CuPy uploads without a word, are refused; a mask is a sync, as the shape of the
    result depends on its values.
    """
    parts = index if isinstance(index, tuple) else (index,)
    plain = []
    for part in parts:
        if isinstance(part, ndarray):
            if part.memory.dtype == bool:
                transfers.sync("mask")
            part = part.memory
        elif part is not None and part is not Ellipsis and not isinstance(part, (slice, int, np.integer)):
            raise TypeError(f"an index of {type(part)} would be uploaded: make it an array of the device")
        plain.append(part)
    return tuple(plain) if any(part is Ellipsis for part in plain) else (*plain, Ellipsis)


def _binary(name):
    function = getattr(operator, f"__{name}__")

    def method(self, other):
        return wrap(function(self.memory, operand(other)))

    return method


def _reflected(name):
    function = getattr(operator, f"__{name}__")

    def method(self, other):
        return wrap(function(operand(other), self.memory))

    return method


def _in_place(name):
    function = getattr(operator, f"__i{name}__")

    def method(self, other):
        function(self.memory, operand(other))
        return self

    return method


def _unary(name):
    function = getattr(operator, f"__{name}__")

    def method(self):
        return wrap(function(self.memory))

    return method


def _sync(name):
    def method(self, *args):
        transfers.sync(name)
        return getattr(self.memory, name)(*args)

    return method


def _method(name):
    parameters = record.signature(f"ndarray.{name}")

    def method(self, *args, **kwargs):
        parameters.bind(self, *args, **kwargs)
        args, kwargs = arguments(args), {key: argument(value) for key, value in kwargs.items()}
        return wrap(getattr(self.memory, name)(*args, **kwargs))

    return method


def _property(name):
    return property(lambda self: getattr(self.memory, name))


def _fill_in():
    for names, make, form in ((BINARY, _binary, "__{}__"), (COMPARISONS, _binary, "__{}__"), (UNARY, _unary, "__{}__"),
                              (BINARY, _reflected, "__r{}__"), (BINARY, _in_place, "__i{}__"), (SYNCS, _sync, "{}"),
                              (METHODS, _method, "{}"), (PROPERTIES, _property, "{}")):
        for name in names:
            if f"ndarray.{form.format(name)}" in record.NAMES:
                setattr(ndarray, form.format(name), make(name))
