"""Products by cuBLAS on a library that rebuilds the matrices from pointers, leading dimensions and strides alone."""

import ctypes

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strict_cupy import cublas as fake
from strict_cupy import launches
from support.helpers import assert_same

from minihit import backend, cublas
from minihit.backend import device_module
from minihit.ops.matmul import matmul
from minihit.ops.switch import plain

SIDES = st.integers(1, 4)


def values(*shape, dtype=np.float32):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def laid_out(x, how):
    """An array of the device that is equal to x and lies otherwise."""
    xp = device_module("gpu")
    there = xp.asarray(x)
    if how == "transposed":
        return xp.asarray(np.ascontiguousarray(x.swapaxes(-1, -2))).swapaxes(-1, -2)
    if how == "part of rows":
        return xp.concatenate([there, there], axis=-1)[..., x.shape[-1]:]
    if how == "every second row":
        return xp.asarray(np.repeat(x, 2, axis=-2))[..., ::2, :]
    if how == "every second value":
        return xp.asarray(np.repeat(x, 2, axis=-1))[..., ::2]
    if how == "turned around":
        return xp.asarray(np.ascontiguousarray(x[..., ::-1, :]))[..., ::-1, :]
    return there


LAYOUTS = st.sampled_from(["as it is", "transposed", "part of rows", "every second row", "every second value",
                           "turned around"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIDES, SIDES, SIDES, st.sampled_from([(), (2,), (2, 3), (3, 1, 2)]), LAYOUTS, LAYOUTS,
       st.sampled_from([np.float32, np.float64]))
def test_products_of_all_layouts_are_numpys(double, m, k, n, batch, first, second, dtype):
    a, b = values(*batch, m, k, dtype=dtype), values(*batch, k, n, dtype=dtype)
    y = cublas.product(laid_out(a, first), laid_out(b, second))
    np.testing.assert_allclose(y.get(), a @ b, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-13)
    assert y.dtype == dtype


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (1, 3, 4, 2)),
                        ((2, 3, 1, 4), (3, 4, 1)), ((4,), (4, 5)), ((3, 4), (4,))]), LAYOUTS)
def test_batches_are_broadcast_and_vectors_are_vectors(double, shapes, how):
    a, b = (values(*shape) for shape in shapes)
    there = [laid_out(x, how if x.ndim > 1 else "as it is") for x in (a, b)]
    np.testing.assert_allclose(cublas.product(*there).get(), a @ b, rtol=0, atol=1e-5)


@pytest.mark.parametrize("how", ["as it is", "transposed", "part of rows", "every second value"])
@pytest.mark.parametrize("shapes", [((2, 3, 4), (2, 4, 5)), ((5, 4), (4,))])
def test_a_product_is_written_where_it_is_asked_for(double, how, shapes):
    a, b = (values(*shape) for shape in shapes)
    expected = a @ b
    out = laid_out(np.zeros_like(expected), how) if expected.ndim > 1 else double.zeros((6, 2), np.float32)[:5, 1]
    assert cublas.product(double.asarray(a), double.asarray(b), out) is out
    np.testing.assert_allclose(out.get(), expected, rtol=0, atol=1e-6)


def test_bits_are_those_of_numpys_product_of_arrays_that_lie_so(double):
    a, b = values(65, 70), values(70, 33)
    assert_same(cublas.product(double.asarray(a), double.asarray(b)).get(), a @ b)
    assert_same(cublas.product(double.asarray(b).T, double.asarray(a).T).get(), b.T @ a.T)


@pytest.mark.parametrize("how, expected", [("as it is", 1), ("transposed", 1), ("part of rows", 1),
                                           ("every second row", 1), ("every second value", 2), ("turned around", 2)])
def test_nothing_is_copied_that_cublas_reads_as_it_lies(double, how, expected):
    a, b = laid_out(values(2, 3, 4), how), double.asarray(values(2, 4, 5))
    launches.start()
    cublas.product(a, b)
    assert launches.total().launches == expected


@pytest.mark.parametrize("m, n, k, pieces", [(64, 64, 8192, 16), (64, 64, 8191, 1), (64, 64, 3 * 1024, 4),
                                             (64, 64, 1023, 1), (256, 512, 2048, 4), (768, 768, 1024, 1)])
