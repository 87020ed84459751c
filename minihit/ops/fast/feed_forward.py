"""Two linear layers with GELU between them, strip by strip.

Shapes: x (..., C), y and skip (..., C'); hidden (rows, H), before bias and GELU. A strip of rows goes through the whole
chain while its hidden layer, H = 4 C in HiT, lies in the cache. Only `hidden` is kept, as the product leaves it: adding
the bias and computing GELU again in backward costs no more than fetching value and slope from memory.
"""

from minihit.backend import array_module
from minihit.ops.fast import gelu
from minihit.ops.fast.add import add_to
from minihit.ops.fast.column_sum import column_sum
from minihit.ops.fast.matmul import matmul
from minihit.ops.fast.strips import row_strips


def forward(x, expand, expand_bias, contract, contract_bias, skip=None):
    xp, rows = array_module(x), x.reshape(-1, x.shape[-1])
    hidden = xp.empty((len(rows), expand_bias.size), x.dtype)
    y = xp.empty((len(rows), contract_bias.size), x.dtype)
    skips = None if skip is None else skip.reshape(y.shape)
    for part in row_strips(*hidden.shape, xp):
        matmul(rows[part], expand, out=hidden[part])
        active = xp.empty_like(hidden[part])
        gelu.fill(hidden[part], expand_bias, active)
        matmul(active, contract, out=y[part])
        add_to(y[part], contract_bias, None if skip is None else skips[part])
    return y.reshape(*x.shape[:-1], -1), {"x": x, "hidden": hidden, "expand": expand, "expand_bias": expand_bias,
                                          "contract": contract}


def backward(dy, cache):
    """Returns dx, dexpand, dexpand_bias, dcontract, dcontract_bias."""
    expand, contract, hidden = (cache[name] for name in ("expand", "contract", "hidden"))
    xp, x = array_module(dy), cache["x"].reshape(-1, expand.shape[0])
    rows, dx, sums = dy.reshape(-1, contract.shape[1]), xp.empty_like(x), None     # (rows, C'), (rows, C)
    for part in row_strips(*hidden.shape, xp):
        active, dhidden = xp.empty_like(hidden[part]), matmul(rows[part], contract.T)
        gelu.fill_back(hidden[part], cache["expand_bias"], active, dhidden)
        matmul(dhidden, expand.T, out=dx[part])
        sums = _plus(sums, [matmul(x[part].T, dhidden), column_sum(dhidden), matmul(active.T, rows[part])])
    return dx.reshape(cache["x"].shape), *sums, column_sum(dy)


def _plus(sums, more):
    """The sums with more added to them in place; what came first where there are none yet."""
    for total, added in zip(sums or [], more, strict=False):
        total += added
    return sums or more
