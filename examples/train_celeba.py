"""From CelebA's zip to faces that never existed: prepare the images, train, draw samples, walk between them.

Give the path of img_align_celeba.zip; without one, drawn faces packed as CelebA is take its place. Stopped at any
moment, the same command goes on where it was. What the commands minihit data, train, sample and interpolate do, in one
script.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from minihit import sampling
from minihit.backend import resolve_device
from minihit.data.faces import stand_in
from minihit.data.prepare.prepare import Settings, prepare
from minihit.presets import PRESETS
from minihit.show import images
from minihit.training.estimate import BUDGETS
from minihit.training.loop import train
from minihit.training.run import checkpoint, weights
from minihit.training.run.config import RunConfig, intervals, read_config
from minihit.training.run.folder import RunFolder

FOLDER = Path("runs/example-celeba")
DEVICE = "auto"                                                           # auto, cpu or gpu
PRESET = PRESETS["celeba-64"]
STAND_IN = 3_000                                                          # drawn faces where there is no zip
SAMPLES, CORNERS, FRAMES = 64, 8, 16                                      # pictures; of the walk, and between two


def main(source=None, folder=FOLDER, preset=PRESET, budget=None, **settings):
    """Returns the exit code, 130 where Ctrl-C ended the run. settings: of RunConfig."""
    source = source or drawn(folder / "stand-in")
    store = prepare(source, folder / "store", Settings(preset.generator.size))
    run, device = RunFolder(folder / "run"), resolve_device(DEVICE)
    if checkpoint.newest(run.checkpoints):
        code = train(read_config(run), run, device, resume=True)
    else:
        settings = {**intervals(preset.recipe.steps), **settings}
        code = train(RunConfig(preset, data=str(store.path), **settings), run, device, budget=budget)
    return code or draw(run, device, folder)


def drawn(folder):
    """The zip of the stand-in, drawn where that has not been finished yet."""
    return stand_in.there(folder) or stand_in.write(folder, STAND_IN)


def draw(run, device, folder):
    """samples.png and walk.gif, by the moving average of the generator."""
    config, trained, _ = weights.load_generator(run, device)
    config = config.preset.generator

    def pictures(z):
        return images.to_uint8(sampling.images(**trained, config=config, z=z, device=device))

    images.write_png(folder / "samples.png", images.grid(pictures(sampling.latents(range(SAMPLES), config.z_shape))))
    path = sampling.loop(sampling.latents(range(CORNERS), config.z_shape), FRAMES)
    images.write_animation(folder / "walk.gif", images.upscale(pictures(path), 2))
    print(f"see samples.png and walk.gif in {folder}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", type=Path, help="img_align_celeba.zip, or a folder of pictures")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for everything; default %(default)s")
    parser.add_argument("--steps", type=int, default=PRESET.recipe.steps, help="of training; default %(default)s")
    parser.add_argument("--budget", choices=BUDGETS, help="as many steps as fit into it")
    options = parser.parse_args()
    recipe = replace(PRESET.recipe, steps=options.steps)
    sys.exit(main(options.source, options.folder, replace(PRESET, recipe=recipe), options.budget))
