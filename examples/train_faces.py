"""Train a small HiT on the built-in faces: settings on top, the rest is the library.

Watch samples/ in the folder of the run; curves and a time-lapse follow at its end. The command `minihit train` does the
same and can resume; a script is for settings that are worth keeping.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from minihit.backend import resolve_device
from minihit.presets import PRESETS
from minihit.training.loop import train
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

FOLDER = Path("runs/example")
DEVICE = "auto"                                                           # auto, cpu or gpu
START = PRESETS["faces-32"]
GENERATOR = replace(START.generator, norm="layer")                        # instead of batch norm
RECIPE = replace(START.recipe, steps=2_000, decay_from=0.5)               # the learning rate falls in the second half
CONFIG = RunConfig(replace(START, generator=GENERATOR, recipe=RECIPE), seed=1, sample_every=50, measure_every=250)


def main(folder=FOLDER, config=CONFIG):
    """Returns the exit code, 130 where Ctrl-C ended the run."""
    return train(config, RunFolder(folder), resolve_device(DEVICE))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="of the run; default %(default)s")
    sys.exit(main(parser.parse_args().folder))
