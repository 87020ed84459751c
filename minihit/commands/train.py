"""minihit train: a preset, changed by flags, becomes the configuration of a run."""

import dataclasses
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minihit.commands.options import (
    Choice,
    Decoder,
    Device,
    Generator,
    Graph,
    Plain,
    Switch,
    chosen_device,
    parse,
    parse_known,
    shown,
)
from minihit.data.dataset import BUILT_IN
from minihit.data.open import meant
from minihit.errors import UserError
from minihit.presets import PRESETS, chosen
from minihit.presets.autoencoder import DECODERS
from minihit.presets.stylegan2 import GENERATORS
from minihit.training.run import checkpoint
from minihit.training.run.config import MAY_CHANGE, RunConfig, differences, intervals, read_config, words
from minihit.training.run.folder import RunFolder

FIRST_PRESET = "faces-32"
_PRESET = tyro.conf.arg(metavar="PRESET", help=f"Networks and recipe to start from, which minihit info PRESET shows: "
                                               f"one of {', '.join(PRESETS)}.")
_BUDGET = tyro.conf.arg(
    metavar="{minutes,hour,night}", help_behavior_hint="(default: the recipe's steps)",
    help="As many steps as this machine makes in 10 minutes, an hour or 8 hours, found by a short warm-up.")
_RESUME = tyro.conf.arg(help="Go on with the run in its folder. Only --steps, --keep, --measure, how often it shows "
                             "and saves something, and where the same --data and --with lie may change.")


@dataclass(frozen=True)
class Train:
    """Train a generator against a discriminator, or an encoder and a decoder (VAE, VQ-VAE), and write samples, log,
    curves and checkpoints into a folder.

    The preset gives every default below; all can be changed. Ctrl-C finishes the step and saves; --resume goes on.

    Examples:
      minihit train
      minihit train --preset celeba-64 --data photos --run runs/photos --budget night
      minihit train --run runs/photos --resume
      minihit train --preset vqvae-32 --decoder cnn --run runs/vqvae-32-cnn
      minihit train --preset faces-32 --generator stylegan2 --run runs/stylegan2-32
      minihit train --from runs/faces-32 --data photos --run runs/tuned
      minihit train --run runs/grid --generator.attention grid --generator.norm layer --recipe.r1 5
    """

    config: Annotated[RunConfig, tyro.conf.arg(name="")]
    preset: Annotated[str, _PRESET]
    run: Annotated[Path, shown("FOLDER", "runs/PRESET")]  # folder of the run
    decoder: Decoder = None
    generator: Generator = None
    device: Device = "auto"                  # auto is the GPU where there is a working one
    data_on_device: Choice = "auto"          # keep all images on the GPU; auto: where they leave half of it free
    tf32: Switch = False                     # products on the GPU with ten bits of mantissa: quicker, rounds more
    graph: Graph = "auto"                    # on a GPU: record a step once and replay it, with the same numbers
    plain: Plain = False
    resume: Annotated[Switch, _RESUME] = False
    budget: Annotated[Literal["minutes", "hour", "night"] | None, _BUDGET] = None


@dataclass(frozen=True)
class Base:
    """The flags that decide the defaults of all others."""

    preset: str | None = None
    decoder: str | None = None
    generator: str | None = None
    run: str | None = None
    origin: Annotated[str | None, tyro.conf.arg(name="from")] = None
    resume: Switch = False
    steps: Annotated[str, tyro.conf.arg(aliases=["--recipe.steps"])] = ""  # Train says what is wrong with it
    data: str | None = None


def main(argv):
    options = configure(argv)
    device = "cpu" if options.config.own and options.device == "auto" else chosen_device(options)
    from minihit.training.loop import train

    with _own_layers(options.config.own):
        return train(options.config, RunFolder(options.run), device, options.resume, options.budget,
                     options.data_on_device, options.graph)


@contextmanager
def _own_layers(folder):
    """The layers of a folder in the place of the library's, said what is and what is not; None: the library's."""
    if folder is None:
        yield
        return
    from minihit.learn import own
    from minihit.learn.replacing import using

    owns, left_out = own.checked(Path(folder).expanduser())
    for sentence in left_out:
        print(f"left to the library: {sentence}")
    print(f"your own, from {folder}: {', '.join(owns)}")
    with using({name: each.functions for name, each in owns.items()}):
        yield


