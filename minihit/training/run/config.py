"""A run's configuration, all that decides its numbers, and how it is written down."""

import dataclasses
import json
import math
import types
import typing
from dataclasses import dataclass, replace
from typing import Annotated

import tyro

from minihit import parallel
from minihit.atomic import replacing
from minihit.comparing.names import FEATURES, IN_TRAINING
from minihit.data.dataset import BUILT_IN, ImageSet
from minihit.errors import UserError, require_choice, require_seed
from minihit.presets import Preset
from minihit.training.parts import lanes_that_pay

MOST_LANES = 4_096                                                        # of the largest batch, 16 images each

MAY_CHANGE = ("recipe.steps", "data", "log_every", "sample_every", "measure_every", "measure", "weights", "save_every",
              "keep", "own")
"""What may be another when a run goes on, by the names of `differences`: how long it is and what is seen of it; and the
names of its data, as long as they are the same images, and of a learner's layers, which are graded. Everything else
decides the numbers of its steps and measures."""
LEAST_MEASURED = 10                                                       # images that measures on features need
_MEASURE = tyro.conf.arg(metavar="NAME ...", help_behavior_hint="(default: none)", help=(
    f"measures on features, beside those that are always made: {', '.join(FEATURES)}, on random features; "
    f"{', '.join(name for name in IN_TRAINING if name not in FEATURES)}, on Inception's, which need --weights"))
_WEIGHTS = tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: none)", help="of Inception")
_WITH = tyro.conf.arg(name="with", metavar="FOLDER", help_behavior_hint="(default: none)", help=(
    "Exercises of minihit learn, and files named after ops and layers, that take the place of the library's. They are "
    "graded first, and run as Python; on the CPU, on one lane. A run goes on with them."))
_FROM = tyro.conf.arg(name="from", metavar="RUN", help_behavior_hint="(default: first values by the seed)")


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the numbers of a run, apart from the machine."""

    preset: Annotated[Preset, tyro.conf.arg(name=""), tyro.conf.AvoidSubcommands]  # a part's name begins its flags
    data: str = BUILT_IN                     # "faces", a store that minihit data prepared, or a folder of images
    seed: int = 0                            # decides the first parameters and every random draw
    flip: bool = True                        # mirror images of a folder at random
    log_every: int = 50                      # steps between lines of the log
    sample_every: int = 50                   # steps between sample grids
    measure_every: int = 500                 # steps between measurements on held-out images, which the terminal shows
    measure_images: int = 1_000              # held-out images that they are made with
    measure: Annotated[tuple[str, ...], _MEASURE] = ()
    weights: Annotated[str | None, _WEIGHTS] = None
    save_every: int = 500                    # steps between checkpoints; after ten minutes there is one in any case
    keep: int = 2                            # newest checkpoints that are kept
    lanes: int = 0                           # threads that share a batch; 0: as many as pay on this machine's cores
    origin: Annotated[str | None, _FROM] = None
    """run, or one of its checkpoints, whose weights a new run begins with, those of all networks and their moving
    average; its networks and recipe are the defaults then"""
    own: Annotated[str | None, _WITH] = None

    def __post_init__(self):
        require_seed("seed", self.seed)
        if not self.data:
            raise UserError(f"data is empty: give {BUILT_IN}, a folder of images, or a store of minihit data prepare")
        for name in ("log_every", "sample_every", "measure_every", "measure_images", "save_every", "keep"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must be at least 1")
        for name in self.measure:
            require_choice("measure", name, IN_TRAINING)
        if self.measure and self.measure_images < LEAST_MEASURED:
            raise UserError(f"measure_images is {self.measure_images}: for {self.measure[0]} and its like it must be "
                            f"at least {LEAST_MEASURED}")
        if not 0 <= self.lanes <= MOST_LANES:
            raise UserError(f"lanes is {self.lanes}: it must be 0 (as many as pay) to {MOST_LANES}")

    def settled(self, data):
        """With what its data set and this machine decide."""
        pictures = len(data.training) if isinstance(data, ImageSet) else None
        recipe = self.preset.recipe.for_pictures(pictures)
        lanes = self.lanes or lanes_that_pay(recipe.batch, recipe.micro_batch, parallel.cores())
        return replace(self, preset=replace(self.preset, recipe=recipe), lanes=lanes)


def intervals(steps):
    """Settings of a RunConfig for a run of so many steps: a long one shows, measures and saves less often."""
    return {"sample_every": max(50, steps // 200), "measure_every": max(500, steps // 80),
            "save_every": max(500, steps // 200)}


def to_json(config):
    return json.dumps(plain(config), indent=1)


def plain(config):
    """A dataclass as nested dicts; one that has a kind, such as a network, says which."""
    if not dataclasses.is_dataclass(config):
        return config
    kind = {"kind": config.kind} if hasattr(config, "kind") else {}
    return {**kind, **{field.name: plain(getattr(config, field.name)) for field in dataclasses.fields(config)}}


def from_json(text, source):
    """The RunConfig that to_json wrote; source, a file's name, is for the UserError that a foreign text raises."""
    try:
        return _build(RunConfig, _with_lanes(json.loads(text)))
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(f"{source} is not the configuration of a run ({error}): "
                        f"choose the folder of a run, or start a new one") from error


