"""Mutation testing of ops, layers, objectives, training, metrics, features and data: one small mistake at a time, and
whether a test notices it.

    python tests/mutation.py                                             every file of TARGETS, one after the other
    python tests/mutation.py --only minihit/ops/gelu.py --jobs 2         one file (or folder), two mutants at a time
    python tests/mutation.py --json mutants.json                         and every mutant with its fate

A mutant is a file with one operator, constant, bound, order, name, keyword or condition changed, or one statement gone:
see mutants.py. It is caught when the tests of that file fail (tests/ops/test_gelu.py for minihit/ops/gelu.py), or those
near it or far from it, which AREAS names, or when they need five times the processor time. Hypothesis draws the same
examples for all. What survives because it computes the same is listed, with the reason, in mutation_equivalents.txt.

The tests run in a copy of the tree, so that edits meanwhile change nothing. A process that has imported the libraries,
but nothing of minihit, forks for every mutant (so not on Windows).
"""

import argparse
import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import NamedTuple

from support.mutants import as_written, mutants

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENTS = ROOT / "tests" / "mutation_equivalents.txt"
TARGETS = ("minihit/ops", "minihit/ops/fast", "minihit/layers", "minihit/models/hit", "minihit/models/discriminator",
           "minihit/models/autoencoder", "minihit/models/quantizer", "minihit/models/stylegan2", "minihit/objectives",
           "minihit/presets/groups.py",
           "minihit/training", "minihit/training/run", "minihit/sums.py", "minihit/batches.py",
           "minihit/sampling.py", "minihit/autoencoding.py", "minihit/optim.py", "minihit/metrics", "minihit/features",
           "minihit/comparing", "minihit/npz.py", "minihit/data")
RUNS = "tests/training/test_loop.py", "--deselect=tests/training/test_loop.py::test_twenty_steps_equal_ten_and_ten_more"


class Area(NamedTuple):
    """The tests that a file's mutants meet after its own: arguments of pytest."""

    near: tuple[str, ...] = ()
    far: tuple[str, ...] = ()


NETWORKS = Area(("tests/gradcheck/test_table.py", "tests/parity/test_pieces.py", "tests/ops/test_twins.py",
                 "tests/test_contract.py", "tests/device/test_networks.py"),
                ("tests/models", "tests/objectives/test_penalties.py", "tests/training/test_step.py"))
STEP = Area(("tests/training/test_three_steps.py", "tests/training/test_recipe_settings.py"),
            ("tests/training/test_step.py", "tests/training/test_state.py"))
