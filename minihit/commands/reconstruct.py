"""minihit reconstruct: pictures beside what an autoencoder makes of them, with numbers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from minihit import autoencoding
from minihit.backend import resolve_device
from minihit.commands import pictures
from minihit.commands.options import Device, Plain, Run, Switch, check_positive, parse, shown
from minihit.commands.sample import warn
from minihit.show import images
from minihit.show.room import require_room
from minihit.training import measures
from minihit.training.measure_latents import codes_in, dimensions_in, likeness
from minihit.training.run import weights
from minihit.training.run.folder import RunFolder

SEEN = 64                                                                 # pixels that a face in a grid has at least
GAP = 4                                                                   # pixels between pairs
ENOUGH = 100                                                              # pictures for a distance of sets to mean much
CURE = "choose a smaller --show or --scale"
PICTURES = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(
    metavar="[PICTURE|FOLDER|STORE ...]", help_behavior_hint="(default: those that the run is measured with)")]
COUNT = Annotated[int | None, shown("INT", f"{pictures.MOST:,}, or as many as the run is measured with")]


@dataclass(frozen=True)
class Reconstruct:
    """Show pictures over what the encoder and the decoder of a run make of them: a VAE or VQ-VAE.

    Pictures of any size are cut to the largest square in their middle; of a store they are those that training holds
    out. Numbers are means over all of them: PSNR and SSIM of what a PNG would hold; for 100 pictures or more the sliced
    Wasserstein distance (x 1000) of the reconstructions from these originals; what the latents need, nats of a VAE,
    codes of a VQ-VAE.

    Examples:
      minihit reconstruct runs/vqvae-32
      minihit reconstruct runs/vqvae-64 holiday --out holiday.png
      minihit reconstruct runs/vae-32 me.jpg you.jpg holiday
    """

    run: Run
    pictures: PICTURES = ()
    out: Annotated[Path | None, shown("FILE", "RUN/reconstructions-STEP.png")] = None  # PNG of the grid
    count: COUNT = None                      # pictures that the numbers are means over, at most
    show: int = 24                           # of them in the grid
    columns: int = 8                         # pairs in a row
    raw: Switch = False                      # the weights as the optimiser left them, not their moving average
    scale: Annotated[int | None, shown("INT", "faces of 64 pixels at least")] = None  # times each pixel is repeated
    device: Device = "auto"                  # auto is the GPU where there is a working one
    plain: Plain = False


def main(argv):
    options = parse(Reconstruct, argv, "reconstruct")
    check_positive(count=options.count, show=options.show, columns=options.columns, scale=options.scale)
    if options.out:
        images.check_suffix(options.out, ".png")
    device = resolve_device(options.device)
    config, networks, step = weights.load_autoencoder(RunFolder(options.run), device, options.raw, warn)
    preset, size = config.preset, config.preset.size
    originals, what = pictures.chosen(options.pictures, config, options.count)
    show, scale = min(options.show, len(originals)), options.scale or max(1, SEEN // size)
    out, columns = options.out or options.run / f"reconstructions-{step:08d}.png", min(options.columns, show)
    height, width = images.grid_size(show, scale * size, columns, GAP)
    require_room(out, 2 * height, width, CURE)
    rebuilt, facts = autoencoding.reconstruct(networks, images.to_float(originals), preset, device)
    pairs = np.concatenate([originals[:show], images.to_uint8(rebuilt[:show])], axis=1)
    images.write_png(out, images.grid(images.upscale(pairs, scale), columns, GAP))
    print(f"{what}: {in_words(likeness(originals, rebuilt, config.seed), len(originals))}, {latents(facts, preset)}")
    print(out)
    return 0


def in_words(found, count):
    """What is known of so many reconstructions, found as by likeness."""
    distance = f", sliced Wasserstein distance {found['swd_rebuilt']:.1f}" if count >= ENOUGH else ""
    return f"PSNR {found['psnr']:.2f} dB, SSIM {found['ssim']:.3f}{distance}"


def latents(facts, preset):
    """What the latents of all pictures need, in words: codes of a VQ-VAE, nats of a VAE."""
    if "indices" in facts:
        return measures.codes_in_words(codes_in(facts, preset))
    return measures.kl_in_words(dimensions_in(facts))
