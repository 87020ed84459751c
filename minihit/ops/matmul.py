"""The product of matrices, or of batches of them: y[..., i, j] = sum over k of a[..., i, k] b[..., k, j].

Shapes: a (..., M, K), b (..., K, N), y (..., M, N), leading axes broadcast; a vector stands for its one row, or column.
"""

from minihit.backend import array_module
from minihit.ops.switch import tuned


@tuned
def matmul(a, b, out=None):
    """The sum is written into `out` where it is given."""
    return array_module(a).matmul(a, b, out=out)
