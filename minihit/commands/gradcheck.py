"""minihit gradcheck: a table of every gradient of the library, or of your own layer, beside finite differences."""

import math
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from minihit.commands.options import Switch, parse, shown
from minihit.errors import UserError
from minihit.gradcheck import checks, homework, plants, precision, signature, user_file
from minihit.gradcheck.comparison import FEW, worst
from minihit.gradcheck.table import CHECKS, named, one_named

ROW = "{:<32}  {:<47}  {:<15}  {:>6}  {}"
PLANTED = "{:<28}  {:<24}  {:<18}  {:>6}  {}"
SHARE = "share: the error over the allowed one, so above 1 is wrong"
MANY, DRAWS = 64, 3                                                       # values of a leaf, draws with --thorough


@dataclass(frozen=True)
class Gradcheck:
    """Check gradients against finite differences in float64: all of the library's, or those of a layer of your own.

    A row per leaf: the error as a share of the allowed one (1e-6 of the gradient, and what finite differences err by),
    so above 1 is wrong. Then mistakes are planted on purpose, and each must be caught. Of a whole network only the
    worst leaf is shown, unless --only asks for it. The exit code is 1 where a gradient is wrong.

    FILE is a Python file or a notebook with forward and backward, or with backward alone, for the library's forward and
    its cache. It is run in its own folder, with all that its code may do, and given the parameters and inputs of the
    layer that it is to be the same as: --list names them all, with what to write. What its functions print is shown
    once. Beside a wrong gradient stands the mistake that gives it, where it is a known one.

    Examples:
      minihit gradcheck
      minihit gradcheck --only conv2d r1 --thorough
      minihit gradcheck --dtype float32
      minihit gradcheck --list --only layer_norm
      minihit gradcheck my_layer_norm.py --against layer_norm
    """

    file: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(
        metavar="[FILE]", help="a layer of your own, .py or .ipynb, run as Python", help_behavior_hint="")] = None
    against: Annotated[str | None, shown("NAME", "none; FILE needs it")] = None  # what FILE should compute
    only: Annotated[tuple[str, ...], shown("NAME", "all of them")] = ()  # ops, layers, losses, penalties, networks
    thorough: Switch = False                 # three draws, leaves of up to 64 values value by value; a minute
    dtype: Literal["float64", "float32"] = "float64"  # float32: its rounding errors, as a share of what sums may cost
    self_test: Switch = False                # only the planted mistakes
    list: Switch = False                     # only the names of all that is checked, with arguments, results and shapes


def main(argv):
    options = parse(Gradcheck, argv, "gradcheck")
    _require_sense(options)
    if options.list:
        print("\n".join(f"{name}\n    {described(entry)}" for name, entry in _chosen(options).items()))
        return 0
    wrong = 0 if options.self_test else check(options)
    if options.self_test or options == Gradcheck(thorough=options.thorough):
        wrong += self_test()
    return 1 if wrong else 0


def check(options):
    """Print the table; returns how many of its rows are wrong."""
    start, rows = time.perf_counter(), []
    for name, found, whole in comparisons(options):
        if not rows:
            print(SHARE + "\n" + ROW.format("what", "leaf", "shape", "share", "verdict"))
        print("\n".join(lines(name, found, whole)), flush=True)
        rows += found
    wrong = sum(map(is_wrong, rows))
    print(f"{len(rows)} checked, {wrong} wrong, in {time.perf_counter() - start:.1f} s")
    return wrong


def comparisons(options):
    """Yield (name, Comparisons, whether all are shown) of what was asked for, with the same draws every time."""
    single, few, draws = options.dtype == "float32", MANY if options.thorough else FEW, DRAWS if options.thorough else 1
    if options.file:
        model, layer = one_named(options.against), user_file.load(options.file)
        look = partial(homework.compare_file, layer, model, few=few, single=single)
        found = checks.repeat(look, draws)
        print(f"expected: {described(model)}")
        if not hasattr(layer, "forward"):
            held = signature.cache_of(model, checks.draw(model, np.random.default_rng(0)))
            print(f"{options.file} has no forward: backward gets the cache of the library's, {held}")
        yield options.file.name, found, True
        return
    for name, entry in _chosen(options).items():
        look = partial(precision.run, entry) if single else partial(checks.run, entry, few=few)
        yield name, checks.repeat(look, draws), bool(options.only) or options.thorough or not entry.network


def lines(name, found, whole):
    """A line per Comparison, wrong ones with their numbers, and one more where it is known which mistake gives them.

    Of a network that is right there is one for the worst leaf.
    """
    shown = found if whole else [row for row in found if is_wrong(row)] or [worst(found)]
    of = "" if len(shown) > 1 or whole else f", all {len(found)}"
    for row in shown:
        verdict = f"WRONG: {reason(row)}" if is_wrong(row) else f"ok{of}"
        yield ROW.format(name, row.path, str(row.shape), f"{row.share:.1g}", verdict)
        if row.hint:
            yield f"    {row.path}: {row.hint}"


def reason(row):
    if math.isnan(row.expected):
        return row.along
    return f"{row.actual:.9g} instead of {row.expected:.9g}, {row.along}"


def is_wrong(row):
    return not row.share <= 1.0


def self_test():
    """Print the table of planted mistakes; returns how many were missed."""
    print("\n" + PLANTED.format("planted mistake", "in", "leaf", "share", "verdict"))
    missed = 0
    for name, plant in plants.PLANTS.items():
        row = plants.run_plant(plant, np.random.default_rng(0))
        verdict = "caught" if is_wrong(row) else "MISSED"
        missed += verdict == "MISSED"
        print(PLANTED.format(name, plant.check, plant.leaf, f"{row.share:.1g}", verdict))
    print(f"{len(plants.PLANTS)} mistakes planted, {missed} missed")
    return missed


def described(entry):
    return signature.described(entry, checks.draw(entry, np.random.default_rng(0)))


def _chosen(options):
    """{name: Check}: all that --only names, or all."""
    return {key: entry for name in options.only for key, entry in named(name).items()} or CHECKS


def _require_sense(options):
    """Raise UserError for options that contradict each other."""
    if options.file and not options.against:
        raise UserError(f"--against is missing: name what {options.file} should compute, such as --against layer_norm")
    if options.against and not options.file:
        raise UserError("--against compares a file of yours: give its name first, or use --only")
    if options.file and options.only:
        raise UserError("--only chooses among the library's layers: leave it out where you check a file")
    if options.list and options != Gradcheck(list=True, only=options.only):
        raise UserError("--list checks nothing and takes no other option than --only: leave the others out")
    if options.self_test and options != Gradcheck(self_test=True):
        raise UserError("--self-test plants mistakes and takes no other option: leave the others out")
