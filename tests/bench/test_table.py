from minihit.bench.table import aligned


def test_columns_are_aligned():
    assert aligned(("", "x", "long"), [("first", "1", ""), ("a", "200", "3")]).splitlines() == [
        "         x  long",
        "----------------",
        "first    1",
        "a      200     3",
    ]
