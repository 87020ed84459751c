from unittest import mock

import numpy as np

from minihit.bench import machine


def test_facts_name_processor_cores_and_versions():
    facts = machine.facts()
    assert facts["processor"] and facts["cores"] >= 1 and facts["numpy"] == np.__version__
    assert set(facts) == {"processor", "cores", "blas", "minihit", "numpy", "python"}


def test_the_product_that_is_timed_is_one_of_matrices_of_that_side():
    with mock.patch.object(np, "matmul", wraps=np.matmul) as matmul:
        machine.product("cpu", side=5)()
    (a, b), out = matmul.call_args.args, matmul.call_args.kwargs["out"]
    assert a.shape == b.shape == (5, 5) and a.dtype == np.float32
    np.testing.assert_array_equal(out, a @ b)
    assert machine.gemm_flops(5) == 2 * 5 * 5 * 5
