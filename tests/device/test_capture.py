"""Steps that are recorded and replayed: the same bits as eager ones, and nothing of the host but its inputs."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
from strict_cupy import cublas as fake
from strict_cupy import launches, transfers
from support.helpers import assert_same
from support.runs import TINY, TINY_VAE, TINY_VQVAE, run_config, tiny

from minihit import capture, tree
from minihit.backend import device_module, to_host
from minihit.data.faces.render import faces
from minihit.gradcheck.networks import STYLEGAN2
from minihit.memory import device_memory
from minihit.ops.matmul import matmul
from minihit.ops.switch import plain
from minihit.training import advance, state

PRESETS = {
    "hit": tiny(consistency=1.0, clip=1.0, beta1=0.5),
    "micro-batches": tiny(micro_batch=2),
    "wgan": tiny(wgan_gp=1.0, r1=0.0, augment=("color", "translation", "cutout")),
    "stylegan2": replace(TINY, generator=STYLEGAN2),
    "vae": TINY_VAE,
    "vqvae": TINY_VQVAE,
}
SLOW = "wgan", "stylegan2", "vae"                                         # on the double
STEPS = 20


def config_of(preset):
    """Rates that decay from the middle on."""
    return run_config(replace(preset, recipe=replace(preset.recipe, steps=STEPS, decay_from=0.5)))


def batch_of(preset, number):
    images = faces(seed=3, start=number * preset.recipe.batch, count=preset.recipe.batch, size=preset.size)
    return device_module("gpu").asarray(images)


def train(preset, graph, steps=STEPS, first=1, training=None):
    """(State, metrics of each step) after steps one by one or recorded; the Steps."""
    config = config_of(preset)
    training = training or state.create(0, preset, "gpu")
    make, metrics = advance.Steps(training, config, "gpu", graph), []
    for number in range(first, steps + 1):
        found, grads = make(batch_of(preset, number), number)
        metrics.append(to_host({**found, "grads": grads}))
    return training, metrics, make


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else [])
                                  for name in PRESETS])
def test_twenty_recorded_steps_equal_twenty_eager_ones(gpu, name):
    """Parameters, averages, moments, metrics and gradients of each step, to the bit, with rates that decay."""
    (eager, expected, _), (recorded, found, make) = (train(PRESETS[name], graph) for graph in ("off", "auto"))
    assert make.repeated.replay is not None
    assert_same(to_host(recorded.trees), to_host(eager.trees))
    assert_same(found, expected)


def test_a_resumed_run_is_recorded_again(gpu):
    whole, _, _ = train(TINY, "auto")
    half, _, _ = train(TINY, "auto", steps=15)
    resumed, _, make = train(TINY, "auto", first=16, training=half)
    assert make.repeated.replay is not None
    assert_same(to_host(resumed.trees), to_host(whole.trees))


@pytest.fixture
def after(double):
    """Call it with a preset and a number of steps: the Steps that have made them, and counts from zero."""

    def make(preset, number, graph="auto"):
        _, _, steps = train(preset, graph, number)
        transfers.start()
        launches.start()
        return steps

    return make


@pytest.mark.parametrize("name", PRESETS)
def test_a_replay_waits_for_nothing_and_uploads_once(after, name):
    preset = PRESETS[name]
    steps, batch = after(preset, 12), batch_of(preset, 13)
    transfers.start()
    launches.start()
    steps(batch, 13)
    assert transfers.syncs == [] and len(transfers.uploads) == 1 and "pinned" in transfers.uploads[0]
    assert launches.graphs == 1
    assert launches.total().launches > 500


@pytest.mark.parametrize("name", PRESETS)
def test_no_number_of_the_host_changes_from_step_to_step(double, monkeypatch, name):
    """Two steps far apart, recorded: the numbers that each would repeat are the same."""
    scalars, record = [], capture.Recorder.record

    def kept(self, function):
        replay, found = record(self, function)
        scalars.append(replay.graph.scalars)
        return replay, found

    monkeypatch.setattr(capture.Recorder, "record", kept)
    for first in (12, 18):
        train(PRESETS[name], "auto", first + 3, first)
    assert len(scalars) == 2 and len(scalars[0]) > 100
    assert scalars[0] == scalars[1]


def test_the_first_steps_are_eager(double):
    """As far as the moving average is a copy and kernels are compiled."""
    for steps, recorded in ((11, False), (12, True)):
        assert (train(TINY, "auto", steps)[2].repeated.replay is not None) == recorded


@pytest.mark.parametrize("switch", ["off", "plain"])
def test_steps_are_eager_where_they_are_to_be(double, switch):
    with plain(switch == "plain"):
        _, _, steps = train(TINY, "off" if switch == "off" else "auto", 13)
    assert steps.repeated is None and launches.graphs == 0


def test_a_step_that_cannot_be_recorded_is_eager_and_says_why(double, monkeypatch, capsys):
    """Here a product that goes past the seam; the state is what it would have been."""
    expected, _, _ = train(TINY, "off")
    fast, product = advance.step.gradients, []

    def with_a_product_of_cupy(*args):
        product.append(double.ones((2, 2)) @ double.ones((2, 2)))
        return fast(*args)

    monkeypatch.setattr(advance.step, "gradients", with_a_product_of_cupy)
    found, _, steps = train(TINY, "auto")
    assert_same(to_host(found.trees), to_host(expected.trees))
    assert steps.repeated.replay is None
    line = "steps are not recorded, which makes them slower and nothing else (NotImplementedError: calling cuBLAS API"
    assert "".join(capsys.readouterr()).count(line) == 1


def test_inputs_lie_where_a_gpu_reads_them_at_once(double):
    given = {"a": np.arange(3, dtype=np.int64), "b": {"c": np.float32(2.5), "d": np.ones((2, 3), np.float32)}}
    data = advance._packed(given)
    assert data.dtype == np.uint8 and len(data) == 32 + 16 + 32
    assert_same(advance._unpacked(data, given), tree.map(np.asarray, given))


# what the double refuses while a stream is captured


REFUSED = {
    "an upload": (RuntimeError, lambda xp, x: xp.asarray(np.ones(2))),
    "a number": (RuntimeError, lambda xp, x: float(x[0, 0])),
    "a decision": (RuntimeError, lambda xp, x: bool(x[0, 0] > 0)),
    "a download": (RuntimeError, lambda xp, x: x.get()),
    "a mask": (RuntimeError, lambda xp, x: x[x > 0]),
    "waiting": (RuntimeError, lambda xp, x: xp.cuda.get_current_stream().synchronize()),
    "CuPy's product": (NotImplementedError, lambda xp, x: x @ x),
    "einsum": (RuntimeError, lambda xp, x: xp.einsum("ij,jk", x, x)),
    "a new handle": (RuntimeError, lambda xp, x: matmul(x, x)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cupy_refuses_is_refused(double, what):
    (error, function), x = REFUSED[what], double.ones((2, 2), np.float32)
    with pytest.raises(error, match=r"capturing|cuBLAS|Capture"):
        capture.Recorder(double).record(lambda: function(double, x))
    assert float(x.sum()) == 4.0                                          # and afterwards all is as before


def test_a_recording_does_nothing_until_it_is_replayed(gpu):
    xp = device_module("gpu")
    x, recorder = xp.zeros((2, 3), np.float32), capture.Recorder(xp)

    def work():
        y = matmul(x, x.T) + 1.0
        x[...] = x + y[:, :1]
        return y.sum()

    recorder.rehearse(work)
    assert to_host(x).tolist() == [[1.0] * 3] * 2
    replay, total = recorder.record(work)
    assert to_host(x).tolist() == [[1.0] * 3] * 2
    replay()
    assert to_host(x).tolist() == [[5.0] * 3] * 2 and float(total) == 16.0
    replay()
    assert float(total) == 4 * 76.0


def test_however_often_something_is_recorded_cublas_has_two_streams_to_keep_memory_for(double, monkeypatch):
    made, create = [], fake.cublasCreate_v2
    monkeypatch.setattr(fake, "cublasCreate_v2", lambda handle: made.append(handle) or create(handle))
    x = double.ones((2, 3), np.float32)
    matmul(x, x.T)
    for _ in range(3):
        repeated = capture.Repeated(lambda: matmul(x, x.T), double)
        for _ in range(3):
            repeated()
        assert repeated.problem is None
    assert len(made) == 2


def test_the_memory_of_recorders_is_counted_for_as_long_as_they_live(double, monkeypatch):
    monkeypatch.setattr(capture, "_recorders", weakref.WeakSet())
    recorder = capture.Recorder(double)
    monkeypatch.setattr(type(recorder.memory), "total_bytes", lambda self: 1000)
    assert device_memory("gpu") == 1000
    del recorder
    assert device_memory("gpu") == 0


def test_a_replay_costs_what_was_recorded(double):
    x, recorder = double.zeros((4, 8), np.float32), capture.Recorder(double)
    recorder.rehearse(lambda: x + 1.0)
    launches.start()
    replay, _ = recorder.record(lambda: x + 1.0)
    assert launches.total() == (0, 0)
    replay()
    replay()
    assert launches.total() == (2, 2 * 256) and launches.graphs == 2


def test_what_is_called_again_and_again_is_rehearsed_recorded_and_replayed(gpu):
    xp, calls = device_module("gpu"), []
    x = xp.zeros((2, 3), np.float32)

    def work():
        calls.append(None)
        return matmul(x, x.T)

    repeated = capture.Repeated(work, xp)
    for number in range(5):
        x[...] = number
        assert to_host(repeated()).tolist() == [[3.0 * number**2] * 2] * 2
    assert len(calls) == 2 and repeated.problem is None


def test_what_cannot_be_recorded_is_made_each_time(double):
    repeated = capture.Repeated(lambda: float(double.ones(3).sum()), double)
    assert [repeated() for _ in range(3)] == [3.0] * 3
    assert repeated.problem.startswith("RuntimeError: the current stream is capturing")
