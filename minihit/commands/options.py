"""What the commands' options have in common: types, how their words are read, and which numbers make sense."""

import inspect
import os
import re
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec

from minihit.backend import allow_tf32, resolve_device
from minihit.errors import UserError
from minihit.ops.switch import use_plain
from minihit.presets.autoencoder import DECODERS
from minihit.presets.stylegan2 import GENERATORS
from minihit.training.run.folder import NAME

Device = Literal["auto", "cpu", "gpu"]
Choice = Literal["auto", "yes", "no"]
Graph = Literal["auto", "off"]
Switch = Annotated[bool, tyro.conf.FlagCreatePairsOff]                    # --raw, without a --no-raw beside it
Plain = Annotated[Switch, tyro.conf.arg(help="run on the ops' definitions, without their tuned twins; slow")]
Run = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN", help="folder that minihit train wrote")]
_OR_BUILT_IN = f"folder that minihit train wrote, or {NAME}: the generator that ships with minihit"
RunOrBuiltIn = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar=f"RUN|{NAME}", help=_OR_BUILT_IN)]
AnyRun = Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(
    metavar="[RUN]", help=_OR_BUILT_IN, help_behavior_hint=f"(default: {NAME})")]
Store = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STORE", help="folder of the prepared images")]
MOST_SEEDS = 1_000_000
Decoder = Annotated[Literal[DECODERS] | None, tyro.conf.arg(
    metavar=f"{{{','.join(DECODERS)}}}", help_behavior_hint="(default: the preset's, hit)",
    help="Of a VAE or VQ-VAE: HiT's, or convolutions: cnn has as many parameters, cnn-wide takes as long a step.")]
Generator = Annotated[Literal[GENERATORS] | None, tyro.conf.arg(
    metavar=f"{{{','.join(GENERATORS)}}}", help_behavior_hint="(default: the preset's, hit)",
    help="Of a GAN: HiT's, or StyleGAN2's: stylegan2 has as many parameters, stylegan2-wide takes as long a step.")]
Truncation = Annotated[float | None, tyro.conf.arg(
    metavar="FLOAT", help_behavior_hint="(default: 1, all of it)",
    help="of a StyleGAN2: how much of its distance from the mean a w keeps; 0.7: fewer odd faces, more alike ones")]
LARGEST = 2**63 - 1                                                       # of a whole number that anything can count
_RANGE = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")


def parse(options, argv, command, default=None):
    """The dataclass `options` from a command line, --plain already in effect; prints help or a mistake and exits where
    there is one.

    Raises UserError for a misspelt option that was taken for a file.
    """
    given, help_ = {} if default is None else {"default": default}, inspect.getdoc(options)
    with WORDS:
        found = tyro.cli(options, args=argv, prog=f"minihit {command}", description=help_, **given)
    for path in vars(found).values():
        if isinstance(path, Path) and str(path).startswith("-"):
            raise UserError(f"{path} is no option of minihit {command}: see minihit {command} --help, or write "
                            f"{Path.cwd() / path} for what has that name")
    if getattr(found, "plain", False):
        use_plain(True)
    return found


def parse_known(options, argv, command):
    """The dataclass `options` from a command line that has other flags and --help as well, which are passed over."""
    with WORDS:
        return tyro.cli(options, args=argv, prog=f"minihit {command}", return_unknown_args=True, add_help=False)[0]


def _rule(kind, metavar, read, show=str):
    """How tyro is to read the type `kind` from a word, whose ValueError it shows, and how help shows a value."""
    spec = PrimitiveConstructorSpec(1, metavar, lambda words: read(words[0]), lambda value: type(value) is kind,
                                    lambda value: [show(value)])
    return lambda info: spec if info.type is kind else None


def _read_none(word):
    if word.lower() not in ("none", "-"):
        raise ValueError(f"{word!r} is not none")


def _read_path(word):
    return Path(os.path.expanduser(word))                                 # no shell expands the ~ of --run=~/faces


def _read_int(word):
    try:
        number = int(word)
    except ValueError:
        raise ValueError(f"{word:.40} is not a whole number") from None
    if abs(number) > LARGEST:
        raise ValueError(f"{word:.40} is out of all range")
    return number


WORDS = ConstructorRegistry()
WORDS.primitive_rule(_rule(type(None), "none", _read_none, lambda value: "none"))
WORDS.primitive_rule(_rule(Path, "PATH", _read_path))
WORDS.primitive_rule(_rule(int, "INT", _read_int))


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


def parse_seeds(text, what="seeds"):
    """The seeds, or `what` they are, of "0-63" or "0,5,7-9", in this order. Raises UserError for anything else."""
    seeds = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise UserError(f"{what} {text!r:.60} cannot be read: write numbers and ranges such as 0-63 or 0,5,7-9")
        if len(seeds) + last - first >= MOST_SEEDS:
            raise UserError(f"{what} {text!r:.60} are more than {MOST_SEEDS:,}: ask for fewer at a time")
        seeds += range(first, last + 1)
    return seeds


def check_positive(most=LARGEST, **numbers):
    """Raise UserError for a flag, given by its name, whose number is not from 1 to most; None: a flag left out."""
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise UserError(f"--{name} is {number}: it must be at least 1")
        if number is not None and number > most:
            raise UserError(f"--{name} is {number}: it must be at most {most:,}")
