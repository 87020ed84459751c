"""Check hand-written gradients against finite differences, leaf by leaf, in float64.

    rng = np.random.default_rng(0)
    params = gradcheck.perturb(linear.init(rng, 3, 4), rng)
    for comparison in gradcheck.check_layer(linear, params, rng.standard_normal((5, 3)), rng):
        print(comparison)

For a random dy, <dy, J v> by finite differences must equal <J^T dy, v> by backward. Every parameter and every input
gets directions v of its own, because one direction through all of them hides a wrong bias behind a large weight: a leaf
of few values is checked value by value, a larger one along two random unit directions. Four points at h = 1e-4 leave an
error near 1e-10, so a gradient that is wrong by 0.1% stands out a thousandfold; where a kink or a sharp bend is within
the step, which shows in the values, the step is shorter (derivatives).

`minihit gradcheck` runs this over every op, layer, loss, penalty and network (table), over mistakes planted on purpose
(plants), and over a layer of your own (homework), whose mistakes it names (hints); `--dtype float32` asks what rounding
costs (precision).
"""

from minihit.gradcheck.comparison import (
    ATOL,
    FEW,
    RTOL,
    Comparison,
    as_functions,
    assert_close,
    check_layer,
    check_tangent,
    compare,
    compare_tangent,
    compare_values,
    perturb,
    require,
)
from minihit.gradcheck.derivatives import STEP, directional_derivative, numerical_gradient

__all__ = [
    "ATOL", "FEW", "RTOL", "STEP", "Comparison", "as_functions", "assert_close", "check_layer", "check_tangent",
    "compare", "compare_tangent", "compare_values", "directional_derivative", "numerical_gradient", "perturb",
    "require",
]
