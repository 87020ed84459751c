"""minihit interpolate: a closed walk through latents, as an animation."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import tyro
from tqdm import tqdm

from minihit import autoencoding, batches, sampling
from minihit.backend import resolve_device
from minihit.commands import pictures
from minihit.commands.options import Device, RunOrBuiltIn, Switch, Truncation, check_positive, parse, parse_seeds, shown
from minihit.commands.sample import warn
from minihit.errors import UserError
from minihit.show import images
from minihit.show.room import require_room
from minihit.training.run import weights
from minihit.training.run.folder import called

SEEN = 128                                                                # pixels that a moving face has at least
FASTEST = 1_000                                                           # frames per second
CURE = "choose fewer --frames, --seeds, --pictures or --columns, or a smaller --scale"
SEEDS = "0-7"
_PICTURES = tyro.conf.arg(metavar="PICTURE|FOLDER|STORE", help_behavior_hint="(default: seeds)")


@dataclass(frozen=True)
class Interpolate:
    """Write an animation that wanders from picture to picture and back to the first, without a jump.

    Examples:
      minihit interpolate runs/faces-32
      minihit interpolate runs/faces-32 --seeds 0-23 --columns 6 --frames 24 --out walk.mp4
      minihit interpolate runs/vae-32 --pictures me.jpg you.jpg
    """

    run: RunOrBuiltIn
    seeds: Annotated[str | None, shown("SEEDS", SEEDS)] = None  # pictures on the way: 0-7 or 0,5,7-9
    pictures: Annotated[tuple[Path, ...] | None, _PICTURES] = None
    """instead of seeds: picture files on the way, or folders or stores of them, which the encoder of a VAE or VQ-VAE
    turns into latents"""
    truncation: Truncation = None
    frames: int = 16                         # frames from one picture to the next
    fps: int = 20                            # frames per second
    columns: int = 1                         # loops side by side: the pictures on the way are divided among them
    out: Annotated[Path | None, shown("FILE", "RUN/interpolation-STEP.gif")] = None  # .gif or .mp4
    raw: Switch = False                      # the weights as the optimiser left them, not their moving average
    scale: Annotated[int | None, shown("INT", "faces of 128 pixels at least")] = None  # times each pixel is repeated
    device: Device = "auto"                  # auto is the GPU where there is a working one


def main(argv):
    options = parse(Interpolate, argv, "interpolate")
    _require_sense(options)
    device = resolve_device(options.device)
    walk = between_seeds(options, device) if options.pictures is None else between_pictures(options, device)
    count = len(walk.z)
    if count % options.columns:
        raise UserError(f"{count} {'seeds' if options.pictures is None else 'pictures'} cannot be divided among "
                        f"{options.columns} columns: choose a multiple of {options.columns}")
    scale = options.scale or max(1, SEEN // walk.config.size)
    out = options.out or called(options.run).out / f"interpolation-{walk.step:08d}.gif"
    height, width = images.grid_size(options.columns, scale * walk.config.size, options.columns)
    require_room(out, height, width, CURE, frames=options.frames * count // options.columns)
    loops = [sampling.loop(part, options.frames, walk.arc) for part in np.split(walk.z, options.columns)]
    images.write_animation(out, frames(walk, np.stack(loops, axis=1), scale, device), options.fps)
    print(out)
    return 0


def _require_sense(options):
    check_positive(frames=options.frames, fps=options.fps, columns=options.columns, scale=options.scale)
    if options.fps > FASTEST:
        raise UserError(f"--fps is {options.fps:,}: it must be {FASTEST:,} at most")
    if options.pictures == ():
        raise UserError("--pictures names none: give picture files, or folders or stores of them")
    if options.pictures and options.seeds is not None:
        raise UserError("--seeds and --pictures both say what lies on the way: give one of them")
    if options.out:
        images.check_suffix(options.out, ".gif", ".mp4")


class Walk(NamedTuple):
    """network: {"params", "averages"} of what makes pictures, config: its configuration; z: latents on the way; arc:
    the path from one to the next, as sampling.slerp; step: of training; options: of sampling.images."""

    network: dict
    config: Any
    z: np.ndarray
    arc: Callable
    step: int
    options: dict


def between_seeds(options, device):
    """Normal latents, joined by arcs."""
    seeds = parse_seeds(SEEDS if options.seeds is None else options.seeds)
    run, network, step = weights.load_generator(called(options.run), device, options.raw, warn)
    _, config = sampling.sampled(run.preset)
    z = sampling.latents(seeds, config.z_shape)
    return Walk(network, config, z, sampling.slerp, step, sampling.truncated(config, options.truncation))


def between_pictures(options, device):
    """What an encoder makes of pictures, joined by straight lines: nothing says that it lies near a sphere."""
    run, networks, step = weights.load_autoencoder(called(options.run), device, options.raw, warn)
    originals, _ = pictures.named(options.pictures, run.preset.size, pictures.MOST)
    z, _ = autoencoding.encode(networks, images.to_float(originals), run.preset, device)
    config = run.preset.decoder
    return Walk(networks["decoder"], config, z, sampling.straight, step, sampling.truncated(config, options.truncation))


def frames(walk, paths, scale, device):
    """Yield the pictures of all loops side by side, uint8; paths (frames, loops, *shape of a latent)."""
    count, loops, *shape = paths.shape
    z = paths.reshape(-1, *shape)
    drawn = sampling.stream(**walk.network, config=walk.config, z=z, device=device, **walk.options)
    frames = batches.stacked(map(images.to_uint8, drawn), loops)
    for frame in tqdm(frames, total=count, unit="frame", disable=None, leave=False):
        yield images.grid(images.upscale(frame, scale), columns=loops, gap=0 if loops == 1 else 2)
