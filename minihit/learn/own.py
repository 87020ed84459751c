"""Layers of a learner's own in the place of the library's: found in a folder, graded, and put there for a training."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from minihit import tree
from minihit.errors import UserError
from minihit.gradcheck import checks, user_file
from minihit.gradcheck.networks import BASE
from minihit.gradcheck.results import results
from minihit.gradcheck.table import CHECKS, named
from minihit.learn import grade, parts
from minihit.learn.replacing import module_of, using
from minihit.learn.syllabus import CHAPTERS, Chapter
from minihit.models import hit

NEAR = 1e-6
NETWORKS = ("generator, base", "generator, layer norm", "discriminator, blur", "r1, through D, blur",
            "r1, through D, stddev")


class Own(NamedTuple):
    """Functions of a learner's {function: callable}, from a file, for what the library has by that name."""

    name: str
    path: Path
    functions: dict


def checked(folder):
    """({name: Own}, sentences about what is left out) of the exercises, and of files named after ops and layers, in a
    folder.

    Raises UserError where one is wrong, or none is there.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder: give by --with the one that holds your layers, such as "
                        f"tutorials/exercises")
    found, unwritten, left_out = {}, [], []
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".py", ".ipynb")):
        chapter = chapter_of(path)
        if chapter is None:
            left_out.append(f"{path.name} is named after no exercise, op or layer")
            continue
        for name, own in _of_file(chapter, path):
            if own:
                before = found.get(name, own)
                found[name] = own._replace(functions={**before.functions, **own.functions})
            else:
                unwritten.append(name)
    if lacking := dict.fromkeys(name for name in unwritten if name not in found):
        left_out.append(f"{', '.join(lacking)}: not written yet")
    fitting = fitting_of(found)
    left_out += [f"{own.path.name}: {name} is right for the shapes of the exercise, but not for all that the networks "
                 f"have" for name, own in found.items() if name not in fitting]
    if not fitting:
        raise UserError(f"{folder} holds no layer that could be trained with: write one of the exercises there, or a "
                        f"file named after an op or a layer; {'; '.join(left_out)}")
    return fitting, left_out


def chapter_of(path):
    """The Chapter whose exercise a file is; for one named after an op or a layer one of its own; None for any other."""
    for chapter in CHAPTERS:
        if chapter.exercise and Path(chapter.file).stem == path.stem:
            return chapter
    known = path.stem in {parts.layer_of(name) for name in CHECKS} and hasattr(module_of(path.stem), "forward")
    return Chapter(-1, path.stem, path.stem, exercise=tuple(named(path.stem))) if known else None


def _of_file(chapter, path):
    """(name, Own) for each layer of a file; None for one that is not written yet."""
    verdicts = grade.grade(chapter, path)
    for name in dict.fromkeys(map(parts.layer_of, chapter.exercise)):
        here = [verdict for verdict in verdicts if parts.layer_of(verdict.part) == name]
        if module_of(name) is None:
            continue
        if all(verdict.right or verdict.unwritten for verdict in here) and any(verdict.unwritten for verdict in here):
            yield name, None
        elif not all(verdict.right for verdict in here):
            shown = f"minihit learn check {chapter.number} {path}" if chapter.number >= 0 else (
                f"minihit gradcheck {path} --against {name}")
            raise UserError(f"{path}: {name} is wrong, and nobody should train with it: {shown} says how")
        else:
            yield name, Own(name, path, _functions(chapter, path, name))


def _functions(chapter, path, name):
    """{function: callable} of a layer in a file, as a training calls them."""
    wanted = {}
    for part in (part for part in chapter.exercise if parts.layer_of(part) == name):
        wanted |= grade.wanted_of(chapter, part)
    found = user_file.load(path, tuple(wanted.values()), at_home=False)
    return {each: getattr(found, theirs) for each, theirs in wanted.items() if hasattr(found, theirs)}


def fitting_of(owns):
    """Those {name: Own} with which whole networks have the gradients that they have with the library's."""
    expected = _gradients()
    if _fit(owns, expected):
        return owns
    return {name: own for name, own in owns.items() if _fit({name: own}, expected)}


def _fit(owns, expected):
    with using({name: own.functions for name, own in owns.items()}):
        try:
            return all(map(_near, _gradients(), expected))
        except (ValueError, TypeError, IndexError, KeyError, UserError):
            return False


def _gradients():
    """[{path: array}]: all that each of NETWORKS computes, and a generator's new running averages."""
    found = [results(CHECKS[name], CHECKS[name], checks.draw(CHECKS[name], np.random.default_rng(0)))
             for name in NETWORKS]
    rng = np.random.default_rng(0)
    _, cache = hit.forward(hit.init(rng, BASE), hit.draw(rng, 4, BASE)["z"], BASE)
    return [*found, dict(tree.items(hit.update_averages(hit.init_averages(BASE), cache)))]


def _near(here, there):
    """Whether two {path: array} are the same; some are nothing but rounding, as of a bias that is shifted away."""
    largest = max(abs(array).max() for array in there.values())
    return all(abs(here[path] - array).max() <= NEAR * max(abs(array).max(), NEAR * largest)
               for path, array in there.items())
