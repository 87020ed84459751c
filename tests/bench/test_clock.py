import time

import pytest

from minihit.bench import alternate, clock, ratio, stopwatch


def test_contestants_take_turns_in_both_orders_after_a_warm_up():
    calls = []

    def contestant(name):
        return lambda: calls.append(name) or len(calls)

    times = alternate({"a": contestant("a"), "b": contestant("b")}, rounds=3)
    assert "".join(calls) == "ab" "ab" "ba" "ab"
    assert times == {"a": [3, 6, 7], "b": [4, 5, 8]}


def test_a_ratio_is_the_median_of_the_rounds():
    times = {"a": [1.0, 2.0, 30.0], "b": [2.0, 2.0, 10.0]}
    assert ratio(times, "a", "b") == 1.0
    assert ratio(times, "b", "a") == 1.0
    with pytest.raises(ValueError):
        ratio({"a": [1.0], "b": [1.0, 2.0]}, "a", "b")


def test_a_stopwatch_runs_the_function_and_waits_for_the_device(monkeypatch):
    events, xp = [], object()
    monkeypatch.setattr(clock, "synchronize", lambda found: events.append(found))
    assert stopwatch(lambda: events.append(time.sleep(0.01)), xp)() >= 0.01
    assert events == [xp, None, xp]
