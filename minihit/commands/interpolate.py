"""minihit interpolate: a closed walk through latents, as an animation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from tqdm import tqdm

from minihit import sampling
from minihit.backend import resolve_device
from minihit.commands.options import Device, Run, Switch, check_positive, parse, parse_seeds, shown
from minihit.commands.sample import warn
from minihit.errors import UserError
from minihit.show import images
from minihit.show.room import require_room
from minihit.training.run.folder import RunFolder

SEEN = 128                                                                # pixels that a moving face has at least
FASTEST = 1_000                                                           # frames per second
CURE = "choose fewer --frames, --seeds or --columns, or a smaller --scale"


@dataclass(frozen=True)
class Interpolate:
    """Write an animation that wanders from picture to picture and back to the first, without a jump.

    Examples:
      minihit interpolate runs/faces-32
      minihit interpolate runs/faces-32 --seeds 0-23 --columns 6 --frames 24 --out walk.mp4
    """

    run: Run
    seeds: str = "0-7"                       # pictures on the way, as numbers and ranges: 0-7 or 0,5,7-9
    frames: int = 16                         # frames from one picture to the next
    fps: int = 20                            # frames per second
    columns: int = 1                         # loops side by side: the seeds are divided among them
    out: Annotated[Path | None, shown("FILE", "RUN/interpolation-STEP.gif")] = None  # .gif or .mp4
    raw: Switch = False                      # the weights as the optimiser left them, not their moving average
    scale: Annotated[int | None, shown("INT", "faces of 128 pixels at least")] = None  # times each pixel is repeated
    device: Device = "auto"                  # auto is the GPU where there is a working one


def main(argv):
    options = parse(Interpolate, argv, "interpolate")
    seeds = parse_seeds(options.seeds)
    check_positive(frames=options.frames, fps=options.fps, columns=options.columns, scale=options.scale)
    if options.fps > FASTEST:
        raise UserError(f"--fps is {options.fps:,}: it must be {FASTEST:,} at most")
    if len(seeds) % options.columns:
        raise UserError(f"{len(seeds)} seeds cannot be divided among {options.columns} columns: "
                        f"choose a multiple of {options.columns}")
    if options.out:
        images.check_suffix(options.out, ".gif", ".mp4")
    device = resolve_device(options.device)
    config, trained, step = sampling.load_generator(RunFolder(options.run), device, options.raw, warn)
    scale = options.scale or max(1, SEEN // config.preset.generator.size)
    out = options.out or options.run / f"interpolation-{step:08d}.gif"
    height, width = images.grid_size(options.columns, scale * config.preset.generator.size, options.columns)
    require_room(out, height, width, CURE, frames=options.frames * len(seeds) // options.columns)
    z = sampling.latents(seeds, config.preset.generator.z_shape)
    paths = np.stack([sampling.loop(part, options.frames) for part in np.split(z, options.columns)], axis=1)
    images.write_animation(out, frames(trained, config.preset.generator, paths, scale, device), options.fps)
    print(out)
    return 0


def frames(trained, config, paths, scale, device):
    """Yield the pictures of all loops side by side, uint8; paths (frames, loops, *shape of a latent)."""
    for z in tqdm(paths, unit="frame", disable=None, leave=False):
        shown = images.to_uint8(sampling.images(**trained, config=config, z=z, device=device))
        yield images.grid(images.upscale(shown, scale), columns=len(z), gap=0 if len(z) == 1 else 2)