RUN = Area(("tests/training/test_draws.py", "tests/training/run/test_config_settings.py"), RUNS)
AREAS = {                                                                 # the longest beginning of a path decides
    "minihit/": NETWORKS,
    "minihit/ops/blur.py": Area(), "minihit/ops/laplacian_pyramid": Area(),
    **dict.fromkeys([f"minihit/{name}.py" for name in (
        "ops/pixel_norm", "ops/blur_upsample", "ops/smooth", "ops/transposed_conv2d", "ops/noisy_relu",
        "ops/fast/smooth", "ops/fast/transposed_conv2d", "ops/fast/noisy_relu", "layers/modulated_conv2d",
        "layers/styled_conv2d", "layers/styled_rgb")], Area()),
    "minihit/models/stylegan2": Area(("tests/models/stylegan2/test_generator.py",)),
    "minihit/objectives": STEP, "minihit/optim": STEP, "minihit/training/step": STEP, "minihit/training/state": STEP,
    "minihit/objectives/reconstruction": Area(), "minihit/objectives/feature_matching": Area(),
    "minihit/objectives/adversary": Area(),
    **dict.fromkeys(("minihit/objectives/autoencoder", "minihit/objectives/vae", "minihit/objectives/vqvae"),
                    Area(("tests/training/test_autoencoder_settings.py",))),
    "minihit/presets": Area(),
    "minihit/autoencoding": Area(("tests/training/test_measure_latents.py", "tests/commands/test_reconstruct.py")),
    "minihit/training": Area(RUN.near), "minihit/training/run": RUN,
    "minihit/sampling": Area(("tests/training/test_measure.py",)),
    "minihit/batches": Area(("tests/test_sampling.py", "tests/test_autoencoding.py")),
    "minihit/metrics": Area(("tests/training/test_measure.py", "tests/training/test_watch.py")),
    **dict.fromkeys(("minihit/metrics/psnr", "minihit/metrics/ssim", "minihit/metrics/frechet",
                     "minihit/metrics/kernel_distance", "minihit/metrics/precision_recall",
                     "minihit/metrics/inception_score", "minihit/features", "minihit/comparing",
                     "minihit/training/measure_features"), Area()),
    "minihit/npz": Area(("tests/training/run/test_checkpoint.py",)),
    "minihit/data": Area(("tests/data/test_dataset.py", "tests/data/test_open.py", "tests/data/test_prefetch.py",
                          "tests/data/test_folder.py"),
                         ("tests/training/test_draws.py", "tests/training/run/test_config_settings.py")),
    "minihit/data/prepare": Area(("tests/data/prepare",), ("tests/data/test_folder.py",)),
    "minihit/data/store": Area(("tests/data/store", "tests/data/test_open.py")),
    "minihit/data/faces": Area(("tests/data/faces",)),
}
OWN = {                                                                   # where it is not the one of that name alone
    "minihit/ops/rotation.py": ["tests/ops/test_quantize.py"],
    "minihit/ops/matmul.py": ["tests/ops/fast/test_matmul.py"],
    "minihit/training/advance.py": ["tests/device/test_capture.py", "tests/training/test_draws.py"],
    "minihit/features/extractor.py": ["tests/features/test_open.py"],
    "minihit/training/estimate.py": ["tests/training/test_estimate.py", "tests/device/test_estimate.py"],
    "minihit/training/room.py": ["tests/training/test_room.py", "tests/device/test_room.py"],
    "minihit/training/loop.py": ["tests/training/test_draws.py", *RUNS, "tests/training/test_estimate.py",
                                 "tests/device/test_runs.py::test_nothing_waits_between_logs"],
    "minihit/training/measure.py": [
        "tests/training/test_measure.py", "tests/training/test_watch.py",
        "tests/device/test_runs.py::test_a_folder_is_trained_on_from_the_host_or_from_the_device"],
    "minihit/training/pictures.py": ["tests/training/test_pictures.py", "tests/training/test_watch.py"],
    "minihit/training/run/weights.py": [
        "tests/training/run/test_weights.py", "tests/test_sampling.py", "tests/test_built_in.py",
        "--deselect=tests/test_built_in.py::test_it_draws_the_picture_of_readme"],             # which is not copied
    "minihit/objectives/vae.py": ["tests/objectives/test_vae.py", "tests/objectives/test_autoencoder.py"],
    "minihit/objectives/vqvae.py": ["tests/objectives/test_vqvae.py", "tests/objectives/test_autoencoder.py"],
    "minihit/presets/groups.py": ["tests/presets"],
    "minihit/objectives/gan_recipe.py": ["tests/objectives/test_recipe.py"],
    "minihit/objectives/gan.py": ["tests/objectives/test_gan.py", "tests/training/test_three_steps.py"],
    "minihit/objectives/game.py": ["tests/objectives/test_game.py", "tests/objectives/test_adversary.py"],
    "minihit/models/hit/stem.py": ["tests/models/hit/test_generator.py"],
    "minihit/models/hit/trunk.py": ["tests/models/hit/test_generator.py"],
    "minihit/ops/fast/columns.py": ["tests/ops/fast/test_conv2d.py", "tests/ops/fast/test_strided_conv2d.py"],
    "minihit/ops/fast/winograd_kernels.py": ["tests/ops/fast/test_winograd.py"],
    "minihit/ops/fast/winograd_passes.py": ["tests/ops/fast/test_winograd.py"],
    "minihit/models/autoencoder/residual_stack.py": ["tests/models/autoencoder/test_encoder.py"],
    "minihit/models/discriminator/config.py": ["tests/models/hit/test_config.py"],
    "minihit/models/discriminator/algebra.py": ["tests/objectives/test_penalties.py"],
}
FATES = {0: "survived", 10: "own", 11: "near", 12: "far"}                 # by exit status; others were stopped
LIBRARIES = ("pytest", "hypothesis", "numpy", "autograd.numpy", "autograd.scipy.special", "skimage.metrics",
             "imageio.v3", "matplotlib.pyplot", "tyro", "tqdm", "threadpoolctl")
PYTEST = ("-x", "-q", "--no-header", "--tb=no", "--hypothesis-profile=mutation", "-p", "no:cacheprovider",
          "-p", "no:faulthandler", "-p", "_hypothesis_pytestplugin",
          "-o", "addopts=--import-mode=importlib -m 'not slow and not gpu'")  # in the one process that was forked
SLOWER, GRACE = 5, 10                                                     # limits: times, and seconds more
PATIENCE = 5                                                              # times a limit, by the clock on the wall


def equivalents(text):
    """{key of a mutant: reason} from blocks of lines: path, "- before", "+ after" (one or more), reason."""
    found = {}
    for block in filter(None, text.strip().split("\n\n")):
        path, before, *rest = block.splitlines()
        afters = [line for line in rest if line.startswith("+ ")]
        reason = " ".join(line.strip() for line in rest[len(afters):])
        found |= {(path, as_written(before[2:]), as_written(after[2:])): reason for after in afters}
    return found


# running


class _Changed(SourceFileLoader):
    """Finds and loads the module of a mutant from its syntax tree."""

    def __init__(self, mutant):
        super().__init__(mutant.path.removesuffix(".py").replace("/", "."), mutant.path)
        self.tree = mutant.tree

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def get_code(self, name):
        return compile(self.tree, self.path, "exec")


