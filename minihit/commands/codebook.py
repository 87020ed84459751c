"""minihit codebook: what the codes of a VQ-VAE stand for, and where each is used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from minihit import autoencoding
from minihit.backend import resolve_device
from minihit.commands import pictures
from minihit.commands.options import Device, Run, Switch, check_positive, parse, shown
from minihit.commands.reconstruct import PICTURES, in_codes
from minihit.commands.sample import warn
from minihit.errors import UserError
from minihit.show import images
from minihit.show.room import require_room
from minihit.training.run import weights
from minihit.training.run.folder import RunFolder

SEEN = 32                                                                 # pixels of a patch and of a map, at least
NEVER = 200                                                               # grey of a code that is not used


@dataclass(frozen=True)
class Codebook:
    """Draw the codebook of a VQ-VAE: for each code the mean of all patches of pictures where it stands, and beside it
    a map of where in the grid that was (dark: often). The most used codes come first; grey ones were never used.

    Examples:
      minihit codebook runs/vqvae-32
      minihit codebook runs/vqvae-64 photos/ --out words.png
    """

    run: Run
    pictures: PICTURES = ()
    out: Annotated[Path | None, shown("FILE", "RUN/codebook-STEP.png")] = None  # PNG to write
    count: int = 1_000                       # pictures that are looked at, at most
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
    if "quantizer" not in networks:
        raise UserError(f"the run in {options.run} is a VAE, whose latents are numbers and not codes: give a run of "
                        f"minihit train --preset vqvae-32")
    out, codes = options.out or options.run / f"codebook-{step:08d}.png", config.preset.quantizer.codes
    originals = pictures.chosen(options.pictures, config, options.count)
    _, facts = autoencoding.encode(networks, images.to_float(originals), config.preset, device)
    cells = drawn(originals, facts["indices"], codes)
    require_room(out, *images.grid_size(codes, cells.shape[2], options.columns), "choose other --columns")
    images.write_png(out, images.grid(cells, options.columns))
    print(f"{len(originals)} pictures{in_codes(facts, config.preset)}")
    print(out)
    return 0


def drawn(originals, indices, codes):
    """A cell for each code, the most used first: uint8 (K, S, 2 S, 3). indices (N, G, G)."""
    patches, maps, uses = found(originals, indices, codes)
    order = np.argsort(-uses, kind="stable")
    darkness = maps / np.maximum(maps.max(axis=(1, 2), keepdims=True), 1)
    maps = np.where(uses[:, None, None], images.WHITE * (1 - darkness), NEVER)
    patches = np.where(uses[:, None, None, None], patches, NEVER)
    sides = max(SEEN, patches.shape[1], maps.shape[1])
    halves = [_enlarged(patches, sides), _enlarged(np.repeat(maps[..., None], 3, axis=-1), sides)]
    return np.concatenate(halves, axis=2).round().astype(np.uint8)[order]


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


def _enlarged(cells, side):
    return images.upscale(cells, side // cells.shape[1])
