"""minihit train: a preset, changed by flags, becomes the configuration of a run."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minihit.commands.options import Choice, Device, Switch, chosen_device, parse, shown
from minihit.errors import UserError
from minihit.models.config import DiscriminatorConfig, GeneratorConfig
from minihit.presets import PRESETS, Preset
from minihit.training.recipe import Recipe
from minihit.training.run import checkpoint
from minihit.training.run.config import MAY_CHANGE, RunConfig, differences, intervals, read_config, words
from minihit.training.run.folder import RunFolder

FIRST_PRESET = "faces-32"
_GENERATOR = tyro.conf.arg(help="HiT's generator: one number per stage, and stage i has a map of side 8 * 2^i.")
_DISCRIMINATOR = tyro.conf.arg(help="StyleGAN2's residual discriminator.")
_RECIPE = tyro.conf.arg(help="How the two are trained.")
_MICRO_BATCH = tyro.conf.arg(
    metavar="INT", help_behavior_hint="(default: --recipe.micro-batch)",
    help="Short for --recipe.micro-batch: images computed at a time, which memory grows with. The gradient is that of "
         "the whole batch, except that batch norm takes its statistics from a micro-batch (--generator.norm layer "
         "takes none).")
_BUDGET = tyro.conf.arg(
    metavar="{minutes,hour,night}", help_behavior_hint="(default: the recipe's steps)",
    help="As many steps as this machine makes in 10 minutes, an hour or 8 hours, found by a short warm-up.")
_FROM = tyro.conf.arg(name="from", metavar="RUN", help_behavior_hint="(default: first values by the seed)",
                      help="Run, or one of its checkpoints, whose weights a new run begins with: generator, moving "
                           "average and discriminator. Its networks and recipe are the defaults then.")
_RESUME = tyro.conf.arg(help="Go on with the run in its folder. Only --steps, --keep, how often it shows and saves "
                             "something, and the place of the same --data may change.")
SHORT = ("steps", "batch", "micro_batch")                                 # for fields of the recipe


@dataclass(frozen=True)
class Train:
    """Train a generator against a discriminator, and write samples, log, curves and checkpoints into a folder.

    The preset gives every default below; all can be changed. Ctrl-C finishes the step and saves; --resume goes on.

    Examples:
      minihit train
      minihit train --preset celeba-64 --data photos --run runs/photos --budget night
      minihit train --run runs/photos --resume
      minihit train --from runs/faces-32 --data photos --run runs/tuned
      minihit train --run runs/grid --generator.attention grid --generator.norm layer --recipe.r1 5
    """

    generator: Annotated[GeneratorConfig, _GENERATOR]
    discriminator: Annotated[DiscriminatorConfig, _DISCRIMINATOR]
    recipe: Annotated[Recipe, _RECIPE]
    preset: str                              # networks and recipe to start from: see minihit info PRESET
    run: Annotated[Path, shown("FOLDER", "runs/PRESET")]  # folder of the run
    data: str                                # "faces", a store that minihit data prepared, or a folder of images
    seed: int                                # decides the first parameters and every random draw
    flip: bool                               # mirror images of a folder at random
    log_every: int                           # steps between lines of the log
    sample_every: int                        # steps between sample grids
    measure_every: int                       # steps between measurements: sliced Wasserstein distance, neighbours
    measure_images: int                      # images on each side of that measurement
    save_every: int                          # steps between checkpoints; after ten minutes there is one in any case
    keep: int                                # newest checkpoints that are kept
    origin: Annotated[str | None, _FROM]
    device: Device = "auto"                  # auto is the GPU where there is a working one
    data_on_device: Choice = "auto"          # keep all images on the GPU; auto: where they leave half of it free
    tf32: Switch = False                     # products on the GPU with ten bits of mantissa: quicker, rounds more
    resume: Annotated[Switch, _RESUME] = False
    steps: Annotated[int | None, shown("INT", "--recipe.steps")] = None  # short for --recipe.steps
    batch: Annotated[int | None, shown("INT", "--recipe.batch")] = None  # short for --recipe.batch
    micro_batch: Annotated[int | None, _MICRO_BATCH] = None
    budget: Annotated[Literal["minutes", "hour", "night"] | None, _BUDGET] = None


@dataclass(frozen=True)
class Base:
    """The flags that decide the defaults of all others."""

    preset: str | None = None
    run: str | None = None
    origin: Annotated[str | None, _FROM] = None
    resume: Switch = False
    steps: int | None = None


def main(argv):
    options, config = configure(argv)
    device = chosen_device(options)
    from minihit.training.loop import train

    return train(config, RunFolder(options.run), device, options.resume, options.budget, options.data_on_device)


def configure(argv):
    """(Train, RunConfig) of a command line. Raises UserError where it contradicts itself or the run that it resumes."""
    base, _ = tyro.cli(Base, args=argv, return_unknown_args=True, add_help=False, prog="minihit train")
    name = FIRST_PRESET if base.preset is None else base.preset
    if name not in PRESETS:
        raise UserError(f"preset {name!r} is unknown: choose one of {', '.join(PRESETS)}")
    for flag, text in (("--run", base.run), ("--from", base.origin)):
        if text == "":
            raise UserError(f"{flag} is empty: give the folder of a run, such as runs/photos")
    folder = RunFolder(Path(base.run or f"runs/{name}"))
    if base.origin is not None and (base.resume or not base.run):
        raise UserError("--from begins a new run: name its folder with --run, and leave --from out to --resume it")
    origin = None if base.origin is None else _origin(Path(base.origin))
    start = _tuned(origin) if origin and base.preset is None else PRESETS[name]
    first = _saved(folder, base.preset) if base.resume else _fresh(start, base.steps)
    options = parse(Train, argv, "train", _as_options(first, preset=name, run=folder.path))
    config = _as_config(options)
    config = dataclasses.replace(config, origin=str(origin)) if origin else config
    if options.budget and (base.resume or options.steps):
        raise UserError("--budget chooses the number of steps when a run begins: leave it out, or --steps and --resume")
    if base.resume:
        _require_same(config, first, folder)
    return options, config


def _fresh(preset, steps):
    return RunConfig(preset, **intervals(steps or preset.recipe.steps))


def _origin(path):
    """The checkpoint that --from names: the newest of a run, or the very file."""
    found = [path] if path.is_file() else checkpoint.newest(RunFolder(path).checkpoints)
    if not found:
        raise UserError(f"--from {path} holds no checkpoint: give the folder of a run, or one of its checkpoints")
    return found[0]


def _tuned(origin):
    """The Preset of the run of a checkpoint; how few pictures are augmented is settled by the new ones."""
    preset = read_config(RunFolder(origin.parent.parent)).preset
    return dataclasses.replace(preset, recipe=dataclasses.replace(preset.recipe, augment=None))


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


def _as_options(config, **others):
    networks = {field.name: getattr(config.preset, field.name) for field in dataclasses.fields(Preset)}
    return Train(**networks, **{name: getattr(config, name) for name in _shared()}, **others)


def _as_config(options):
    short = {name: value for name in SHORT if (value := getattr(options, name)) is not None}
    recipe = dataclasses.replace(options.recipe, **short)
    preset = Preset(options.generator, options.discriminator, recipe)
    return RunConfig(preset, **{name: getattr(options, name) for name in _shared()})


def _shared():
    """The names of the fields that RunConfig and Train have in common."""
    return [field.name for field in dataclasses.fields(RunConfig) if field.name != "preset"]


def _require_same(config, saved, folder):
    """Raise UserError where more differs from the run that is resumed than may change."""
    for name, here, there in differences(config, saved):
        if name not in MAY_CHANGE:
            flag = name.replace("_", "-")
            raise UserError(f"--{flag} {words(here)} contradicts the run in {folder.path}, which has {words(there)}: "
                            f"leave --{flag} out, or start another run with --run")