def configure(argv):
    """The Train of a command line. Raises UserError where it contradicts itself or the run that it resumes."""
    base = parse_known(Base, argv, "train")
    name = FIRST_PRESET if base.preset is None else base.preset
    if name not in PRESETS:
        raise UserError(f"preset {name!r} is unknown: choose one of {', '.join(PRESETS)}")
    _require_sense(base)
    folder = RunFolder(Path(base.run or f"runs/{name}").expanduser())
    origin = None if base.origin is None else _origin(Path(base.origin).expanduser())
    start = _tuned(origin) if origin and base.preset is None else _preset(name, base)
    first = _saved(folder, base.preset) if base.resume else _fresh(start, base.steps)
    options = parse(Train, argv, "train", Train(first, name, folder.path))
    named = {"data": meant(os.path.expanduser(base.data))} if base.data else {}
    named |= {"origin": str(origin)} if origin else {}
    named |= {"lanes": 1} if options.config.own and not base.resume and not options.config.lanes else {}
    config = dataclasses.replace(options.config, **named)
    if base.data == BUILT_IN != config.data:
        print(f"--data {BUILT_IN} is {config.data} here; the drawn faces are trained on where --data is left out")
    if options.budget and (base.resume or base.steps):
        raise UserError("--budget chooses the number of steps when a run begins: leave it out, or --steps and --resume")
    if config.own and (config.lanes != 1 or options.device == "gpu"):
        raise UserError("--with trains on the CPU and on one lane: leave --device and --lanes out, or begin anew")
    if base.resume:
        _require_same(config, first, folder)
    return dataclasses.replace(options, config=config)


def _require_sense(base):
    """Raise UserError where flags that decide the defaults contradict each other."""
    for flag, text in (("--run", base.run), ("--from", base.origin)):
        if text == "":
            raise UserError(f"{flag} is empty: give the folder of a run, such as runs/photos")
    if base.origin is not None and (base.resume or not base.run):
        raise UserError("--from begins a new run: name its folder with --run, and leave --from out to --resume it")
    for network in ("decoder", "generator"):
        if getattr(base, network) and (base.resume or (base.origin and base.preset is None)):
            raise UserError(f"--{network} belongs to a --preset and the run that is named has its own {network}: "
                            f"leave it out")


def _preset(name, base):
    """The Preset that flags begin with; Train says what is wrong with a word that names no network."""
    decoder, generator = base.decoder, base.generator
    return chosen(name, decoder if decoder in DECODERS else None, generator if generator in GENERATORS else None)


def _fresh(preset, steps):
    """The RunConfig of a preset that shows, measures and saves as often as fits so many steps, written as a word."""
    return RunConfig(preset, **intervals(int(steps) if steps.isdecimal() and len(steps) < 19 else preset.recipe.steps))


def _origin(path):
    """The checkpoint that --from names: the newest of a run, or the very file."""
    found = [path] if path.is_file() else checkpoint.newest(RunFolder(path).checkpoints)
    if not found:
        raise UserError(f"--from {path} holds no checkpoint: give the folder of a run, or one of its checkpoints")
    return found[0]


def _tuned(origin):
    """The Preset of the run of a checkpoint; how few pictures are augmented is settled by the new ones."""
    preset = read_config(RunFolder(origin.parent.parent)).preset
    return dataclasses.replace(preset, recipe=preset.recipe.unsettled())


def _saved(folder, preset):
    """The configuration of the run to resume."""
    if not folder.config.is_file():
        raise UserError(f"{folder.path} holds no run, so there is nothing to resume: "
                        f"leave --resume out to start one there, or name the run's folder with --run")
    saved = read_config(folder)
    named = PRESETS[preset] if preset else saved.preset
    if saved.preset.size != named.size:
        raise UserError(f"the run in {folder.path} makes images of side {saved.preset.size}, {preset} of side "
                        f"{named.size}: leave --preset out to resume it")
    if saved.preset.kind != named.kind:
        raise UserError(f"the run in {folder.path} trains a {saved.preset.kind}, {preset} is a {named.kind}: leave "
                        f"--preset out to resume it")
    return saved


def _require_same(config, saved, folder):
    """Raise UserError where more differs from the run that is resumed than may change."""
    for name, here, there in differences(config, saved):
        if name not in MAY_CHANGE:
            flag = name.replace("_", "-")
            raise UserError(f"--{flag} {words(here)} contradicts the run in {folder.path}, which has {words(there)}: "
                            f"leave --{flag} out, or start another run with --run")
