"""The double refuses and counts what it should, as CuPy 14.2 does by its source; and what it is for, it catches."""

import numpy as np
import pytest
from strict_cupy import transfers
from support.runs import tiny
from training.test_step import PRESETS, make

from minihit import optim
from minihit.backend import array_module, erf, pinned, to_device, to_host
from minihit.ops import leaky_relu
from minihit.training import state, step
from minihit.training.run import log

HOST = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def x(double):
    array = double.asarray(HOST)
    transfers.start()
    return array


REFUSED = {
    "NumPy on the right": lambda xp, x: x + HOST,
    "NumPy on the left": lambda xp, x: HOST * x,
    "NumPy in place": lambda xp, x: x.__iadd__(HOST),
    "into NumPy in place": lambda xp, x: HOST.copy().__iadd__(x),
    "a list": lambda xp, x: x - [1.0] * 4,
    "assignment of NumPy": lambda xp, x: x.__setitem__(0, HOST[0]),
    "assignment of a list": lambda xp, x: x.__setitem__(0, [1.0] * 4),
    "assignment into NumPy": lambda xp, x: HOST.copy().__setitem__(0, x[0]),
    "NumPy in a function": lambda xp, x: xp.maximum(x, HOST),
    "only NumPy in a function": lambda xp, x: xp.sum(HOST),
    "NumPy as out": lambda xp, x: xp.exp(x, out=np.empty_like(HOST)),
    "a list in a function": lambda xp, x: xp.exp([0.0, 1.0]),
    "NumPy among arrays to join": lambda xp, x: xp.concatenate([x, HOST]),
    "a ufunc of NumPy": lambda xp, x: np.exp(x),
    "a function of NumPy": lambda xp, x: np.sum(x),
    "a NumPy function of a list": lambda xp, x: np.concatenate([x, x]),
    "conversion to NumPy": lambda xp, x: np.asarray(x),
    "conversion to a scalar type": lambda xp, x: np.float32(x[0, 0]),
    "a list of arrays uploaded": lambda xp, x: xp.asarray([x[0], x[1]]),
    "NumPy as index": lambda xp, x: x[np.array([0, 2])],
    "a list as index": lambda xp, x: x[[0, 2]],
    "an index of NumPy": lambda xp, x: HOST[x[0].astype(int)],
    "an index of a list": lambda xp, x: [1, 2, 3][x[0, 0].astype(int)],
    "a bound of a slice": lambda xp, x: x[:x[0, 1].astype(int)],
    "a range": lambda xp, x: range(x[0, 1].astype(int)),
    "a keyword that CuPy lacks": lambda xp, x: xp.sum(x, where=x > 1),
    "a keyword that its method lacks": lambda xp, x: x.max(initial=0.0),
    "a misspelt keyword": lambda xp, x: xp.mean(x, keepdim=True),
    "a ufunc's where": lambda xp, x: xp.add(x, x, where=x > 1),
    "the length of a scalar": lambda xp, x: len(x[0, 0]),
    "a hash": lambda xp, x: {x: 1},
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses(double, x, name):
    with pytest.raises(TypeError):
        REFUSED[name](double, x)
    assert (transfers.syncs, transfers.uploads) == ([], [])


def test_names_that_cupy_lacks_are_missing_and_others_are_asked_for(double, x):
    for name in ("frompyfunc", "vecdot", "block"):
        with pytest.raises(AttributeError, match="no attribute"):
            getattr(double, name)
    for name in ("__index__", "__imatmul__", "__contains__"):
        assert not hasattr(x, name)
    with pytest.raises(NotImplementedError, match="add it"):
        double.unique(x)


def test_sorting_is_stable_or_refused(double, x):
    assert double.sort(x, kind="stable").shape == x.shape
    with pytest.raises(ValueError, match="stable"):
        double.sort(x, kind="quicksort")


def test_an_index_out_of_bounds_is_an_error(double, x):
    with pytest.raises(IndexError):                                       # CuPy wraps around without a word
        x[double.asarray([0, 3])]


SYNCS = {
    "float": lambda x: float(x[0, 0]),
    "int": lambda x: int(x[0, 0]),
    "bool": lambda x: bool(x[0, 0]),
    "if": lambda x: 1 if x.sum() > 3 else 2,
    "max": lambda x: max(x[0, 0], 0.0),
    "in": lambda x: x[2, 3] in [11.0],
    "item": lambda x: x[0, 0].item(),
    "get": lambda x: x.get(),
    "to_host": lambda x: to_host({"weight": x}),
    "print": lambda x: f"{x[0, 0]} {x[0, 0]:.3f}"[:0],
    "repr": repr,
    "list": lambda x: x.tolist(),
    "mask": lambda x: x[x > 3],
}


@pytest.mark.parametrize("name", SYNCS)
def test_a_sync_is_counted_with_its_place(x, name):
    SYNCS[name](x)
    assert len(transfers.syncs) == (2 if name == "print" else 1)
    assert transfers.syncs[0].split(" at ")[1].startswith("minihit/backend.py" if name == "to_host" else "device/test_")


def test_uploads_are_counted_and_what_is_up_stays(double, x):
    for host in (HOST, [1.0, 2.0], 3.0):
        assert array_module(double.asarray(host)) is double
    assert double.asarray(x) is x
    assert len(transfers.uploads) == 3 and all("test_double.py" in upload for upload in transfers.uploads)
    np.testing.assert_array_equal(double.asarray(HOST, np.float64).get(), HOST)


def test_an_upload_from_pinned_memory_is_told_apart(double):
    there = pinned(HOST)
    np.testing.assert_array_equal(double.asarray(there[1:]).get(), HOST[1:])
    double.asarray(HOST)
    assert [upload.split(" at ")[0] for upload in transfers.uploads] == ["asarray of pinned memory", "asarray"]


def test_an_upload_and_a_download_are_copies(double):
    host = HOST.copy()
    there = double.asarray(host)
    host[...] = 0.0
    down = there.get()
    down[...] = 1.0
    np.testing.assert_array_equal(there.get(), HOST)


def test_views_share_memory(x):
    x[1:].reshape(-1)[0] = 50.0
    x.T[3, 0] += 7.0
    x[2, 3][...] = 60.0                                                   # 0-d, and still a view
    np.testing.assert_array_equal(x.get(), [[0, 1, 2, 10], [50, 5, 6, 7], [8, 9, 10, 60]])


def test_numbers_stay_on_the_device(double, x):
    results = [x.sum(), x[0, 0], x.mean(), x[0] @ x[0], double.sqrt(x[0, 1]), abs(x).max(), x[0, 0] * 2.0,
               2.0 ** x[0, 1], np.float32(2.0) * x[0, 1], -x[0, 1], x.sum() > 1, double.einsum("i,i->", x[0], x[0])]
    assert all(type(result) is double.ndarray and result.shape == () for result in results)
    assert {result.dtype for result in results} == {np.dtype(np.float32), np.dtype(bool)}
    assert (transfers.syncs, transfers.uploads) == ([], [])
    assert np.dtype(np.float64) not in transfers.dtypes
    assert (x[0, 0] * np.float64(2.0)).dtype == np.float64 and np.dtype(np.float64) in transfers.dtypes


def test_erf_is_found_where_cupy_has_it(x):
    np.testing.assert_array_equal(to_host(erf(x)), erf(HOST))


# what it is for


def branching_clip(grads, largest):
    norm = (grads @ grads) ** 0.5
    return grads * (largest / norm) if norm > largest else grads


def numpy_leaky_relu(x):
    return np.maximum(x, 0.2 * x), {"positive": x > 0}


def constant_leaky_relu(x):
    xp = array_module(x)
    return xp.maximum(x, xp.asarray([0.2], x.dtype) * x), {"positive": x > 0}


def promoting_leaky_relu(x):
    return array_module(x).maximum(x, np.float64(0.2) * x), {"positive": x > 0}


def one_step(preset):
    training = state.create(0, preset, "gpu")
    _, real, draws = to_device(make(preset, dtype=np.float32), "gpu")
    transfers.start()
    grads, averages, _ = step.gradients(training.networks, real, draws, preset)
    state.apply(training, grads, averages, 1, preset)


def test_a_whole_step_moves_nothing(double):
    one_step(PRESETS["everything"])
    assert (transfers.syncs, transfers.uploads) == ([], [])
    assert np.dtype(np.float64) not in transfers.dtypes


def test_a_norm_compared_by_the_host_is_caught(double, monkeypatch):
    monkeypatch.setattr(optim, "clip", branching_clip)
    one_step(tiny(clip=1.0))
    assert len(transfers.syncs) == 2 and "__bool__ at device/test_double.py" in transfers.syncs[0]


def test_a_function_of_numpy_on_the_path_is_caught(double, monkeypatch):
    monkeypatch.setattr(leaky_relu, "forward", numpy_leaky_relu)
    with pytest.raises(TypeError, match="does not support ufuncs"):
        one_step(PRESETS["R1"])


def test_a_constant_uploaded_in_every_step_is_caught(double, monkeypatch):
    monkeypatch.setattr(leaky_relu, "forward", constant_leaky_relu)
    one_step(PRESETS["R1"])
    assert transfers.uploads and "asarray at device/test_double.py" in transfers.uploads[0]


def test_a_hidden_cast_is_caught(double, monkeypatch):
    monkeypatch.setattr(leaky_relu, "forward", promoting_leaky_relu)
    one_step(PRESETS["R1"])
    assert np.dtype(np.float64) in transfers.dtypes


def test_the_loss_read_by_the_host_is_caught(double):
    window = log.Window()
    window.add({"loss": double.ones(()) * 2.0})
    assert transfers.syncs == []
    assert window.means() == {"loss": 2.0}
    assert [sync.split(":")[0] for sync in transfers.syncs] == ["__float__ at run/log.py"]
