"""The array of the double: a NumPy array that behaves as cupy.ndarray does where it hurts.

What comes in are arrays of the double and scalars; everything else is refused. What goes out are arrays of the double,
0-d ones included: no number leaves without a sync that the transfers count. Views share memory, as on the device.
"""

import operator
from types import SimpleNamespace

import numpy as np

from strict_cupy import kernels, record
from strict_cupy.transfers import transfers

ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
OTHERS = ("lt", "le", "eq", "ne", "gt", "ge", "neg", "pos", "abs", "invert")
SYNCS = ("__bool__", "__int__", "__float__", "__complex__", "__repr__", "__str__", "__format__", "item", "tolist",
         "tobytes")
METHODS = ("all", "any", "argmax", "argmin", "astype", "clip", "copy", "cumsum", "dot", "fill", "flatten", "max",
           "mean", "min", "prod", "ravel", "repeat", "reshape", "round", "sort", "squeeze", "std", "sum", "swapaxes",
           "take", "trace", "transpose", "var", "view")
ELEMENTWISE = {"abs", "add", "astype", "ceil", "clip", "copy", "cos", "divide", "exp", "expm1", "floor", "isfinite",
               "isnan", "log", "log1p", "logaddexp", "logical_and", "logical_not", "logical_or", "maximum", "minimum",
               "multiply", "negative", "power", "reciprocal", "rint", "round", "sign", "sin", "sqrt", "square",
               "subtract", "tanh", "where"}
VIEWS = {"broadcast_to", "expand_dims", "flip", "lib.stride_tricks.as_strided", "moveaxis", "ravel", "reshape",
         "lib.stride_tricks.sliding_window_view", "squeeze", "swapaxes", "transpose", "view"}
FREE = {"empty", "empty_like"}
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

    def get(self):
        transfers.sync("get")
        return self.memory.copy()

    @property
    def data(self):
        refuse_in_fusion("data")
        return SimpleNamespace(ptr=self.memory.ctypes.data)

    @property
    def flags(self):
        refuse_in_fusion("flags")
        return self.memory.flags

    @property
    def T(self):
        refuse_in_fusion("T")
        return wrap(self.memory.T)

    def __len__(self):
        refuse_in_fusion("len")
        return len(self.memory)

    def __iter__(self):
        return (self[i] for i in range(len(self.memory)))

    def __getitem__(self, index):
        refuse_in_fusion("an index")
        plain = _index(index)
        arrays = [part for part in plain if isinstance(part, np.ndarray)]
        if any(part.dtype == bool for part in arrays):
            transfers.sync("mask")                                        # its values decide the shape of the result
        return wrap(kernels.gather(self.memory, plain) if arrays else self.memory[plain])

    def __setitem__(self, index, value):
        plain = _index(index)
        if plain != (Ellipsis,):
            refuse_in_fusion("assignment to a part")
        if any(isinstance(part, np.ndarray) for part in plain):
            raise NotImplementedError("assignment to arrays of indices is not counted: add it to kernels.py")
        whole = plain == (Ellipsis,) and self.memory.ndim
        kernels.assign(self.memory if whole else self.memory[plain], operand(value))


class Number:
    """A number that is an argument of a fused function. CuPy makes float16 of two of them, so two may not meet."""

    def __init__(self, value):
        self.value = value


def wrap(result):
    """A NumPy result as an array of the double; a NumPy scalar becomes a 0-d array, a list stays a list."""
    if isinstance(result, (list, tuple)):
        return [wrap(part) for part in result]
    if not isinstance(result, (np.ndarray, np.generic)):
        return result
    x = object.__new__(ndarray)
    x.memory = np.asarray(result)
    if kernels.launches.record is not None:
        kernels.launches.record.kept.append(x.memory)                     # a replay knows addresses alone
    transfers.dtypes.add(x.memory.dtype)
    return x