def _with_lanes(fields):
    """Files of version 0.1.0 have no lanes: a batch in one piece had two, or as many as left 16 images to each."""
    if "lanes" in fields:
        return fields
    batch, micro_batch = (fields["preset"]["recipe"][name] for name in ("batch", "micro_batch"))
    return {**fields, "lanes": 2 if micro_batch in range(1, batch) else max(2, math.ceil(batch / 16))}


def from_facts(facts, like, source):
    """The RunConfig in a checkpoint's facts; what an older version did not write there is as in the RunConfig like."""
    return from_json(json.dumps(_completed(facts.get("config", {}), json.loads(to_json(like)))), source)


def _completed(facts, like):
    """The nested dict `facts`, with what it lacks from `like`, where that is of the same kind."""
    if not isinstance(facts, dict) or not isinstance(like, dict) or facts.get("kind", kind := like.get("kind")) != kind:
        return facts
    return {**like, **{name: _completed(child, like.get(name)) for name, child in facts.items()}}


def write_config(folder, config):
    folder.path.mkdir(parents=True, exist_ok=True)
    with replacing(folder.config, "w") as file:
        file.write(to_json(config))


def read_config(folder):
    """Raises UserError where the folder holds no run."""
    if not folder.config.is_file():
        raise UserError(f"{folder.path} holds no run: give the folder that minihit train wrote, such as runs/faces-32")
    return from_json(folder.config.read_bytes(), folder.config)


def differences(config, other, prefix=""):
    """(name, value, other value) of the fields of two RunConfigs that differ, named as their flags are.

    Of parts of different kinds, such as HiT's decoder and a convolutional one, it is the kind that differs.
    """
    if type(config) is not type(other):
        yield f"{prefix}kind", config.kind, other.kind
        return
    for field in dataclasses.fields(config):
        here, there = getattr(config, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(here):
            inner = "" if field.name == "preset" else f"{prefix}{field.name}."
            yield from differences(here, there, inner)
        elif here != there:
            yield prefix + field.name, here, there


def words(value):
    """A field's value as one writes it behind a flag."""
    if isinstance(value, tuple):
        return " ".join(map(words, value)) or "nothing"
    return "none" if value is None else str(value)


def _build(kind, value):
    """A dataclass from nested dicts; lists become tuples. Of several kinds it is the one that the dict names."""
    kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    if dataclasses.is_dataclass(kinds[0]):
        return _build_dataclass(kinds, {**value})
    if isinstance(value, list):
        return tuple(value)
    classes = tuple(map(_class_of, kinds))
    if not isinstance(value, (*classes, *([int] if float in classes else []))):
        raise ValueError(f"{value!r} is not {kind}")
    return value


def _class_of(kind):
    """What isinstance takes for it: tuple for tuple[int, ...]; str for choices that __post_init__ knows."""
    origin = typing.get_origin(kind)
    return str if origin is typing.Literal else origin or kind


def _build_dataclass(kinds, fields):
    named = fields.pop("kind", getattr(kinds[0], "kind", None))           # files of version 0.1.0 name none
    chosen = [kind for kind in kinds if getattr(kind, "kind", None) == named]
    if not chosen:
        raise ValueError(f"kind {named!r} is unknown")
    types_of = typing.get_type_hints(chosen[0])
    return chosen[0](**{name: _build(types_of[name], value) for name, value in fields.items()})
