"""Two linear layers with GELU between them: y = gelu(x expand + expand_bias) contract + contract_bias.

Shapes: x (..., C); expand (C, H), expand_bias (H,); contract (H, C'), contract_bias (C',); y and skip (..., C'). skip,
where there is one, is added to y; its gradient is dy.
"""

from minihit.ops import gelu
from minihit.ops.column_sum import column_sum
from minihit.ops.switch import tuned


@tuned
def forward(x, expand, expand_bias, contract, contract_bias, skip=None):
    hidden = x @ expand + expand_bias                                      # (..., H)
    active, gelu_cache = gelu.forward(hidden)
    y = active @ contract + contract_bias
    y = y if skip is None else skip + y
    return y, {"x": x, "active": active, "gelu": gelu_cache, "expand": expand, "contract": contract}


@tuned
def backward(dy, cache):
    """Returns dx, dexpand, dexpand_bias, dcontract, dcontract_bias."""
    expand, contract = cache["expand"], cache["contract"]
    dcontract = _rows(cache["active"]).T @ _rows(dy)
    dhidden = gelu.backward(dy @ contract.T, cache["gelu"])
    dexpand = _rows(cache["x"]).T @ _rows(dhidden)
    return dhidden @ expand.T, dexpand, column_sum(dhidden), dcontract, column_sum(dy)


def _rows(x):
    return x.reshape(-1, x.shape[-1])
