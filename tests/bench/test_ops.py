import math

from minihit.bench import ops
from minihit.bench.pairs import PAIRS


def test_a_row_for_each_direction_with_positive_numbers():
    chosen = {name: PAIRS[name] for name in ("leaky_relu", "column_sum", "windows, split")}
    rows = ops.measure(rounds=2, chosen=chosen)
    assert [(row.op, row.direction) for row in rows] == [
        ("leaky_relu", "forward"), ("leaky_relu", "backward"), ("column_sum", "forward"),
        ("windows, split", "forward"), ("windows, split", "backward")]
    for row in rows:
        assert all(0 < number < math.inf for number in (row.seconds, row.twin_seconds, row.share))
        assert row.shapes == PAIRS[row.op].shapes
