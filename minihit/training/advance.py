"""The steps of a run, one after the other; on a GPU they are recorded as a CUDA graph and replayed where they can be.

A recorded step repeats every number of the host. What changes from step to step, the batch, what is drawn, the learning
rates, lies in arrays of the device that are overwritten before each replay.

Shapes: images (B, S, S, 3) uint8, on the device.
"""

import numpy as np
from tqdm import tqdm

from minihit import objectives, tree
from minihit.backend import device_module, pinned, to_device
from minihit.capture import Repeated
from minihit.ops.switch import is_plain
from minihit.optim import EMA_START
from minihit.show.images import to_float
from minihit.training import state, step

_STREAM = 0                                                               # of random numbers, one generator per step
_EAGER = 2                                                                # steps first, in which kernels are compiled
_ALIGNED = 16                                                             # bytes, as a GPU reads them at once


def records(device, graph="auto"):
    """Whether steps are recorded where they can be."""
    return device == "gpu" and graph == "auto" and not is_plain()


class Steps:
    """Call it for each step of a run. The first are made one kernel after the other, also because the moving average
    begins in another way; one is rehearsed, one recorded, and every later one is a replay."""

    def __init__(self, training, config, device="cpu", graph="auto"):
        """training: State; config: RunConfig; graph: "auto", or "off" where nothing is to be recorded."""
        self.training, self.config, self.device = training, config, device
        self.copied = 0 if config.origin else EMA_START
        self.repeated = Repeated(self._advance_inputs, device_module(device)) if records(device, graph) else None
        self.made, self.inputs = 0, None

    def __call__(self, images, number):
        """Update the state in place by step `number` (from 1); returns metrics, scalar arrays, and gradients, which the
        next step may overwrite."""
        self.made += 1
        draws, rates = self._given(number)
        if self.repeated and number > self.copied and self.made > _EAGER:
            return self._recorded(images, draws, rates)
        return self._advance(images, to_device(draws, self.device), rates, number)

    def _given(self, number):
        """What is drawn for a step, as host arrays, and Adam's learning rate of each network."""
        preset, rng = self.config.preset, np.random.default_rng([self.config.seed, _STREAM, number])
        return objectives.of(preset).draw(rng, preset.recipe.batch, preset, number), state.rates(preset, number)

    def _advance(self, images, draws, rates, number):
        preset, training = self.config.preset, self.training
        grads, averages, metrics = step.gradients(training.networks, to_float(images), draws, preset, self.config.lanes)
        norms = state.apply(training, grads, averages, number, preset, self.copied, rates)
        return {**metrics, **{f"{name}_norm": norm for name, norm in norms.items()}}, grads

    def _recorded(self, images, draws, rates):
        given = {"draws": draws, "rates": {name: np.float32(rate) for name, rate in rates.items()}}
        self.inputs = self.inputs or _Inputs(images, given)
        self.inputs.overwrite(images, given)
        could = self.repeated.problem is None
        found = self.repeated()
        if could and self.repeated.problem:
            problem = self.repeated.problem
            tqdm.write(f"steps are not recorded, which makes them slower and nothing else ({problem:.200})")
        return found

    def _advance_inputs(self):
        """A step on what lies in the inputs; all steps beyond `copied` are alike but for those."""
        given = self.inputs.given
        return self._advance(self.inputs.images, given["draws"], given["rates"], self.copied + 1)


class _Inputs:
    """The arrays that a recorded step reads. given: a tree, views of bytes that one upload overwrites."""

    def __init__(self, images, given):
        xp = device_module("gpu")
        self.images, self.bytes = xp.empty_like(images), xp.empty(_packed(given).shape, np.uint8)
        self.given = _unpacked(self.bytes, given)

    def overwrite(self, images, given):
        """With images of the device and a tree of host arrays."""
        self.images[...] = images
        self.bytes[...] = to_device(pinned(_packed(given)), "gpu")


def _packed(given):
    """A tree of host arrays as bytes (n,), each from a multiple of _ALIGNED on."""
    leaves = [np.frombuffer(leaf.tobytes(), np.uint8) for _, leaf in tree.items(given)]
    return np.concatenate([np.pad(leaf, (0, -len(leaf) % _ALIGNED)) for leaf in leaves])


def _unpacked(data, like):
    """The tree that was packed, as views of its bytes."""
    start = 0

    def take(leaf):
        nonlocal start
        first, start = start, start + leaf.nbytes + -leaf.nbytes % _ALIGNED
        return data[first:first + leaf.nbytes].view(leaf.dtype).reshape(leaf.shape)

    return tree.map(take, like)
