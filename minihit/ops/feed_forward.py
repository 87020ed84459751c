"""Two linear layers with GELU between them, strip by strip: y = gelu(x W1 + b1) W2 + b2.

Shapes: x, y (..., C); hidden (rows, H), before GELU; params {"expand": {"weight" (C, H), "bias" (H,)}, "contract":
{"weight" (H, C), "bias" (C,)}}. A strip of rows goes through the whole chain while its hidden layer, H = 4 C in HiT,
lies in the cache. Only `hidden` is kept: computing GELU again in backward costs no more than fetching its value and
slope from memory.
"""

from minihit.backend import array_module
from minihit.ops import gelu
from minihit.ops.column_sum import column_sum
from minihit.ops.strips import row_strips


def forward(params, x):
    expand, contract = params["expand"], params["contract"]
    xp, rows = array_module(x), x.reshape(-1, x.shape[-1])
    hidden = xp.empty((len(rows), expand["bias"].size), x.dtype)
    y = xp.empty((len(rows), contract["bias"].size), x.dtype)
    for part in row_strips(*hidden.shape, xp):
        h = xp.matmul(rows[part], expand["weight"], out=hidden[part])
        h += expand["bias"]
        active = xp.empty_like(h)
        gelu.fill(h, active)
        xp.matmul(active, contract["weight"], out=y[part])
        y[part] += contract["bias"]
    return y.reshape(*x.shape[:-1], -1), {"x": x, "hidden": hidden, "expand": expand, "contract": contract}


def backward(dy, cache):
    expand, contract, hidden = cache["expand"]["weight"], cache["contract"]["weight"], cache["hidden"]
    xp, x = array_module(dy), cache["x"].reshape(-1, expand.shape[0])
    rows, dx = dy.reshape(-1, contract.shape[1]), xp.empty_like(x)        # (rows, C)
    dexpand, dbias, dcontract = xp.zeros_like(expand), xp.zeros_like(expand[0]), xp.zeros_like(contract)
    for part in row_strips(*hidden.shape, xp):
        active, slope = xp.empty_like(hidden[part]), xp.empty_like(hidden[part])
        gelu.fill(hidden[part], active, slope)
        dcontract += active.T @ rows[part]
        dhidden = rows[part] @ contract.T
        dhidden *= slope
        dexpand += x[part].T @ dhidden
        dbias += column_sum(dhidden)
        xp.matmul(dhidden, expand.T, out=dx[part])
    grads = {"expand": {"weight": dexpand, "bias": dbias}, "contract": {"weight": dcontract, "bias": column_sum(dy)}}
    return dx.reshape(cache["x"].shape), grads