def operand(x):
    """What stands for x in NumPy; TypeError for all but arrays of the double and scalars, as in a ufunc of CuPy."""
    if isinstance(x, ndarray):
        return x.memory
    if isinstance(x, Number):
        return x.value
    if isinstance(x, (bool, int, float, complex, np.generic)):
        return x
    raise TypeError(f"Unsupported type {type(x)}")


def argument(x):
    """operand, or what functions take besides: None, a name, a dtype, or integers such as a shape."""
    if x is None or isinstance(x, (str, type, np.dtype)):
        return x
    if isinstance(x, (tuple, list)):
        return tuple(part if isinstance(part, int) else _integers(part) for part in x)
    return operand(x)


def called(name, function, args, kwargs):
    """function of the arguments, which the recorded signature of `name` must accept."""
    record.signature(name).bind(*args, **kwargs)
    args, kwargs = [*map(argument, args)], {key: argument(value) for key, value in kwargs.items()}
    name = name.removeprefix("ndarray.")
    if name in ELEMENTWISE:
        return wrap(kernels.elementwise(function, *args, **kwargs))
    refuse_in_fusion(name)
    if name == "fill":
        return kernels.assign(*args)
    if name in ("matmul", "dot"):
        return wrap(kernels.product(function, *args, **kwargs))
    if name in VIEWS:
        return wrap(kernels.view(function, *args, **kwargs))
    return wrap(function(*args, **kwargs) if name in FREE else kernels.other(function, args, kwargs))


def refuse_in_fusion(what):
    if kernels.launches.fusion is not None:
        raise TypeError(f"{what} is not elementwise: cupy.fuse cannot have it")


def _integers(x):
    if isinstance(x, (tuple, list)) and all(isinstance(part, int) for part in x):
        return tuple(x)
    raise TypeError(f"Unsupported type {type(x)} in a sequence")


def _index(index):
    """The index with an Ellipsis, so that NumPy gives a 0-d view where it would give a scalar.

    Lists and NumPy arrays, which CuPy uploads without a word, are refused.
    """
    parts = index if isinstance(index, tuple) else (index,)
    for part in parts:
        if part is not None and part is not Ellipsis and not isinstance(part, (slice, int, np.integer, ndarray)):
            raise TypeError(f"an index of {type(part)} would be uploaded: make it an array of the device")
    plain = tuple(part.memory if isinstance(part, ndarray) else part for part in parts)
    return plain if any(part is Ellipsis for part in plain) else (*plain, Ellipsis)


def _operator(name):
    function = getattr(operator, f"__{name}__")
    if name == "matmul":
        return lambda self, other: called("matmul", np.matmul, (self, other), {})
    return lambda self, *others: wrap(kernels.elementwise(function, self.memory, *map(operand, others)))


def _reflected(name):
    function = getattr(operator, f"__{name}__")
    return lambda self, other: wrap(kernels.elementwise(function, operand(other), self.memory))


def _in_place(name):
    function = getattr(operator, f"__i{name}__")

    def method(self, other):
        kernels.overwrite(function, self.memory, operand(other))
        return self

    return method


def _sync(name):
    def method(self, *args):
        transfers.sync(name)
        return getattr(self.memory, name)(*args)

    return method


def _method(name):
    function = getattr(np.ndarray, name)
    return lambda self, *args, **kwargs: called(f"ndarray.{name}", function, (self, *args), kwargs)


def _property(name):
    def value(self):
        if name not in ("dtype", "ndim"):
            refuse_in_fusion(name)
        return getattr(self.memory, name)

    return property(value)


def _attributes():
    """{name: attribute} of all that the double knows."""
    found = {f"__{name}__": _operator(name) for name in ARITHMETIC + OTHERS}
    found |= {f"__r{name}__": _reflected(name) for name in ARITHMETIC}
    found |= {f"__i{name}__": _in_place(name) for name in ARITHMETIC}
    found |= {name: _sync(name) for name in SYNCS} | {name: _method(name) for name in METHODS}
    return found | {name: _property(name) for name in PROPERTIES}


for _name, _attribute in _attributes().items():
    if f"ndarray.{_name}" in record.recorded()["names"]:
        setattr(ndarray, _name, _attribute)
