"""What the commands' options have in common: types, the parser, and how seeds are written."""

import inspect
import re
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minihit.backend import allow_tf32, resolve_device
from minihit.errors import UserError

Device = Literal["auto", "cpu", "gpu"]
Choice = Literal["auto", "yes", "no"]
Switch = Annotated[bool, tyro.conf.FlagCreatePairsOff]                    # --raw, without a --no-raw beside it
Run = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN", help="folder that minihit train wrote")]
MOST_SEEDS = 1_000_000
_RANGE = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")


def parse(options, argv, command, default=None):
    """The dataclass `options` from a command line; prints help or a mistake and exits where there is one."""
    given = {} if default is None else {"default": default}
    return tyro.cli(options, args=argv, prog=f"minihit {command}", description=inspect.getdoc(options), **given)


def chosen_device(options):
    """The device, "cpu" or "gpu", behind --device, with --tf32 in effect. Raises UserError where either cannot be."""
    if options.tf32:
        allow_tf32()
    device = resolve_device(options.device)
    if options.tf32 and device == "cpu":
        raise UserError("--tf32 is about products on a GPU and this run is on the CPU: leave it out")
    return device


def shown(metavar, default):
    """How help shows an option whose default is made elsewhere."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=f"(default: {default})")


def parse_seeds(text):
    """The seeds that "0-63" or "0,5,7-9" stands for, in this order. Raises UserError for anything else."""
    seeds = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise UserError(f"seeds {text!r:.60} cannot be read: write numbers and ranges such as 0-63 or 0,5,7-9")
        if len(seeds) + last - first >= MOST_SEEDS:
            raise UserError(f"seeds {text!r:.60} are more than {MOST_SEEDS:,}: ask for fewer at a time")
        seeds += range(first, last + 1)
    return seeds


def check_positive(**numbers):
    """Raise UserError for a flag, given by its name, whose number is below one; None stands for a flag left out."""
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise UserError(f"--{name} is {number}: it must be at least 1")
