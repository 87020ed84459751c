"""HiT or convolutions? The same VQ-VAE with each decoder, everything else equal, as a table and a picture.

Each decoder is trained with the same encoder, codebook, losses, batches and number of steps, once for every seed:
HiT's, a convolutional one with as many parameters, and one that takes as long a step. Runs that are there already are
not made again, so more SEEDS can be added later. The table says mean and half the range over the seeds, of held-out
images, which no run saw.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from minihit import autoencoding, cost
from minihit.backend import resolve_device
from minihit.bench.case import images_per_second
from minihit.bench.table import aligned
from minihit.data.open import open_data
from minihit.metrics.psnr import psnr
from minihit.metrics.sliced_wasserstein import sliced_wasserstein
from minihit.metrics.ssim import ssim
from minihit.models.quantizer import usage
from minihit.presets.autoencoder import counterpart
from minihit.show.images import grid, to_float, to_uint8, upscale, write_png
from minihit.training.loop import train
from minihit.training.run import checkpoint, weights
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

FOLDER = Path("runs/decoders")
DEVICE = "auto"                                                           # auto, cpu or gpu
PRESET, DATA = "vqvae-32", "faces"
DECODERS = {"hit": "HiT", "cnn": "CNN, as many parameters", "cnn-wide": "CNN, as long a step"}
SEEDS = 0, 1, 2
STEPS = 1_000
IMAGES = 1_000                                                            # that the numbers are of
ROUNDS = 5                                                                # of timing
SHOWN = 8
SETTINGS = {"sample_every": 500, "measure_every": 1_000_000, "measure_images": 200}
HEAD = ("decoder", "parameters", "multiply-adds", "images/s", "PSNR, dB", "SSIM", "from originals", "from training",
        "codes used")


def main(folder=FOLDER, seeds=SEEDS, steps=STEPS, presets=None, **settings):
    """Train a run for each decoder and seed, and write decoders.md and decoders.png into the folder."""
    device, rows, pictures = resolve_device(DEVICE), [], []
    presets = presets or {name: counterpart(PRESET, name) for name in DECODERS}
    presets = {name: replace(preset, recipe=replace(preset.recipe, steps=steps)) for name, preset in presets.items()}
    speeds = images_per_second(presets, device, ROUNDS)
    for name, preset in presets.items():
        found = []
        for seed in seeds:
            run = RunFolder(folder / f"{name}-{seed}")
            code = 0 if finished(run, steps) else go_on(RunConfig(preset, DATA, seed, **{**SETTINGS, **settings}), run)
            if code:
                return code
            measured, originals, rebuilt = measure(run, device)
            found.append(measured)
        rows.append([DECODERS[name], *costs(preset), f"{speeds[name]:.0f}", *map(spread, zip(*found, strict=True))])
        pictures.append(rebuilt[:SHOWN])
    text = aligned(HEAD, rows)
    (folder / "decoders.md").write_text(text + "\n", encoding="utf-8")
    write_png(folder / "decoders.png", grid(upscale(np.concatenate([originals[:SHOWN], *pictures]), 3), SHOWN))
    print(f"{text}\n{folder / 'decoders.png'}: originals, then {', '.join(DECODERS[name] for name in presets)}")
    return 0


def go_on(config, run):
    """Train, from the start or from the last checkpoint; the exit code."""
    return train(config, run, resolve_device(DEVICE), bool(checkpoint.newest(run.checkpoints)))


def finished(run, steps):
    """Whether the run has made so many steps."""
    newest = checkpoint.newest(run.checkpoints)
    return bool(newest) and checkpoint.step_of(newest[0]) == steps


def measure(run, device):
    """Numbers of a run in the order of HEAD, and its held-out images with their reconstructions, uint8."""
    config, networks, _ = weights.load_autoencoder(run, device)
    data = open_data(config.data, config.preset.size, config.seed, config.flip)
    originals, training = data.held_out(IMAGES), data.take(0, IMAGES)
    rebuilt, facts = autoencoding.reconstruct(networks, to_float(originals), config.preset, device)
    from_originals, from_training = (
        sliced_wasserstein(to_float(images), rebuilt, np.random.default_rng(0))["average"]
        for images in (originals, training))
    shown, used = to_uint8(rebuilt), float(usage(facts["indices"], config.preset.quantizer.codes)[0])
    return (float(psnr(shown, originals).mean()), float(ssim(shown, originals).mean()), from_originals, from_training,
            100 * used), originals, shown


def costs(preset):
    """Parameters and multiply-adds an image of the decoder."""
    total = cost.total(cost.rows(preset)["decoder"])
    return f"{total.parameters:,}", f"{total.multiply_adds / 1e6:.1f} M"


def spread(values):
    """Mean and half the range, to as many digits as are worth saying."""
    digits = 3 if max(values) < 2 else 2 if max(values) < 50 else 1
    return f"{np.mean(values):.{digits}f} +- {np.ptp(values) / 2:.{digits}f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="of all runs; default %(default)s")
    started = time.perf_counter()
    code = main(parser.parse_args().folder)
    print(f"{(time.perf_counter() - started) / 60:.0f} minutes")
    raise SystemExit(code)
