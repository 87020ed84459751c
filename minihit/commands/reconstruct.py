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
from minihit.metrics.psnr import psnr
from minihit.metrics.ssim import ssim
from minihit.models.quantizer import usage
from minihit.show import images
from minihit.show.room import require_room
from minihit.training.run import weights
from minihit.training.run.folder import RunFolder

SEEN = 64                                                                 # pixels that a face in a grid has at least
CURE = "choose a smaller --show or --scale"
PICTURES = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(
    metavar="PICTURE|FOLDER|STORE", help_behavior_hint="(default: those that the run's data holds out)")]


@dataclass(frozen=True)
class Reconstruct:
    """Show pictures over what the encoder and the decoder of a run make of them: a VAE or VQ-VAE.

    Pictures of any size are cut to the largest square in their middle. Numbers are means over all of them: PSNR and
    SSIM of what a PNG would hold; of a VQ-VAE also which share of its codes they need.

    Examples:
      minihit reconstruct runs/vqvae-32
      minihit reconstruct runs/vqvae-64 holiday/ --out holiday.png
      minihit reconstruct runs/vae-32 me.jpg you.jpg
    """

    run: Run
    pictures: PICTURES = ()
    out: Annotated[Path | None, shown("FILE", "RUN/reconstructions-STEP.png")] = None  # PNG of the grid
    count: int = 1_000                       # pictures that the numbers are means over, at most
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
    scale, out = options.scale or max(1, SEEN // size), options.out or options.run / f"reconstructions-{step:08d}.png"
    require_room(out, *images.grid_size(2 * options.show, scale * size, options.columns), CURE)
    originals = pictures.chosen(options.pictures, config, options.count)
    floats, facts = autoencoding.reconstruct(networks, images.to_float(originals), preset, device)
    rebuilt = images.to_uint8(floats)
    images.write_png(out, sheet(originals[:options.show], rebuilt[:options.show], options.columns, scale))
    print(f"{len(originals)} {'picture' if len(originals) == 1 else 'pictures'}: {numbers(originals, rebuilt)}"
          f"{in_codes(facts, preset)}")
    print(out)
    return 0


def sheet(originals, rebuilt, columns, scale):
    """Rows of originals, each over the row of what was made of them."""
    rows = []
    for start in range(0, len(originals), columns):
        for part in (originals[start:start + columns], rebuilt[start:start + columns]):
            missing = min(columns, len(originals)) - len(part)
            rows.append(np.pad(part, ((0, missing), (0, 0), (0, 0), (0, 0)), constant_values=images.WHITE))
    return images.grid(images.upscale(np.concatenate(rows), scale), min(columns, len(originals)))


def numbers(originals, rebuilt):
    return f"PSNR {psnr(rebuilt, originals).mean():.2f} dB, SSIM {ssim(rebuilt, originals).mean():.3f}"


def in_codes(facts, preset):
    """Which share of its codes a VQ-VAE needed; nothing of a VAE."""
    if "indices" not in facts:
        return ""
    used, perplexity = usage(facts["indices"], preset.quantizer.codes)
    return f", {float(used):.0%} of {preset.quantizer.codes} codes in use, perplexity {float(perplexity):.0f}"
