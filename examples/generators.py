"""HiT's generator or StyleGAN2's? The same discriminator, data and loop with each, as a table and a picture.

HiT's generator, StyleGAN2's with as many parameters, and one that takes as long a step are trained once each; a run
that is there already is not made again. Every measure is of as many samples as there are held-out images, which no run
saw.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from minihit import cost
from minihit.backend import resolve_device
from minihit.bench.case import images_per_second
from minihit.bench.table import aligned
from minihit.commands import measured_run
from minihit.commands.sample import pictures
from minihit.comparing import comparison, looks
from minihit.comparing.report import words
from minihit.comparing.sources import of_data_set
from minihit.presets.stylegan2 import counterpart
from minihit.show.images import grid, upscale, write_png
from minihit.training.loop import train
from minihit.training.run import checkpoint, weights
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

FOLDER = Path("runs/generators")
DEVICE = "auto"                                                           # auto, cpu or gpu
PRESET, DATA = "faces-32", "faces"
GENERATORS = {"hit": "HiT", "stylegan2": "StyleGAN2, as many parameters", "stylegan2-wide": "StyleGAN2, as long a step"}
ROUNDS = 5                                                                # of timing
SHOWN = 20                                                                # seeds


def main(folder=FOLDER, presets=None, **settings):
    """Train a run for each generator, and write generators.md and generators.png into the folder."""
    device, rows, shown = resolve_device(DEVICE), [], []
    presets = presets or {name: counterpart(PRESET, name) for name in GENERATORS}
    speeds = images_per_second(presets, device, ROUNDS)
    for name, preset in presets.items():
        run = RunFolder(folder / name)
        newest = checkpoint.newest(run.checkpoints)
        if not newest or checkpoint.step_of(newest[0]) < preset.recipe.steps:
            code = train(RunConfig(preset, DATA, **settings), run, device, bool(newest))
            if code:
                return code
        found = measure(run, device)
        rows.append([GENERATORS[name], *costs(preset), f"{speeds[name]:.0f}", *(words(row.value) for row in found)])
        _, network, _ = weights.load_generator(run, device)
        shown += pictures(network, preset.generator, range(SHOWN), device)
    rows.append(["real images", "", "", "", *(words(row.real) for row in found)])
    text = aligned(("generator", "parameters", "multiply-adds", "images/s", *(row.title for row in found)), rows)
    (folder / "generators.md").write_text(text + "\n", encoding="utf-8")
    write_png(folder / "generators.png", grid(upscale(np.stack(shown), 2), SHOWN))
    print(f"{text}\n{folder / 'generators.png'}: a row each: {', '.join(GENERATORS[name] for name in presets)}")
    return 0


def measure(run, device):
    """The Rows of every measure of a run's samples against held-out images."""
    opened, look = measured_run.open_run(run.path, device=device), looks.open_look("random", device=device)
    data, count = opened.data(), opened.config.measure_images
    reference = of_data_set(data, DATA, "held-out").take(count, data.size)
    (compared,) = measured_run.comparisons(opened, reference, data)
    return [*comparison.rows(compared, look, device)]


def costs(preset):
    """Parameters and multiply-adds an image of the generator."""
    total = cost.total(cost.rows(preset)["generator"])
    return f"{total.parameters:,}", f"{total.multiply_adds / 1e6:.1f} M"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="of all runs; default %(default)s")
    started = time.perf_counter()
    code = main(parser.parse_args().folder)
    print(f"{(time.perf_counter() - started) / 60:.0f} minutes")
    raise SystemExit(code)
