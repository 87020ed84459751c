"""minihit info: a table of what a preset or a run costs."""

import os
import textwrap
from dataclasses import dataclass
from typing import Annotated

import tyro

from minihit import cost
from minihit.bench.forecast import forecast
from minihit.bench.table import aligned
from minihit.commands.options import Decoder, Generator, parse
from minihit.errors import UserError
from minihit.presets import PRESETS, chosen, counterparts
from minihit.training.run.config import read_config
from minihit.training.run.folder import NAME, called

COLUMNS = ("", "map", "channels", "heads", "window", "attention", "blocks",
           "parameters", "multiply-adds", "activations")
WIDEST = 120                                                              # characters of a line
LEGEND = """\
attention: axes of self-attention; block: inside windows, grid: across them, each with its share of the heads
multiply-adds: of the products and convolutions of one forward pass, per image
activations: what one forward pass keeps for backward, per image"""


@dataclass(frozen=True)
class Info:
    """Show what a network costs, stage by stage: parameters, multiply-adds, memory.

    Examples:
      minihit info hit-256
      minihit info runs/faces-32
      minihit info vqvae-32 --decoder cnn
      minihit info faces-32 --generator stylegan2
    """

    name: Annotated[str, tyro.conf.Positional,
                    tyro.conf.arg(metavar="PRESET|RUN", help=(
                        f"one of {', '.join(PRESETS)}, or the folder of a run, or {NAME}"))]
    decoder: Decoder = None
    generator: Generator = None


def main(argv):
    options = parse(Info, argv, "info")
    name, preset = options.name, find(options.name, options.decoder, options.generator)
    print(describe(name, preset))
    for text in choices(name):
        print(f"\n{text}")
    return 0


def find(name, decoder=None, generator=None):
    """The Preset of that name, or of the run in the folder of that name; decoder: another one, of DECODERS; generator:
    of GENERATORS.

    Raises UserError where there is neither, or no such counterpart.
    """
    folder = called(os.path.expanduser(name))
    if name in PRESETS or decoder or generator:
        return chosen(name, decoder, generator)
    if not folder.config.is_file():
        raise UserError(f"{folder.path} is neither a preset nor the folder of a run: choose one of "
                        f"{', '.join(PRESETS)}, or a folder that minihit train wrote")
    return read_config(folder).preset


def describe(name, preset):
    """The whole text."""
    costs = cost.rows(preset)
    sections = [text for network, config in preset.networks.items()
                for text in (f"{name}: {network}, {TITLES[config.kind](config)}", table(costs[network]))]
    return "\n\n".join([*sections, LEGEND, memory(preset, costs), *on_a_gpu(preset)])


def choices(name):
    """For each network of a preset that can be another, the ones that it can be, a line each, aligned."""
    for network, found in counterparts(name).items():
        totals = {other: cost.total(cost.rows(preset)[network]) for other, preset in found.items()}
        yield aligned((f"--{network}", *COLUMNS[-3:]), [(other, *cells(row)[-3:]) for other, row in totals.items()])


def _picture(config):
    return f"{config.size} x {config.size} x 3"


def _latent(config, numbers, side):
    return f"{side} x {side} x {numbers} numbers" if config.spatial else f"{numbers} numbers"


def _hit(config):
    heads, latent = "multi-query" if config.multi_query else "multi-head", _latent(config, config.latent, config.start)
    return f"{latent} -> {_picture(config)}, {config.norm} norm, {heads} attention"


def _discriminator(config):
    extras = [f"{config.downsample} downsampling"] + ["equalised"] * config.equalized
    return f"{_picture(config)} -> logit, {', '.join(extras + ['minibatch stddev'] * config.minibatch_stddev)}"


def _encoder(config):
    return f"{_picture(config)} -> {_latent(config, config.out, config.side)}, {_blocks(config)}"


def _convolutional_decoder(config):
    return f"{_latent(config, config.latent, config.start)} -> {_picture(config)}, {_blocks(config)}"


def _blocks(config):
    return f"convolutions, {config.blocks} residual blocks" if config.blocks else "plain convolutions"


def _quantizer(config):
    learnt = {"average": "moving averages", "gradient": "gradients"}[config.learn]
    return f"{config.codes} codes of {config.width} numbers, by {learnt}"


def _stylegan2(config):
    return f"{config.latent} numbers -> {_picture(config)}, modulated convolutions, mapping of depth {config.mapping}"


TITLES = {"hit": _hit, "discriminator": _discriminator, "encoder": _encoder, "quantizer": _quantizer,
          "convolutional_decoder": _convolutional_decoder, "stylegan2": _stylegan2}


def table(rows):
    """Rows with a total below, aligned; columns that are empty throughout are left out."""
    lines = [COLUMNS, *map(cells, rows), cells(cost.total(rows))]
    used = [column for column in zip(*lines, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in used]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    text = ["  ".join(_align(*cell) for cell in zip(line, widths, range(len(widths)), strict=True)).rstrip()
            for line in zip(*used, strict=True)]
    return "\n".join([text[0], rule, *text[1:-1], rule, text[-1]])


def cells(row):
    """A Row as text, one string per column."""
    return (row.part, f"{row.side} x {row.side}" if row.side else "", number(row.channels), number(row.heads),
            "{} x {}".format(*row.window) if row.window else "", " + ".join(row.attention), number(row.blocks),
            f"{row.parameters:,}", quantity(row.multiply_adds), size(row.activations))


def memory(preset, costs):
    """What a run holds between steps, and what a micro-batch adds while it is computed."""
    kept = cost.training_memory(preset)
    parts = ", ".join(f"{what} {size(count)}" for what, count in kept.items())
    together = preset.recipe.micro_batch or preset.recipe.batch
    activations = ", ".join(f"{network} {size(cost.total(rows).activations * together)}"
                            for network, rows in costs.items())
    lines = (f"training keeps {size(sum(kept.values()))}: {parts}",
             f"activations of each thread's micro-batch of {together}: {activations}")
    return "\n".join(textwrap.fill(line, WIDEST, subsequent_indent="  ") for line in lines)


def on_a_gpu(preset):
    """What the recipe would take there, in a sentence; nothing for an autoencoder's, of which no step was measured."""
    if preset.kind == "gan":
        yield (f"on an H100, going by a measured step of celeba-64: "
               f"{forecast(preset).sentence(preset.recipe.steps)}")


def number(count):
    return "" if not count else str(count)


def quantity(count):
    """A count to three digits: 12,345,678 is 12.3 M."""
    return _scaled(count, 1000, ("", "k", "M", "G", "T"))


def size(count):
    """Bytes to three digits: 12,345,678 is 11.8 MiB."""
    return _scaled(count, 1024, ("B", "KiB", "MiB", "GiB", "TiB"))


def _scaled(count, base, units):
    power = 0
    while count >= 999.5 and power + 1 < len(units):
        count, power = count / base, power + 1
    digits = 2 if count < 9.995 else 1 if count < 99.95 else 0
    return f"{count:.{digits if power else 0}f} {units[power]}".rstrip()


def _align(text, width, index):
    return text.ljust(width) if index == 0 else text.rjust(width)
