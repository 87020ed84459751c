"""A run's configuration, all that decides its numbers, and how it is written down."""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, replace

from minihit.atomic import replacing
from minihit.data.dataset import BUILT_IN, ImageSet
from minihit.errors import UserError, require_seed
from minihit.presets import Preset

MAY_CHANGE = ("recipe.steps", "data", "log_every", "sample_every", "measure_every", "save_every", "keep")
"""What may be another when a run goes on, by the names of `differences`: how long it is and what is seen of it; and the
name of its data, as long as they are the same images. Everything else decides the numbers of its steps and measures."""


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the numbers of a run, apart from the machine."""

    preset: Preset
    data: str = BUILT_IN                     # "faces", the built-in ones, a prepared store, or a folder of images
    seed: int = 0
    flip: bool = True                        # mirror images of a folder at random
    log_every: int = 50                      # steps
    sample_every: int = 50                   # steps between sample grids
    measure_every: int = 500                 # steps between measurements: sliced Wasserstein distance, neighbours
    measure_images: int = 1_000              # images on each side of that measurement
    save_every: int = 500                    # steps between checkpoints
    keep: int = 2                            # newest checkpoints that are kept
    origin: str | None = None                # checkpoint of another run whose weights this one began with

    def __post_init__(self):
        require_seed("seed", self.seed)
        if not self.data:
            raise UserError(f"data is empty: give {BUILT_IN}, a folder of images, or a store of minihit data prepare")
        for name in ("log_every", "sample_every", "measure_every", "measure_images", "save_every", "keep"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must be at least 1")

    def settled(self, data):
        """With what its data set decides."""
        pictures = len(data.training) if isinstance(data, ImageSet) else None
        recipe = self.preset.recipe.for_pictures(pictures)
        return replace(self, preset=replace(self.preset, recipe=recipe))


def intervals(steps):
    """Settings of a RunConfig for a run of so many steps: a long one shows, measures and saves less often."""
    return {"sample_every": max(50, steps // 200), "measure_every": max(500, steps // 80),
            "save_every": max(500, steps // 200)}


def to_json(config):
    return json.dumps(dataclasses.asdict(config), indent=1)


def from_json(text, source):
    """The RunConfig that to_json wrote; source, a file's name, is for the UserError that a foreign text raises."""
    try:
        return _build(RunConfig, json.loads(text))
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(f"{source} is not the configuration of a run ({error}): "
                        f"choose the folder of a run, or start a new one") from error


def from_facts(facts, like, source):
    """The RunConfig in a checkpoint's facts; what an older version did not write there is as in the RunConfig like."""
    return from_json(json.dumps(_completed(facts.get("config", {}), json.loads(to_json(like)))), source)


def _completed(facts, like):
    """The nested dict `facts`, with what it lacks from `like`."""
    if not isinstance(facts, dict) or not isinstance(like, dict):
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
    """(name, value, other value) of the fields of two RunConfigs that differ, named as their flags are."""
    for field in dataclasses.fields(config):
        here, there = getattr(config, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(here):
            inner = "" if field.name == "preset" else f"{prefix}{field.name}."
            yield from differences(here, there, inner)
        elif here != there:
            yield prefix + field.name, here, there


def words(value):
    """A field's value as one writes it behind a flag."""
    return (" ".join(map(str, value)) or "nothing") if isinstance(value, tuple) else value


def _build(kind, value):
    """A dataclass from nested dicts; lists become tuples."""
    if dataclasses.is_dataclass(kind):
        kinds = typing.get_type_hints(kind)
        return kind(**{name: _build(kinds[name], child) for name, child in value.items()})
    if isinstance(value, list):
        return tuple(value)
    expected = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    if not isinstance(value, (*(e for e in expected if isinstance(e, type)), *([int] if float in expected else []))):
        raise ValueError(f"{value!r} is not {kind}")
    return value