def test_few_matrices_with_long_sums_are_cut(double, monkeypatch, m, n, k, pieces):
    """As the weight gradients of Winograd's convolution."""
    asked, product = [], fake.cublasGemmStridedBatchedEx
    monkeypatch.setattr(fake, "cublasGemmStridedBatchedEx", lambda *x: asked.append(x) or product(*x))
    a, b = (np.random.default_rng(seed).standard_normal((4, k, side), np.float32) for seed, side in ((0, m), (1, n)))
    y = cublas.product(double.asarray(a).swapaxes(1, 2), double.asarray(b))
    (_, _, _, *sides), (*_, batch, _, _) = asked[0][:6], asked[0]
    assert (sides, batch) == ([n, m, k // pieces], 4 * pieces)
    np.testing.assert_allclose(y.get(), a.swapaxes(1, 2) @ b, rtol=0, atol=1e-3)
    out = double.empty((4, m, n), np.float32)
    assert cublas.product(double.asarray(a).swapaxes(1, 2), double.asarray(b), out) is out
    assert_same(out.get(), y.get())


def test_a_batch_with_several_distances_is_copied(double):
    """Heads before what they attend along, in several windows."""
    a, b = double.asarray(values(2, 3, 4, 5)).swapaxes(1, 2), double.asarray(values(2, 4, 5, 6))
    launches.start()
    y = cublas.product(a, b)
    assert launches.total().launches == 2
    np.testing.assert_allclose(y.get(), a.get() @ b.get(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("a, b", [((2, 3), (4, 5)), ((2, 3), (2,)), ((3,), (2, 3)), ((2, 2, 3), (2, 4, 5))])
def test_factors_that_do_not_meet_are_refused(double, a, b):
    with pytest.raises(ValueError, match="have no product"):
        cublas.product(double.asarray(values(*a)), double.asarray(values(*b)))
    with pytest.raises(ValueError, match=r"no product of shape \(3, 2\)"):
        cublas.product(double.ones((2, 3)), double.ones((3, 2)), double.ones((3, 2)))


@pytest.mark.parametrize("a, b", [(np.float32, np.float64), (np.int64, np.int64)])
def test_all_else_goes_to_cupy(double, a, b):
    x, y = values(2, 3).astype(a), values(3, 2).astype(b)
    assert_same(cublas.product(double.asarray(x), double.asarray(y)).get(), x @ y)
    assert_same(cublas.product(double.asarray(x[0]), double.asarray(x[1])).get(), x[0] @ x[1])
    assert cublas.product(double.ones((2, 0)), double.ones((0, 3))).get().tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("allowed, dtype, compute", [(False, np.float32, 68), (True, np.float32, 77),
                                                     (True, np.float64, 70)])
def test_tf32_is_used_where_it_is_allowed(double, monkeypatch, allowed, dtype, compute):
    asked, product = [], fake.cublasGemmStridedBatchedEx
    monkeypatch.setattr(fake, "cublasGemmStridedBatchedEx", lambda *x: asked.append(x[-2]) or product(*x))
    monkeypatch.setenv("CUPY_TF32", "0")
    if allowed:
        backend.allow_tf32()
    cublas.product(double.ones((2, 3), dtype), double.ones((3, 2), dtype))
    assert asked == [compute]


def test_each_stream_has_its_handle_and_workspace(double, monkeypatch):
    asked = []
    for name in ("cublasSetStream_v2", "cublasSetWorkspace_v2"):
        monkeypatch.setattr(fake, name, lambda handle, *rest, name=name: asked.append((name, *rest)) or 0)
    for stream in (0, 7, 7, 0):
        cublas._made(stream)
    assert [(name, rest[0]) for name, *rest in asked[::2]] == [("cublasSetStream_v2", 0), ("cublasSetStream_v2", 7)]
    spaces = [rest for name, *rest in asked[1::2]]
    assert len({address for address, _ in spaces}) == 2 and {size for _, size in spaces} == {32 << 20}
    assert all(cublas._made(stream)[1].data.ptr in dict(spaces) for stream in (0, 7))


def test_what_cublas_refuses_is_an_error(double, monkeypatch):
    monkeypatch.setattr(fake, "cublasCreate_v2", lambda handle: 3)
    with pytest.raises(RuntimeError, match="cuBLAS failed with status 3"):
        cublas.product(double.ones((2, 3)), double.ones((3, 2)))


@pytest.mark.parametrize("platform, name", [("linux", "libcublas.so.13"), ("win32", "cublas64_13.dll")])
def test_the_library_is_that_of_cupys_cuda(double, monkeypatch, platform, name):
    loaded = []

    class Library:
        def __init__(self, name):
            loaded.append(name)

        def __getattr__(self, function):
            setattr(self, function, lambda: 0)
            return self.__dict__[function]

    double.cuda.runtime.runtimeGetVersion = lambda: 13000
    monkeypatch.undo()
    monkeypatch.setattr(ctypes, "CDLL", Library)
    monkeypatch.setattr(cublas.sys, "platform", platform)
    monkeypatch.setitem(cublas.sys.modules, "cupy", double)
    found = cublas.library.__wrapped__()
    assert loaded == [name]
    assert found.cublasSgemv_v2.argtypes == cublas.SIGNATURES["cublasSgemv_v2"]


def test_the_op_calls_cublas_and_its_definition_cupy(double, monkeypatch):
    called = []
    monkeypatch.setattr(cublas, "product", lambda a, b, out: called.append(out) or out)
    a, b, out = double.ones((2, 3)), double.ones((3, 2)), double.ones((2, 2))
    assert matmul(a, b, out) is out and called == [out]
    with plain():
        assert matmul(a, b).get().tolist() == [[3.0, 3.0]] * 2
    here = values(2, 3), values(3, 2)
    assert_same(matmul(*here), here[0] @ here[1])
    assert called == [out]
