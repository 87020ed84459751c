"""minihit codebook: what the codes of a VQ-VAE stand for, and where each is used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from minihit import autoencoding
from minihit.backend import resolve_device
from minihit.commands import pictures
from minihit.commands.options import Device, Run, Switch, check_positive, parse, shown
from minihit.commands.reconstruct import COUNT, PICTURES, latents
from minihit.commands.sample import warn
from minihit.errors import UserError
from minihit.show import images
from minihit.show.room import require_room
from minihit.training.run import weights
from minihit.training.run.folder import RunFolder

SEEN = 32                                                                 # pixels of a patch and of a map, at least
GAP = 4                                                                   # pixels between codes
RARE = 224                                                                # grey of a place where a code never stood


@dataclass(frozen=True)
class Codebook:
    """Draw the codebook of a VQ-VAE: for each code the mean of all patches of pictures where it stands, and beside it
    a map of the grid: light grey where it never stood, black where it stood most often. The most used codes come
    first; those that none of the pictures needs leave their places white.

    Examples:
      minihit codebook runs/vqvae-32
      minihit codebook runs/vqvae-64 photos --out words.png
    """

    run: Run
    pictures: PICTURES = ()
    out: Annotated[Path | None, shown("FILE", "RUN/codebook-STEP.png")] = None  # PNG to write
    count: COUNT = None                      # pictures that are looked at, at most
    columns: int = 16                        # codes in a row
    raw: Switch = False                      # the weights as the optimiser left them, not their moving average
    device: Device = "auto"                  # auto is the GPU where there is a working one


def main(argv):
    options = parse(Codebook, argv, "codebook")
    check_positive(count=options.count, columns=options.columns)
    if options.out:
        images.check_suffix(options.out, ".png")
    device = resolve_device(options.device)
    config, networks, step = weights.load_autoencoder(RunFolder(options.run), device, options.raw, warn)
    preset = config.preset
    if "quantizer" not in networks:
        raise UserError(f"the run in {options.run} is a VAE, whose latents are numbers and not codes: give a run of "
                        f"minihit train --preset vqvae-32")
    out, codes = options.out or options.run / f"codebook-{step:08d}.png", preset.quantizer.codes
    originals, what = pictures.chosen(options.pictures, config, options.count)
    columns, side = min(options.columns, codes), cell_side(preset)
    height, width = images.grid_size(codes, side, columns, GAP)
    require_room(out, height, 2 * width, "choose another number of --columns")
    _, facts = autoencoding.encode(networks, images.to_float(originals), preset, device)
    images.write_png(out, images.grid(drawn(originals, facts["indices"], codes, side), columns, GAP))
    print(f"{what}: {latents(facts, preset)}")
    print(out)
    return 0


def cell_side(preset):
    """Pixels of a patch and of a map side by side, both enlarged by a whole number."""
    grid = preset.encoder.side
    return max(SEEN, grid, preset.size // grid)


def drawn(originals, indices, codes, side):
    """A cell for each code, the most used first: uint8 (K, side, 2 side, 3). indices (N, G, G)."""
    patches, maps, uses = found(originals, indices, codes)
    darkness = maps / np.maximum(maps.max(axis=(1, 2), keepdims=True), 1)
    maps = np.repeat((RARE * (1 - darkness))[..., None], 3, axis=-1)
    halves = [images.upscale(half, side // half.shape[1]) for half in (patches, maps)]
    cells = np.concatenate(halves, axis=2).round().astype(np.uint8)
    cells[uses == 0] = images.WHITE
    return cells[np.argsort(-uses, kind="stable")]


def found(originals, indices, codes):
    """Of every code: the mean patch (K, F, F, 3), how often it stands where (K, G, G), and how often in all (K,)."""
    n, grid = len(indices), indices.shape[1]
    f = originals.shape[1] // grid
    patches = originals.reshape(n, grid, f, grid, f, 3).swapaxes(2, 3).reshape(-1, f * f * 3)
    sums, maps = np.zeros((codes, f * f * 3)), np.zeros((codes, grid * grid))
    np.add.at(sums, indices.ravel(), patches)
    np.add.at(maps, (indices.ravel(), np.tile(np.arange(grid * grid), n)), 1)
    uses = maps.sum(axis=1)
    means = sums / np.maximum(uses, 1)[:, None]
    return means.reshape(codes, f, f, 3), maps.reshape(codes, grid, grid), uses
