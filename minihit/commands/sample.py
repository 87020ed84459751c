"""minihit sample: a grid of pictures, or a folder of them."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from tqdm import tqdm

from minihit import sampling
from minihit.backend import resolve_device
from minihit.commands.options import (
    AnyRun,
    Device,
    Plain,
    Switch,
    Truncation,
    check_positive,
    parse,
    parse_seeds,
    shown,
)
from minihit.errors import UserError
from minihit.show import images
from minihit.show.room import require_room
from minihit.training.run import weights
from minihit.training.run.folder import BUILT_IN, called

SEEN = 64                                                                 # pixels that a face in a grid has at least
WHENCE = "by the built-in generator, faces-32 after {:,} steps; minihit train makes a run of your own"
CURE = "choose fewer --seeds or --columns, a smaller --scale, or a --folder for single pictures"


@dataclass(frozen=True)
class Sample:
    """Draw pictures from the generator of a run. A seed is always the same picture, whatever others are drawn with it;
    on a GPU some of its values may differ by one of 255.

    Examples:
      minihit sample
      minihit sample runs/faces-32
      minihit sample runs/faces-32 --seeds 7,12,30-39 --columns 6 --out favourites.png
      minihit sample runs/faces-32 --seeds 0-9999 --folder pictures
    """

    run: AnyRun = None
    seeds: str = "0-63"                      # numbers and ranges: 0-63 or 0,5,7-9
    columns: Annotated[int | None, shown("INT", "about as many as rows")] = None  # pictures in a row of the grid
    out: Annotated[Path | None, shown("FILE", "RUN/samples-STEP.png")] = None  # PNG of the grid
    folder: Annotated[Path | None, shown("FOLDER", "a grid")] = None  # write one PNG per seed here, seed-000042.png ...
    truncation: Truncation = None
    raw: Switch = False                      # the weights as the optimiser left them, not their moving average
    scale: Annotated[int | None, shown("INT", "faces of 64 pixels at least in a grid, 1 in a folder")] = None
    """times each pixel is repeated"""
    device: Device = "auto"                  # auto is the GPU where there is a working one
    plain: Plain = False


def main(argv):
    options = parse(Sample, argv, "sample")
    seeds = parse_seeds(options.seeds)
    check_positive(columns=options.columns, scale=options.scale)
    if options.out and options.folder:
        raise UserError("--out names one picture and --folder many: give one of them")
    if options.out:
        images.check_suffix(options.out, ".png")
    device = resolve_device(options.device)
    source = BUILT_IN if options.run is None else called(options.run)
    run, trained, step = weights.load_generator(source, device, options.raw, warn)
    if options.run is None:
        print(WHENCE.format(step))
    _, config = sampling.sampled(run.preset)
    drawn = pictures(trained, config, seeds, device, **sampling.truncated(config, options.truncation))
    if options.folder:
        scale = options.scale or 1
        side = scale * config.size
        require_room(options.folder / name_of(seeds[0]), side, side, "choose a smaller --scale")
        write_folder(options.folder, seeds, drawn, scale)
        print(options.folder)
    else:
        out = options.out or source.out / f"samples-{step:08d}.png"
        scale = options.scale or max(1, SEEN // config.size)
        require_room(out, *images.grid_size(len(seeds), scale * config.size, options.columns), CURE)
        sheet = images.grid(images.upscale(np.stack(list(drawn)), scale), options.columns)
        images.write_png(out, sheet)
        print(out)
    return 0


def pictures(trained, config, seeds, device, **options):
    """Yield one uint8 (size, size, 3) for each seed; options: of sampling.images."""
    z = (sampling.latents([seed], config.z_shape)[0] for seed in seeds)
    drawn = sampling.stream(**trained, config=config, z=z, device=device, **options)
    yield from map(images.to_uint8, tqdm(drawn, total=len(seeds), unit="picture", disable=None, leave=False))


def write_folder(folder, seeds, drawn, scale):
    for seed, picture in zip(seeds, drawn, strict=True):
        images.write_png(folder / name_of(seed), images.upscale(picture, scale))


def name_of(seed):
    return f"seed-{seed:06d}.png"


def warn(message):
    print(f"minihit: {message}", file=sys.stderr)
