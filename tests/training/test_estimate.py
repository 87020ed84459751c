"""What is said before step 1: time from a warm-up that changes nothing, and budgets."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import TINY, run_config, tiny

from minihit.errors import UserError
from minihit.presets import PRESETS
from minihit.training import estimate, loop, room, state, step
from minihit.training.run import checkpoint
from minihit.training.run.config import RunConfig, read_config
from minihit.training.run.folder import RunFolder

FACES = RunConfig(PRESETS["faces-32"])
FACTOR = 1.5                                                              # between what is said and what is taken


@pytest.fixture
def fixed_speed(monkeypatch):
    """Steps of half a second, whatever the machine does."""
    monkeypatch.setattr(estimate, "seconds_per_step", lambda *_: 0.5)


def test_the_sentence_says_seconds_hours_and_memory():
    said = estimate.Estimate(0.5, 2 * 10**9, 8 * 10**9).sentence(7_200)
    assert said == "about 0.5 s a step, 66 minutes in all and 2 GB of 8 GB of memory"
    assert "and 3 GB of memory" in estimate.Estimate(0.5, 2 * 10**9, None).sentence(1, images=np.empty(10**9, np.uint8))


@pytest.mark.parametrize("seconds, text", [
    (5, "5 seconds"), (119, "119 seconds"), (120, "2 minutes"), (600, "10 minutes"), (8 * 3600, "8 hours"),
    (36 * 3600, "36 hours"), (3 * 86_400, "3 days"),
])
def test_durations_are_in_the_largest_unit_of_which_there_are_two(seconds, text):
    assert estimate.duration(seconds) == text


def test_a_system_that_does_not_tell_its_memory_refuses_nothing(monkeypatch, fixed_speed):
    monkeypatch.setattr(room, "memory_size", lambda device: None)
    forecast = estimate.before(run_config(), "cpu")
    assert (forecast.limit, forecast.room) == (None, 0)


def test_the_run_does_not_depend_on_the_warm_up(tmp_path, monkeypatch):
    ends = []
    for name in ("with", "without"):
        folder = RunFolder(tmp_path / name)
        loop.train(run_config(), folder)
        ends.append(checkpoint.load_newest(folder.checkpoints, state.create(0, TINY).trees)[0])
        monkeypatch.setattr(estimate, "seconds_per_step", lambda *_: 1.0)
    assert_same(*ends)


def test_the_warm_up_computes_what_the_run_computes_side_by_side(monkeypatch):
    """Twice, whatever the size of the batch; once where it is slow."""
    seen, gradients = [], step.gradients

    def watched(networks, real, draws, preset, lanes):
        seen.append((len(real), preset.recipe.micro_batch, lanes))
        return gradients(networks, real, draws, preset, lanes)

    monkeypatch.setattr(step, "gradients", watched)
    assert estimate.seconds_per_step(run_config(tiny(batch=40), lanes=3), "cpu") > 0
    assert seen == [(6, 2, 3)] * 2
    monkeypatch.setattr(estimate, "SLOW", 0.0)
    estimate.seconds_per_step(run_config(tiny(batch=4, micro_batch=0), lanes=2), "cpu")
    assert seen[2:] == [(4, 4, 2)]


@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 8, 16])
@pytest.mark.parametrize("batch, micro_batch", [(32, 16), (64, 32), (64, 0), (60, 16), (128, 8)])
def test_the_warm_up_has_the_threads_of_the_run(batch, micro_batch, lanes):
    """As many micro-batches side by side, as many lanes to each; on a CPU at most 16 images to a lane."""
    config = run_config(tiny(batch=batch, micro_batch=micro_batch), lanes=lanes)
    small = estimate.warm_up(config, "cpu")
    run, warm = (step.plan(here.preset, here.preset.recipe.batch, here.lanes) for here in (config, small))
    assert warm.at_once == run.at_once == len(warm.groups)
    assert {len(group) for group in warm.groups} == {len(run.groups[0])}
    assert max(part.stop - part.start for part in warm.parts) <= 16


@pytest.mark.parametrize("batch, micro_batch, times", [(32, 16, 1), (64, 16, 2), (48, 16, 2), (64, 64, 2)])
def test_the_time_of_a_step_is_that_of_its_turns(batch, micro_batch, times, monkeypatch):
    """On two lanes: two micro-batches at a time, and a lane of 32 images takes twice as long as one of 16."""
    monkeypatch.setattr(estimate, "_timed", lambda *arguments: (1.0, 0.25))
    config = run_config(tiny(batch=batch, micro_batch=micro_batch), lanes=2)
    assert estimate.seconds_per_step(config, "cpu") == times + 0.25


def test_gradients_and_update_are_timed_apart(monkeypatch):
    clock = iter([1.0, 3.0, 7.0])
    monkeypatch.setattr(estimate, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(step, "gradients", lambda *arguments: (None, None, {"loss": 0.5}))
    monkeypatch.setattr(state, "apply", lambda *arguments: {"generator": 2.0})
    assert estimate._timed(estimate.one_step(run_config(), "cpu"), np) == (2.0, 4.0)


@pytest.fixture
def times(monkeypatch):
    """A clock, a list of one number, that goes only where a test says so; times.steady(durations of steps) -> seconds,
    and the order of events."""
    events, now = [], [0.0]
    monkeypatch.setattr(estimate, "time", SimpleNamespace(perf_counter=lambda: events.append("clock") or now[0]))
    monkeypatch.setattr(estimate, "synchronize", lambda xp: events.append("wait"))
    monkeypatch.setattr(estimate, "device_module", lambda device: np if device == "cpu" else object())

    def steady(device, durations):
        left = iter(durations)

        def parts():
            now[0] += next(left)
            yield events.append("gradients")
            now[0] += 0.25
            yield events.append("update")

        return estimate.steady(parts, device), list(left)

    return SimpleNamespace(steady=steady, events=events)


@pytest.mark.parametrize("durations, seconds, left", [
    ((9.0, 0.5, 0.5, 0.5, 7.0), 0.5, [7.0]),                              # nine seconds of compiling are not counted
    ((9.0, 0.5, 1.5, 0.75, 7.0), 0.75, [7.0]),                            # nor is one that was held up
    ((9.0, 3.0, 7.0), 3.0, [7.0]),                                        # a slow one is enough
    ((0.5, 0.5, 0.5, 0.5, 7.0), 0.5, [7.0]),
])
def test_what_is_estimated_of_a_gpu_is_what_comes_after_the_step_that_compiles(times, durations, seconds, left):
    assert times.steady("gpu", durations) == ((seconds, 0.25), left)


@pytest.mark.parametrize("durations, seconds, left", [((0.75, 0.5, 7.0), 0.5, [7.0]), ((2.5, 7.0), 2.5, [7.0])])
def test_of_a_cpu_the_second_step_counts_or_a_first_that_is_slow(times, durations, seconds, left):
    assert times.steady("cpu", durations) == ((seconds, 0.25), left)


def test_the_clock_is_read_when_the_device_has_finished(times):
    times.steady("gpu", (9.0, 3.0))
    assert times.events == 2 * ["wait", "clock", "gradients", "wait", "clock", "update", "wait", "clock"]


def test_a_gpu_warms_up_with_whole_micro_batches(monkeypatch):
    monkeypatch.setattr(room, "device_module", lambda device: object())
    small = estimate.warm_up(run_config(tiny(batch=64, micro_batch=32), lanes=1), "gpu")
    assert (small.preset.recipe.batch, small.preset.recipe.micro_batch) == (32, 32)


# budgets


@pytest.mark.parametrize("budget, steps, ema", [("minutes", 1_090, 0.9816), ("hour", 6_545, 0.99),
                                                ("night", 52_363, 0.99)])
def test_a_budget_chooses_steps_and_what_follows_from_them(budget, steps, ema):
    config = estimate.within(FACES, 0.5, budget)
    recipe = config.preset.recipe
    assert recipe.steps == steps
    assert recipe.ema_decay == pytest.approx(ema, abs=1e-4)               # never longer than the preset's
    assert replace(recipe, steps=2_000, ema_decay=0.99) == FACES.preset.recipe
    assert (config.sample_every, config.measure_every) == ((50, 500) if steps < 10_000 else (261, 654))


def test_an_interval_that_was_chosen_stays(fixed_speed):
    assert estimate.within(replace(FACES, sample_every=7), 0.5, "night").sample_every == 7


def test_a_budget_of_too_few_steps_is_refused():
    with pytest.raises(UserError, match=r"10 minutes are enough for 54 steps of 10 s.*choose a longer --budget"):
        estimate.within(FACES, 10.0, "minutes")
    with pytest.raises(UserError, match="are enough for 99 steps of"):
        estimate.within(FACES, 5.5, "minutes")
    assert estimate.within(FACES, 5.45, "minutes").preset.recipe.steps == 100


def test_the_chosen_steps_are_saved_and_resumed(tmp_path, monkeypatch, fixed_speed):
    monkeypatch.setattr(estimate, "BUDGETS", {"minutes": 30.0})
    monkeypatch.setattr(estimate, "FEWEST_STEPS", 1)
    folder = RunFolder(tmp_path / "run")
    assert loop.train(run_config(), folder, budget="minutes") == 0
    saved = read_config(folder)
    assert saved.preset.recipe.steps == 54 == checkpoint.step_of(checkpoint.newest(folder.checkpoints)[0])
    assert loop.train(saved, folder, resume=True) == 0
