"""What one training step asks of a GPU, without one: kernel launches and bytes, counted on the strict double of CuPy.

    python tests/device_cost.py --preset celeba-64 --batch 64 --bandwidth 3.35 --launch 21.6
    python tests/device_cost.py --preset hit-1024 --batch 1 --images

The time is an estimate, for comparing one version of the code with another: each phase takes as long as its launches
from the host or its bytes through the GPU's memory, whichever is more. --bandwidth is the datasheet's, in TB/s (H100
SXM 3.35, RTX 4090 1.0); --launch the microseconds that CuPy needs on the host for one operation, 21.6 as measured on
an H100's host. A recorded step (minihit/capture.py) is one launch of the host, so that its bytes alone count.
Products count with their bytes alone, so the time of the largest ones is too short.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import strict_cupy
from strict_cupy import launches
from strict_cupy.kernels import Cost

from minihit import models, tree
from minihit.backend import device_module, to_device
from minihit.bench import case
from minihit.models import discriminator, hit, stylegan2
from minihit.models.discriminator import network
from minihit.objectives import gan
from minihit.ops import augment
from minihit.presets import PRESETS
from minihit.training import state, step

PHASES = {
    "G forward": [(generator, name) for generator in (hit, stylegan2) for name in ("forward", "update_averages")],
    "G backward": [(hit, "backward"), (stylegan2, "backward")],
    "D forward": [(discriminator, "forward")],
    "D input gradient": [(network, "input_gradient"), (network, "output_gradients")],
    "D weight gradient": [(network, "weight_gradient")],
    "D tangent": [(network, "tangent")],
    "augmentation": [(augment, "forward"), (augment, "backward")],
    "gathering, Adam, EMA": [(state, "apply")],
}
REST = "losses and sums of gradients"
STEP, IMAGES = "one step", "images in evaluation"


def count(preset, steps=20):
    """{phase: Cost} of a step after the first and after the moving average has begun; nothing is computed."""
    with pytest.MonkeyPatch.context() as patch:
        strict_cupy.install(patch)
        training = state.create(0, preset, "gpu")
        recipe, xp = preset.recipe, device_module("gpu")
        real = xp.zeros((recipe.batch, preset.generator.size, preset.generator.size, 3), np.float32)
        draws = to_device(gan.draw(np.random.default_rng(0), recipe.batch, preset, steps), "gpu")
        for phase, functions in PHASES.items():
            for module, name in functions:
                patch.setattr(module, name, _during(phase, getattr(module, name)))
        for _ in range(2):
            launches.start(dry=True)
            with launches.during(REST):
                grads, averages, _ = step.gradients(training.networks, real, draws, preset)
                state.apply(training, grads, averages, steps, preset)
        counts = launches.counts
        launches.start()
    return counts


def images(preset):
    """The Cost of a batch of images in evaluation, by the moving average, together; nothing is computed."""
    with pytest.MonkeyPatch.context() as patch:
        strict_cupy.install(patch)
        made = case.inference_of(case.make(preset, "gpu"), record=False)
        launches.start(dry=True)
        with launches.during(IMAGES):
            made()
        counted = launches.counts[IMAGES]
        launches.start()
    return counted


def milliseconds(cost, bandwidth, launch):
    """The longer of launching from the host and moving the bytes; TB/s and microseconds."""
    return max(cost.launches * launch / 1e3, cost.bytes / bandwidth / 1e9)


def table(counts, bandwidth, launch, whole=STEP):
    rows = [(phase, counts[phase]) for phase in (*PHASES, REST, IMAGES) if phase in counts]
    lines = [f"{'':28} {'launches':>9} {'GB':>8} {'ms':>8}"]
    lines += [f"{phase:28} {cost.launches:9,} {cost.bytes / 1e9:8.2f} {milliseconds(cost, bandwidth, launch):8.2f}"
              for phase, cost in rows]
    total = sum(cost.launches for _, cost in rows), sum(cost.bytes for _, cost in rows) / 1e9
    time = sum(milliseconds(cost, bandwidth, launch) for _, cost in rows)
    recorded = milliseconds(Cost(1, 1e9 * total[1]), bandwidth, launch)
    return "\n".join([*lines, f"{whole:28} {total[0]:9,} {total[1]:8.2f} {time:8.2f}",
                      f"{f'{whole}, recorded':28} {1:9,} {total[1]:8.2f} {recorded:8.2f}"])


def _during(phase, function):
    def call(*args, **kwargs):
        with launches.during(phase):
            return function(*args, **kwargs)

    return call


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="faces-32", choices=PRESETS)
    parser.add_argument("--batch", type=int, help="the preset's unless given")
    parser.add_argument("--micro-batch", type=int, help="the preset's unless given")
    parser.add_argument("--consistency", type=float, help="the cost of bCR; the preset's unless given")
    parser.add_argument("--images", action="store_true", help="a batch of images in place of a step")
    parser.add_argument("--bandwidth", type=float, default=3.35, help="TB/s")
    parser.add_argument("--launch", type=float, default=21.6, help="microseconds")
    given = parser.parse_args()
    preset = PRESETS[given.preset]
    changes = {name: getattr(given, name) for name in ("batch", "micro_batch", "consistency")}
    changes = {name: value for name, value in changes.items() if value is not None}
    preset = replace(preset, recipe=replace(preset.recipe, **changes))
    print(f"{given.preset}, batch {preset.recipe.batch} in micro-batches of {preset.recipe.micro_batch}, "
          f"{tree.size(models.of(preset.generator).init(None, preset.generator)) / 1e6:.1f} M parameters in G")
    counts, whole = ({IMAGES: images(preset)}, "all images") if given.images else (count(preset), STEP)
    print(table(counts, given.bandwidth, given.launch, whole))


if __name__ == "__main__":
    main()
