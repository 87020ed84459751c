"""Does one part of the network matter? Train two presets that differ in one field, and plot both distances.

Each run lies in its own folder; one that is there already is continued, so more STEPS can be added later. One seed is a
hint, not a proof: repeat with others before believing a small difference.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from minihit.backend import resolve_device
from minihit.presets import PRESETS
from minihit.show.figures import figure
from minihit.training.loop import train
from minihit.training.run import checkpoint, log
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

FOLDER = Path("runs/ablation")
DEVICE = "auto"                                                           # auto, cpu or gpu
FIELD, VALUES = "attention", ("multi_axis", "none")                       # or "cross_attention", (True, False) ...
STEPS = 500
START = PRESETS["faces-32"]
PRESET = replace(START, recipe=replace(START.recipe, steps=STEPS, ema_decay=0.99))   # an average as short as the run


def main(folder=FOLDER, preset=PRESET, **settings):
    """Train a run for each of VALUES, the same in all else, and write FIELD.png into the folder."""
    runs = {}
    for value in VALUES:
        config = RunConfig(replace(preset, generator=replace(preset.generator, **{FIELD: value})), **settings)
        run = runs[value] = RunFolder(folder / f"{FIELD}-{value}")
        code = train(config, run, resolve_device(DEVICE), resume=bool(checkpoint.newest(run.checkpoints)))
        if code:
            return code
    plot(folder / f"{FIELD}.png", {value: distances(run) for value, run in runs.items()})
    return 0


def distances(run):
    """Steps and sliced Wasserstein distances of a run's log."""
    rows = [(row["step"], row["swd"]) for row in log.read(run.log) if "swd" in row]
    return tuple(zip(*rows, strict=True))


def plot(path, curves):
    with figure(path, 7, 4) as drawn:
        axes = drawn.subplots()
        for value, (steps, values) in curves.items():
            axes.plot(steps, values, label=f"{FIELD} = {value}, {values[-1]:.0f} at the end")
        axes.set(xlabel="step", ylabel="sliced Wasserstein distance (x 1000)", ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="of both runs; default %(default)s")
    raise SystemExit(main(parser.parse_args().folder, sample_every=100, measure_every=50, measure_images=500))
