"""Two linear layers with GELU between them, strip by strip.

Shapes: x (..., C), y (..., C'); hidden (rows, H), before GELU. A strip of rows goes through the whole chain while its
hidden layer, H = 4 C in HiT, lies in the cache. Only `hidden` is kept: computing GELU again in backward costs no more
than fetching its value and slope from memory.
"""

from minihit.backend import array_module
from minihit.ops.fast import gelu
from minihit.ops.fast.column_sum import column_sum
from minihit.ops.fast.strips import row_strips


def forward(x, expand, expand_bias, contract, contract_bias):
    xp, rows = array_module(x), x.reshape(-1, x.shape[-1])
    hidden = xp.empty((len(rows), expand_bias.size), x.dtype)
    y = xp.empty((len(rows), contract_bias.size), x.dtype)
    for part in row_strips(*hidden.shape, xp):
        h = xp.matmul(rows[part], expand, out=hidden[part])
        h += expand_bias
        active = xp.empty_like(h)
        gelu.fill(h, active)
        xp.matmul(active, contract, out=y[part])
        y[part] += contract_bias
    return y.reshape(*x.shape[:-1], -1), {"x": x, "hidden": hidden, "expand": expand, "contract": contract}


def backward(dy, cache):
    """Returns dx, dexpand, dexpand_bias, dcontract, dcontract_bias."""
    expand, contract, hidden = (cache[name] for name in ("expand", "contract", "hidden"))
    xp, x = array_module(dy), cache["x"].reshape(-1, expand.shape[0])
    rows, dx = dy.reshape(-1, contract.shape[1]), xp.empty_like(x)        # (rows, C)
    dexpand, dexpand_bias, dcontract = xp.zeros_like(expand), xp.zeros_like(expand[0]), xp.zeros_like(contract)
    for part in row_strips(*hidden.shape, xp):
        active, slope = xp.empty_like(hidden[part]), xp.empty_like(hidden[part])
        gelu.fill(hidden[part], active, slope)
        dcontract += active.T @ rows[part]
        dhidden = rows[part] @ contract.T
        dhidden *= slope
        dexpand += x[part].T @ dhidden
        dexpand_bias += column_sum(dhidden)
        xp.matmul(dhidden, expand.T, out=dx[part])
    return dx.reshape(cache["x"].shape), dexpand, dexpand_bias, dcontract, column_sum(dy)
