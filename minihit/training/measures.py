"""The measures of a run, a line each: the log, the curves and the terminal know none of them by name."""

from collections.abc import Callable
from typing import NamedTuple

from minihit.training import measure, pictures


class Measure(NamedTuple):
    """title, names, scale: of its curves. find(run, tree): what there is to tell of a generator {"params", "averages"}
    in a watch.Watch; numbers(found): that as a dict for the log; words(numbers): a phrase for the terminal, or "";
    write(folder, found, step): its pictures, where it has any."""

    title: str
    names: tuple[str, ...]
    scale: str
    find: Callable
    numbers: Callable
    words: Callable
    write: Callable | None = None


def _distance(run, tree):
    config, seed = run.config.preset.generator, run.config.seed
    return {**measure.distance(tree, config, run.device, seed, run.held_out), **run.real_distance}


def _distance_in_words(found):
    return f"sliced Wasserstein distance {found['swd']:.1f}, of real images {found['swd_real']:.1f}"


def _neighbours(run, tree):
    return measure.neighbours(tree, run.config.preset.generator, run.device, run.config.seed, run.data, run.images)


def _neighbours_in_words(found):
    if "neighbour_ratio" in found:
        return f"{found['neighbour_ratio']:.2f} times as far from the nearest training image as held-out images are"
    if found.get("neighbour_real") == 0:
        return "most held-out images are training images too, so that nothing tells learning from copying"
    return ""


def _draw_neighbours(folder, found, step):
    pictures.write_neighbours(folder, found, step)


MEASURES = (
    Measure("sliced Wasserstein distance (x 1000)", ("swd", "swd_real"), "log", _distance, dict, _distance_in_words),
    Measure("distance from the nearest training image", ("neighbour", "neighbour_real"), "linear", _neighbours,
            measure.nearness, _neighbours_in_words, _draw_neighbours),
)