def own_tests(path):
    """tests/ops/test_gelu.py for minihit/ops/gelu.py."""
    _, *folders, name = path.split("/")
    return OWN.get(path, ["/".join(["tests", *folders, f"test_{name}"])])


def area(path):
    return AREAS[max((start for start in AREAS if path.startswith(start)), key=len)]


def start(mutant, stages, limits):
    """Fork; the child exits with 0 where all tests pass, with 10, 11 or 12 where those of that stage do not."""
    if child := os.fork():
        return child
    status = 1
    try:
        _silence()
        if mutant:
            sys.meta_path.insert(0, _Changed(mutant))
        status = next((10 + i for i, tests in enumerate(stages) if tests and not _pass(tests, limits[i])), 0)
    finally:
        os._exit(status)


def _silence():
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)


def _pass(tests, seconds):
    """Whether they do; ends this process after so many more seconds of work, or where it waits for much longer."""
    import pytest

    signal.alarm(int(PATIENCE * seconds))
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, resource.RLIM_INFINITY))
    return pytest.main([*PYTEST, *tests]) == 0


@functools.cache
def seconds_of(tests):
    """The processor time of tests, a tuple, without a mutant. Exits where they fail."""
    if not tests:
        return 0.0
    _, status, used = os.wait4(start(None, [tests], [3600]), 0)
    if status:
        sys.exit(f"without any mutant, these fail: {' '.join(tests)}")
    return used.ru_utime + used.ru_stime


def fates(found, stages, limits, jobs):
    """Yield (mutant, fate): "own", "near" or "far" after the tests that caught it, "stopped", or "survived"."""
    waiting, running = list(reversed(found)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[start(mutant, stages, limits)] = mutant
        child, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        yield running.pop(child), FATES.get(code, "stopped")


def judge(path, explained, jobs):
    """[(mutant, fate)] of a file; those that are explained are not run."""
    found, stages = mutants(path, Path(path).read_text(encoding="utf-8")), [tuple(own_tests(path)), *area(path)]
    limits = [GRACE + SLOWER * seconds_of(stage) for stage in stages]
    judged = [(mutant, "explained") for mutant in found if mutant.key in explained]
    judged += fates([mutant for mutant in found if mutant.key not in explained], stages, limits, jobs)
    return sorted(judged, key=lambda pair: pair[0].line)


def warm():
    """Import what takes long, so that the forked children need not, and keep their garbage collectors off it."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile("mutation", max_examples=15, deadline=None, derandomize=True, database=None,
                              phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False,
                              suppress_health_check=list(HealthCheck))
    gc.freeze()


@contextlib.contextmanager
def copied():
    """Work in a copy of the tree, which nobody edits."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("minihit", "tests"):
            shutil.copytree(ROOT / name, Path(folder) / name)
        shutil.copy2(ROOT / "pyproject.toml", folder)
        os.chdir(folder)
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            os.chdir(ROOT)


def sources(only):
    """The paths of the files that are named, or lie in folders that are."""
    places = [ROOT / place for place in only]
    found = [path for place in places for path in ([place] if place.is_file() else sorted(place.glob("*.py")))]
    return [path.relative_to(ROOT).as_posix() for path in found if path.name != "__init__.py"]


# reporting


def row(name, fates):
    """A row of the table."""
    count, total = Counter(fates), len(fates)
    caught = total - count["survived"] - count["explained"]
    return f"{name:40}{total:9}{caught:8}{count['explained']:11}{count['survived']:10}{caught / total:10.1%}"


def report(path, judged):
    """Every mutant with its fate, as JSON."""
    rows = [{"path": mutant.path, "line": mutant.line, "before": mutant.before, "after": mutant.after, "fate": fate}
            for mutant, fate in judged]
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=TARGETS, metavar="PATH", help="files or folders")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="mutants at a time")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every mutant with its fate")
    choice, everything = parser.parse_args(), []
    choice.json = choice.json and choice.json.absolute()                  # before the work moves to a copy
    explained = equivalents(EQUIVALENTS.read_text(encoding="utf-8"))
    warm()
    with copied():
        print(f"{'':40}{'mutants':>9}{'caught':>8}{'explained':>11}{'survived':>10}{'share':>10}")
        for path in sources(choice.only):
            judged = judge(path, explained, choice.jobs)
            print(row(path, [fate for _, fate in judged]), flush=True)
            everything += judged
            if choice.json:                                               # now, as the rest may take hours
                report(choice.json, everything)
    print(row("all", [fate for _, fate in everything]))
    for mutant, fate in everything:
        if fate == "survived":
            print(f"\n{mutant.path}:{mutant.line}\n- {mutant.before}\n+ {mutant.after}")


if __name__ == "__main__":
    main()
