"""GELU, exact (Hendrycks & Gimpel 2016): y = x * Phi(x), Phi the cumulative distribution of the standard normal.

Shapes: x, y, cdf = Phi(x), pdf = dPhi/dx, all (...).
"""

import math

from minihit.backend import array_module, erf
from minihit.ops.switch import tuned


@tuned
def forward(x):
    cdf = 0.5 * (1.0 + erf(x / math.sqrt(2.0)))
    return x * cdf, {"x": x, "cdf": cdf}


@tuned
def backward(dy, cache):
    x, cdf = cache["x"], cache["cdf"]
    pdf = array_module(x).exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return dy * (cdf + x * pdf)
