"""The mutation tool: what it changes, what it leaves alone, what it excuses; the run itself takes too long for here."""

import ast
import os
import subprocess
import sys

import pytest
from support.mutants import as_written, mutants

mutation = pytest.importorskip("mutation")                                # it forks, so not on Windows

CHANGES = {
    "y = a + b": {"y = a - b"},
    "y = a @ b": {"y = b @ a"},
    "y = -a": {"y = a"},
    "y = x ** 0.5": {"y = x * 0.5", "y = x ** 0.5005"},
    "y = a < b <= c": {"y = a <= b <= c", "y = a < b < c"},
    "y = a and b": {"y = a or b"},
    "y = a if b else c": {"y = a", "y = c"},
    "y = x[0, :n]": {"y = x[1, :n]", "y = x[0, :]", "y = x[:n, 0]"},
    "y = x[0:]": {"y = x[1:]"},
    "y = f(a, b, axis=k)": {"y = f(b, a, axis=k)", "y = f(a, b)"},
    "y = xp.maximum(a, b)": {"y = xp.minimum(a, b)"},
    "y = x.sum(axis=(a, b))": {"y = x.mean(axis=(a, b))", "y = x.sum()"},
    "y = x.swapaxes(a, b)": set(),
    "y = [a for a in x if a]": {"y = [a for a in x]"},
    "x += a": {"x -= a", "pass"},
    "x[a] = b": {"pass"},
    "x = f(x)": {"pass"},
    "f(x)": {"pass"},
    "y = True": {"y = False"},
    "y = 'name', 'name'": set(),
    "__all__ = ['f', 'g']": set(),
    "y = x['generator'], 1.0": {"y = x['discriminator'], 1.0", "y = 1.0, x['generator']", "y = x['generator'], 1.001"},
    "y = 'the generator', 'generator'": {"y = 'generator', 'the generator'", "y = 'the generator', 'discriminator'"},
    "y = recipe.generator_rate": {"y = recipe.discriminator_rate"},
    "y = {'real_logits': a.beta1, 'ema': b}": {
        "y = {'fake_logits': a.beta1, 'ema': b}", "y = {'real_logits': a.beta2, 'ema': b}",
        "y = {'real_logits': a.beta1, 'generator': b}"},
    "'What it does.'": set(),
    "try:\n    pass\nexcept (A, B):\n    pass": set(),
    "y: dict[str, int] = 1": {"y: dict[str, int] = 2"},
    "def f(a: dict[str, int]) -> tuple[str, int]:\n    pass": set(),
    "if a:\n    b": {"if True:", "if False:"},
    "def f(a, k=2):\n    return a, k": {"def f(a, k=3):", "return (k, a)"},
}


@pytest.mark.parametrize("source", CHANGES)
def test_one_thing_is_changed_at_a_time(source):
    found = mutants("minihit/ops/some.py", source)
    assert {mutant.after for mutant in found} == {as_written(after) for after in CHANGES[source]}
    assert len(found) == len(CHANGES[source])


def test_a_mutant_knows_where_it_is_and_leaves_the_rest_as_it_was():
    source = '"""Adds."""\n\ndef add(a, b):\n    c = a + b\n    return c\n'
    (mutant,) = mutants("minihit/ops/add.py", source)
    assert (mutant.line, *mutant.key) == (4, "minihit/ops/add.py", "c = a + b", "c = a - b")
    assert ast.unparse(mutant.tree) == ast.unparse(ast.parse(source.replace("+", "-")))


SOURCE = """
def twice(x):
    while x > 8:
        x -= 1
    return 2 * x
"""
TESTS = """
from minihit.ops.twice import twice

def test_twice():
    assert twice(3) == 6 and twice(9) in (14, 16)
"""
RUN = """
import sys
import mutation

if __name__ == "__main__":
    mutation.warm()
    found = mutation.mutants("minihit/ops/twice.py", sys.argv[1])
    for mutant, fate in mutation.fates(found, [[sys.argv[2]]], [2], jobs=2):
        print(mutant.after, fate)
"""


def test_a_mutant_is_caught_by_a_failing_test_or_by_the_time_it_takes(tmp_path):
    tests = tmp_path / "test_twice.py"
    tests.write_text(TESTS, encoding="utf-8")
    paths = os.pathsep.join(str(path) for path in (mutation.ROOT, mutation.ROOT / "tests"))
    done = subprocess.run([sys.executable, "-c", RUN, SOURCE, str(tests)], env={**os.environ, "PYTHONPATH": paths},
                          cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()) == {
        "while x >= 8: survived", "while x > 9: own", "x += 1 stopped", "x -= 2 survived", "pass stopped",
        "return 3 * x own", "return 2 / x own"}


def test_every_file_has_tests_of_its_own_and_areas_name_tests_that_there_are():
    found = mutation.sources(mutation.TARGETS)
    assert {"minihit/ops/conv2d.py", "minihit/ops/fast/conv2d.py", "minihit/layers/conv2d.py",
            "minihit/training/run/log.py", "minihit/sampling.py"} <= set(found)
    assert mutation.sources(["minihit/ops/conv2d.py"]) == ["minihit/ops/conv2d.py"]
    named = [tests for path in found for stage in (mutation.own_tests(path), *mutation.area(path)) for tests in stage]
    files = {tests.removeprefix("--deselect=").split("::")[0] for tests in named}
    assert [name for name in files if not (mutation.ROOT / name).exists()] == []
    assert mutation.area("minihit/training/step.py") == mutation.STEP
    assert mutation.area("minihit/training/run/log.py") == mutation.RUN


def test_what_is_excused_is_a_mutant_of_the_code_as_it_is_and_has_a_reason():
    explained = mutation.equivalents(mutation.EQUIVALENTS.read_text(encoding="utf-8"))
    sources = {path: (mutation.ROOT / path).read_text(encoding="utf-8") for path, _, _ in explained}
    keys = {mutant.key for path, source in sources.items() for mutant in mutants(path, source)}
    assert explained.keys() - keys == set()
    assert all(explained.values())


def test_a_row_counts_fates():
    assert mutation.row("ops", ["own", "far", "stopped", "explained", "survived"]).split() == [
        "ops", "5", "3", "1", "1", "60.0%"]
