import json
from dataclasses import replace

import numpy as np
import pytest
from runs import image_set, run_config, tiny

from minihit.data.dataset import BuiltInFaces
from minihit.errors import UserError
from minihit.presets import PRESETS
from minihit.training import run
from minihit.training.run import RunConfig, RunFolder


@pytest.mark.parametrize("name", PRESETS)
def test_a_configuration_survives_json(name):
    config = RunConfig(PRESETS[name], data="somewhere", seed=7)
    assert run.from_json(run.to_json(config), "x") == config


def test_a_configuration_is_written_and_read(tmp_path):
    config = run_config(tiny(augment=("color",)))
    run.write_config(RunFolder(tmp_path / "new"), config)
    assert run.read_config(RunFolder(tmp_path / "new")) == config


def test_intervals_are_the_defaults_for_short_runs_and_grow_with_long_ones():
    default = RunConfig(PRESETS["faces-32"])
    for steps in (4, 2_000, 10_000):
        assert replace(default, **run.intervals(steps)) == default
    assert run.intervals(200_000) == {"sample_every": 1_000, "measure_every": 2_500, "save_every": 1_000}


def test_a_small_folder_is_augmented_unless_that_was_chosen(tmp_path):
    small = image_set(np.zeros((50, 16, 16, 3), np.uint8), held_out=5)
    settled = run_config().settled(small)
    assert settled.preset.recipe.augment == ("color", "translation", "cutout")
    assert run_config().settled(BuiltInFaces(16, 0)).preset.recipe.augment == ()
    for chosen in ((), ("color",)):
        assert run_config(tiny(augment=chosen)).settled(small).preset.recipe.augment == chosen
    run.write_config(RunFolder(tmp_path), settled)
    assert run.read_config(RunFolder(tmp_path)) == settled


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"preset": 3}', json.dumps({"surprise": 1})])
def test_foreign_text_is_refused(text):
    with pytest.raises(UserError, match=r"config\.json is not the configuration of a run"):
        run.from_json(text, "config.json")


def test_a_wrong_type_is_refused():
    content = json.loads(run.to_json(run_config()))
    content["preset"]["recipe"]["batch"] = "many"
    with pytest.raises(UserError, match="not the configuration"):
        run.from_json(json.dumps(content), "config.json")


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        run.read_config(RunFolder(tmp_path))
