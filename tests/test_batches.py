"""Rows in batches: each as it is alone, on a GPU in batches of one shape."""

import numpy as np
import pytest
from support.runs import TINY

from minihit import batches
from minihit.cost import rows_of, total
from minihit.ops.switch import plain
from minihit.presets import PRESETS

TINY_BYTES = total(rows_of(TINY.generator)).activations


@pytest.fixture
def device(monkeypatch):
    """The double of CuPy, with the memory that it is given: device(total, free)."""
    import strict_cupy

    strict_cupy.install(monkeypatch)
    import cupy

    def memory(whole, free=0):
        monkeypatch.setattr(cupy.cuda.runtime, "memGetInfo", lambda: (free, whole))

    return memory


@pytest.mark.parametrize("size, counts", [(32, (25, 100)), (256, (25, 100)), (512, (6, 25)), (1024, (1, 6)),
                                          (2048, (1, 1))])
def test_fewer_large_images_have_as_many_pixels(size, counts):
    assert tuple(batches.at_most(count, size, 256) for count in (25, 100)) == counts


@pytest.mark.parametrize("count, sizes", [(7, [3, 3, 1]), (6, [3, 3]), (2, [2]), (0, [])])
def test_rows_of_an_iterable_are_stacked(count, sizes):
    rows = np.arange(2 * count).reshape(count, 2)
    found = [*batches.stacked(iter(rows), 3)]
    assert [len(part) for part in found] == sizes
    np.testing.assert_array_equal(np.concatenate([np.empty((0, 2)), *found]), rows)


@pytest.mark.parametrize("options, side, sizes", [({}, 16, [25, 5]), ({"alone": False}, 32, [25, 5]),
                                                  ({}, 64, [6] * 5), ({}, 128, [1] * 30), ({}, 512, [1] * 30),
                                                  ({"alone": True}, 16, [1] * 30), ({"alone": True}, 512, [1] * 30)])
def test_on_a_cpu_rows_are_alone_or_a_few_together(options, side, sizes):
    rows = np.random.default_rng(0).standard_normal((30, 3))
    found = [*batches.run(lambda batch: 2 * batch, rows, [TINY.generator], side, **options)]
    assert [len(part) for part in found] == sizes
    np.testing.assert_array_equal(np.concatenate(found), 2 * rows)


def doubled(seen):
    """A function of a batch, a tree of two arrays, that notes what it is called with."""
    def function(batch):
        seen.append(batch.get())
        return {"twice": 2 * batch, "inside": [batch[:, 0]]}

    return function


@pytest.mark.parametrize("count, calls", [(1, 1), (4, 1), (5, 2), (8, 2), (11, 3)])
def test_all_batches_of_a_gpu_have_one_shape_and_nothing_of_what_fills_them_up_comes_back(device, count, calls):
    rows, seen = np.random.default_rng(0).standard_normal((count, 3)).astype(np.float32), []
    found = [*batches.of_one_shape(doubled(seen), rows, 4, "gpu")]
    assert [batch.shape for batch in seen] == calls * [(4, 3)]
    filled = np.concatenate(seen)
    np.testing.assert_array_equal(filled[:count], rows)
    np.testing.assert_array_equal(filled[count:], np.broadcast_to(rows[-1], (len(filled) - count, 3)))
    assert {type(part["twice"]) for part in found} == {np.ndarray} and filled.dtype == np.float32
    np.testing.assert_array_equal(np.concatenate([part["twice"] for part in found]), 2 * rows)
    np.testing.assert_array_equal(np.concatenate([part["inside"][0] for part in found]), rows[:, 0])


def test_the_definitions_are_asked_for_each_batch_and_nothing_is_replayed(device):
    calls, rows = [], np.arange(22.0).reshape(11, 2)
    with plain():
        found = [*batches.of_one_shape(lambda batch: calls.append(None) or batch + 1, rows, 4, "gpu")]
    np.testing.assert_array_equal(np.concatenate(found), rows + 1)
    assert len(calls) == 3


def test_no_rows_make_no_batch(device):
    assert [*batches.of_one_shape(doubled([]), np.zeros((0, 3)), 4, "gpu")] == []


def test_a_gpu_has_the_next_batch_before_its_caller_has_this_one(device):
    """And waits for nothing but the copy back, one a batch, as it uploads one a batch, from pinned memory; the first,
    rehearsed, waits before and after, the second, recorded, before."""
    from strict_cupy import transfers

    given = []
    found = batches.of_one_shape(lambda batch: given.append(len(given)) or batch + 1, np.zeros((9, 2)), 3, "gpu")
    transfers.start()
    assert [(len(part), len(given), len(transfers.syncs)) for part in found] == [(3, 2, 4), (3, 2, 5), (3, 2, 6)]
    assert len(transfers.uploads) == 3 and all("of pinned memory" in upload for upload in transfers.uploads)


@pytest.mark.parametrize("preset, count", [("faces-32", 64), ("celeba-64", 64), ("stylegan2-64", 64), ("hit-128", 19),
                                           ("hit-256", 12), ("stylegan2-256", 16), ("hit-1024", 1)])
def test_so_many_images_are_made_together_on_a_gpu_of_80_gb(device, preset, count):
    device(80 * 10**9)
    config = PRESETS[preset].generator
    assert batches.on_gpu([config], config.size) == count


def test_a_batch_takes_a_fourth_of_the_gpu_at_most_whatever_else_lies_there(device):
    config = TINY.generator
    for free in (0, 10**6, 10**9):
        device(4 * 3 * 10 * TINY_BYTES, free)
        assert batches.on_gpu([config], config.size) == 10
        assert batches.on_gpu([config, config], config.size) == 5
    device(4 * 3 * TINY_BYTES - 1)
    assert batches.on_gpu([config], config.size) == 1                     # whether it fits or not


@pytest.mark.parametrize("side, count", [(16, 64), (128, 64), (129, 63), (512, 4), (1024, 1), (2048, 1)])
def test_large_images_are_made_fewer_together_however_much_memory_there_is(device, side, count):
    device(10**15)
    assert batches.on_gpu([TINY.generator], side) == count


@pytest.mark.parametrize("name", PRESETS)
def test_a_stage_keeps_no_more_than_strips_are_cut_for(name):
    """Of those that are made in strips, which have no self-attention."""
    from minihit.models.hit.trunk import KEPT

    for config in PRESETS[name].networks.values():
        if config.kind == "hit":
            rows = {row.part: row for row in rows_of(config)}
            for stage in config.stages:
                if not stage.window:
                    floats = rows[f"stage {stage.index}"].activations / 4
                    assert KEPT / 2 < floats / (stage.side**2 * stage.channels) <= KEPT
