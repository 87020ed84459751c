"""The functions of the double: those of NumPy, each called as CuPy could be called."""

from operator import attrgetter
from types import ModuleType

import numpy as np

from minihit import backend
from strict_cupy import record
from strict_cupy.array import argument, ndarray, operand, wrap
from strict_cupy.transfers import transfers

CREATION = ("arange", "empty", "eye", "full", "ones", "zeros")            # from plain numbers: no upload
JOINING = ("concatenate", "stack")                                        # of a list of arrays
FUNCTIONS = ("all", "any", "argmax", "argmin", "argsort", "broadcast_to", "clip", "cumsum", "diff", "einsum",
             "empty_like", "expand_dims", "flip", "full_like", "max", "mean", "min", "moveaxis", "ones_like", "pad",
             "prod", "ravel", "repeat", "reshape", "roll", "sort", "squeeze", "std", "sum", "swapaxes", "take", "tile",
             "transpose", "var", "where", "zeros_like",
             "lib.stride_tricks.as_strided", "lib.stride_tricks.sliding_window_view")
UFUNCS = ("abs", "absolute", "add", "ceil", "cos", "divide", "equal", "exp", "expm1", "floor", "greater",
          "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "log", "log1p", "logaddexp", "logical_and",
          "logical_not", "logical_or", "matmul", "maximum", "minimum", "multiply", "negative", "not_equal", "power",
          "reciprocal", "rint", "sign", "sin", "sqrt", "square", "subtract", "tanh", "true_divide")
HOST = ("asarray", "array", "asnumpy")
DTYPES = ("bool_", "uint8", "int16", "int32", "int64", "float16", "float32", "float64", "dtype")
