"""minihit attention: a page to look around in, where each pixel shows what it attends to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tqdm import tqdm

from minihit import sampling
from minihit.atomic import write_text
from minihit.commands.options import RunOrBuiltIn, Switch, parse, parse_seeds, shown
from minihit.commands.sample import warn
from minihit.errors import UserError
from minihit.models import hit
from minihit.show import attention
from minihit.show.images import check_suffix, to_uint8
from minihit.training.run import weights
from minihit.training.run.folder import called

MOST = 64 * 10**6                                                         # bytes that a browser reads at once


@dataclass(frozen=True)
class Attention:
    """Write a page, one HTML file that needs no network, of pictures by HiT: what the pixel under the pointer attends
    to in each stage of the generator, inside its window, across windows and among the latent tokens, head by head.

    Examples:
      minihit attention built-in --out page.html
      minihit attention runs/faces-32 --seeds 7,12,30-33
    """

    run: RunOrBuiltIn
    seeds: str = "0-5"                       # pictures to choose from: numbers and ranges, as in minihit sample
    out: Annotated[Path | None, shown("FILE", "RUN/attention-STEP.html")] = None  # the page
    raw: Switch = False                      # the weights as the optimiser left them, not their moving average


def main(argv):
    options = parse(Attention, argv, "attention")
    seeds = parse_seeds(options.seeds)
    if options.out:
        check_suffix(options.out, ".html")
    source = called(options.run)
    run, network, step = weights.load_generator(source, raw=options.raw, report=warn)
    config = _hit_of(run, source)
    _require_few(seeds, config)
    out = options.out or source.out / f"attention-{step:08d}.html"
    write_text(out, attention.page(source.name, step, config, faces(network, config, seeds)))
    print(out)
    return 0


def _hit_of(run, source):
    """The configuration of the generator. Raises UserError where it does not attend."""
    _, config = sampling.sampled(run.preset)
    if config.kind != "hit":
        raise UserError(f"the run in {source.name} makes its pictures by convolutions, which attend to nothing: give a "
                        f"run of HiT, or built-in")
    return config


def _require_few(seeds, config):
    """Raise UserError for a page that no browser would like."""
    size = len(seeds) * attention.bytes_of_a_face(config)
    if size > MOST:
        few = int(MOST // attention.bytes_of_a_face(config))
        cure = f"choose {few} of them at most" if few else "give a run with smaller pictures"
        raise UserError(f"a page about {len(seeds):,} pictures of side {config.size} would have about "
                        f"{size / 1e6:,.0f} MB: {cure}")


def faces(network, config, seeds):
    """Yield (seed, uint8 image, caches of the stages) of each picture."""
    for seed in tqdm(seeds, unit="picture", disable=None, leave=False):
        z = sampling.latents([seed], config.z_shape)
        image, cache = hit.forward(network["params"], z, config, network["averages"])
        yield seed, to_uint8(image[0]), cache["stages"]
