"""minihit train: a preset, changed by flags, becomes the configuration of a run."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minihit.commands.options import Choice, Device, Switch, chosen_device, parse, parse_known, shown
from minihit.errors import UserError
from minihit.presets import PRESETS
from minihit.training.run.config import RunConfig, intervals, read_config
from minihit.training.run.folder import RunFolder

FIRST_PRESET = "faces-32"
_PRESET = tyro.conf.arg(metavar="PRESET", help=f"Networks and recipe to start from, which minihit info PRESET shows: "
                                               f"one of {', '.join(PRESETS)}.")
_BUDGET = tyro.conf.arg(
    metavar="{minutes,hour,night}", help_behavior_hint="(default: the recipe's steps)",
    help="As many steps as this machine makes in 10 minutes, an hour or 8 hours, found by a short warm-up.")


@dataclass(frozen=True)
class Train:
    """Train a generator against a discriminator, and write samples, log, curves and checkpoints into a folder.

    The preset gives every default below; all can be changed. Ctrl-C finishes the step and saves; --resume goes on.

    Examples:
      minihit train
      minihit train --preset celeba-64 --data photos --run runs/photos --budget night
      minihit train --run runs/photos --resume
      minihit train --run runs/grid --generator.attention grid --generator.norm layer --recipe.r1 5
    """

    config: Annotated[RunConfig, tyro.conf.arg(name="")]
    preset: Annotated[str, _PRESET]
    run: Annotated[Path, shown("FOLDER", "runs/PRESET")]  # folder of the run
    device: Device = "auto"                  # auto is the GPU where there is a working one
    data_on_device: Choice = "auto"          # keep all images on the GPU; auto: where they leave half of it free
    tf32: Switch = False                     # products on the GPU with ten bits of mantissa: quicker, rounds more
    resume: Switch = False                   # go on with the run in its folder; only --steps may change
    budget: Annotated[Literal["minutes", "hour", "night"] | None, _BUDGET] = None


@dataclass(frozen=True)
class Base:
    """The flags that decide the defaults of all others."""

    preset: str | None = None
    run: Path | None = None
    resume: Switch = False
    steps: Annotated[str, tyro.conf.arg(aliases=["--recipe.steps"])] = ""  # Train says what is wrong with it


def main(argv):
    options = configure(argv)
    device = chosen_device(options)
    from minihit.training.loop import train

    return train(options.config, RunFolder(options.run), device, options.resume, options.budget,
                 options.data_on_device)


def configure(argv):
    """The Train of a command line. Raises UserError where it contradicts itself or the run that it resumes."""
    base = parse_known(Base, argv, "train")
    name = base.preset or FIRST_PRESET
    if name not in PRESETS:
        raise UserError(f"preset {name!r} is unknown: choose one of {', '.join(PRESETS)}")
    folder = RunFolder(base.run or Path("runs", name))
    first = _saved(folder, base.preset) if base.resume else _fresh(PRESETS[name], base.steps)
    options = parse(Train, argv, "train", Train(first, name, folder.path))
    config = dataclasses.replace(options.config, data=os.path.expanduser(options.config.data))
    if options.budget and (base.resume or base.steps):
        raise UserError("--budget chooses the number of steps when a run begins: leave it out, or --steps and --resume")
    if base.resume:
        _require_same(config, first, folder)
    return dataclasses.replace(options, config=config)


def _fresh(preset, steps):
    """The RunConfig of a preset that shows, measures and saves as often as fits so many steps, written as a word."""
    return RunConfig(preset, **intervals(int(steps) if steps.isdecimal() and len(steps) < 19 else preset.recipe.steps))


def _saved(folder, preset):
    """The configuration of the run to resume."""
    if not folder.config.is_file():
        raise UserError(f"{folder.path} holds no run, so there is nothing to resume: "
                        f"leave --resume out to start one there, or name the run's folder with --run")
    saved = read_config(folder)
    sizes = saved.preset.generator.size, PRESETS[preset].generator.size if preset else saved.preset.generator.size
    if sizes[0] != sizes[1]:
        raise UserError(f"the run in {folder.path} makes images of side {sizes[0]}, {preset} of side {sizes[1]}: "
                        f"leave --preset out to resume it")
    return saved


def _require_same(config, saved, folder):
    """Raise UserError where anything but the number of steps differs from the run that is resumed."""
    for name, here, there in _differences(config, saved):
        if name != "recipe.steps":
            flag = name.replace("_", "-")
            raise UserError(f"--{flag} {_words(here)} contradicts the run in {folder.path}, which has {_words(there)}: "
                            f"leave --{flag} out, or start another run with --run")


def _differences(config, other, prefix=""):
    """(name, value, other value) of the fields that differ, named as their flags are."""
    for field in dataclasses.fields(config):
        here, there = getattr(config, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(here):
            inner = "" if field.name == "preset" else f"{prefix}{field.name}."
            yield from _differences(here, there, inner)
        elif here != there:
            yield prefix + field.name, here, there


def _words(value):
    if isinstance(value, tuple):
        return " ".join(map(_words, value)) or "nothing"
    return "none" if value is None else str(value)
