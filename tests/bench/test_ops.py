import math

from minihit.bench import ops
from minihit.bench.ops import LARGE
from minihit.gradcheck.checks import Check
from minihit.gradcheck.table import OPS
from minihit.ops import leaky_relu
from minihit.ops.switch import is_plain


def test_a_row_for_each_direction_with_a_definition_beside_what_is_tuned():
    chosen = {name: LARGE[name] for name in ("leaky_relu", "pixel_shuffle", "augment")}
    rows = ops.measure(rounds=2, chosen=chosen)
    assert [(row.op, row.direction) for row in rows] == [
        (name, direction) for name in chosen for direction in ("forward", "backward")]
    for row in rows:
        numbers = [row.seconds] if row.op == "pixel_shuffle" else [row.seconds, row.definition_seconds, row.share]
        assert all(0 < number < math.inf for number in numbers)
        assert (row.definition_seconds, row.share) == (None, None) or len(numbers) == 3
        assert row.shapes == LARGE[row.op].shapes


def test_every_op_of_the_table_is_measured_at_a_size_of_its_own():
    assert {name.split(",")[0] for name in LARGE} == {name.split(",")[0] for name in OPS}


def test_the_definition_is_what_runs_beside_the_tuned_one(monkeypatch):
    """Each in its own room, forward and backward."""
    seen = []

    class Spy:
        def forward(self, x):
            seen.append(("forward", is_plain()))
            return leaky_relu.forward(x)

        def backward(self, dy, cache):
            seen.append(("backward", is_plain()))
            return leaky_relu.backward(dy, cache)

    ops.measure(rounds=1, chosen={"leaky_relu": Check(Spy(), ((2, 3),), None, {})})
    assert set(seen) == {(name, on) for name in ("forward", "backward") for on in (False, True)}
    assert not is_plain()
