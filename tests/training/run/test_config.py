import json
from dataclasses import replace

import numpy as np
import pytest
from support.runs import image_set, run_config, tiny

from minihit.data.dataset import BuiltInFaces
from minihit.errors import UserError
from minihit.presets import PRESETS
from minihit.training.run.config import (
    RunConfig,
    differences,
    from_json,
    intervals,
    read_config,
    to_json,
    words,
    write_config,
)
from minihit.training.run.folder import RunFolder


@pytest.mark.parametrize("name", PRESETS)
def test_a_configuration_survives_json(name):
    config = RunConfig(PRESETS[name], data="somewhere", seed=7)
    assert from_json(to_json(config), "x") == config


def test_a_configuration_is_written_and_read(tmp_path):
    config = run_config(tiny(augment=("color",)))
    write_config(RunFolder(tmp_path / "new"), config)
    assert read_config(RunFolder(tmp_path / "new")) == config


@pytest.mark.parametrize("name", ["kaputt_\udcfc", "写真", "\U0001f600", 'quo"te', "new\nline"])
def test_any_name_of_a_file_survives(tmp_path, name):
    config = run_config(data=name)
    write_config(RunFolder(tmp_path), config)
    assert read_config(RunFolder(tmp_path)) == config


def test_intervals_are_the_defaults_for_short_runs_and_grow_with_long_ones():
    default = RunConfig(PRESETS["faces-32"])
    for steps in (4, 2_000, 10_000):
        assert replace(default, **intervals(steps)) == default
    assert intervals(200_000) == {"sample_every": 1_000, "measure_every": 2_500, "save_every": 1_000}


def test_a_small_folder_is_augmented_unless_that_was_chosen(tmp_path):
    small = image_set(np.zeros((50, 16, 16, 3), np.uint8), held_out=5)
    settled = run_config().settled(small)
    assert settled.preset.recipe.augment == ("color", "translation", "cutout")
    assert run_config().settled(BuiltInFaces(16, 0)).preset.recipe.augment == ()
    for chosen in ((), ("color",)):
        assert run_config(tiny(augment=chosen)).settled(small).preset.recipe.augment == chosen
    write_config(RunFolder(tmp_path), settled)
    assert read_config(RunFolder(tmp_path)) == settled


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"preset": 3}', json.dumps({"surprise": 1})])
def test_foreign_text_is_refused(text):
    with pytest.raises(UserError, match=r"config\.json is not the configuration of a run"):
        from_json(text, "config.json")


def test_a_wrong_type_is_refused():
    content = json.loads(to_json(run_config()))
    content["preset"]["recipe"]["batch"] = "many"
    with pytest.raises(UserError, match="not the configuration"):
        from_json(json.dumps(content), "config.json")


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        read_config(RunFolder(tmp_path))


@pytest.mark.parametrize("old, new, sentence", [
    ('"beta1": 0.0', '"beta1": 1.0', "beta1 is 1.0: it must be below 1"),
    ('"r1": 10.0', '"r1": NaN', "r1 is nan: it must be"),
    ('"clip": 0.0', '"clip": 1e-300', "clip is 1e-300, and 0.0 in float32"),
    ('"generator_rate": 0.001', '"generator_rate": Infinity', "generator_rate is inf, and inf in float32"),
    ('"seed": 0', '"seed": -1', "seed is -1: it must lie between 0 and 18446744073709551615"),
    ('"data": "faces"', '"data": ""', "data is empty: give faces"),
    ('"keep": 2', '"keep": 0', "keep is 0: it must be at least 1"),
])
def test_a_file_with_a_value_that_cannot_work_is_named(old, new, sentence):
    text = to_json(run_config())
    assert old in text
    with pytest.raises(UserError, match=f"^runs/a/config.json: {sentence}"):
        from_json(text.replace(old, new), "runs/a/config.json")


@pytest.mark.parametrize("seed", [-1, -(2**70), 2**64, 2**128])
def test_a_seed_that_numpy_does_not_take_is_refused(seed):
    with pytest.raises(UserError, match=f"^seed is {seed}: it must lie between 0 and"):
        run_config(seed=seed)


def test_the_largest_seed_is_taken():
    assert BuiltInFaces(16, run_config(seed=2**64 - 1).seed).take(0, 1).shape == (1, 16, 16, 3)


@pytest.mark.parametrize("batch, micro_batch, lanes", [(32, 16, 2), (64, 16, 2), (8, 0, 2), (64, 0, 4), (16, 16, 2)])
def test_a_configuration_of_version_0_1_0_has_the_lanes_that_it_had(batch, micro_batch, lanes):
    """It named neither lanes nor kinds: two threads, or as many as left 16 images to each of a batch in one piece."""
    content = json.loads(to_json(run_config(tiny(batch=batch, micro_batch=micro_batch), lanes=lanes)))
    del content["lanes"], content["origin"], content["preset"]["kind"]
    for name in ("generator", "discriminator"):
        del content["preset"][name]["kind"]
    assert from_json(json.dumps(content), "x") == run_config(tiny(batch=batch, micro_batch=micro_batch), lanes=lanes)


def test_a_configuration_without_the_fields_of_later_versions_has_their_defaults():
    """A run of a version whose generators all began with a map of side 8 and read a vector."""
    content = json.loads(to_json(run_config()))
    del content["preset"]["generator"]["start"], content["preset"]["generator"]["spatial"]
    assert from_json(json.dumps(content), "x") == run_config()
    generator = run_config().preset.generator
    assert (generator.start, generator.spatial) == (8, False)


def test_an_unknown_kind_of_network_or_objective_is_refused():
    for change in ('"kind": "hit"', '"kind": "gan"'):
        text = to_json(run_config()).replace(change, '"kind": "new"')
        with pytest.raises(UserError, match="not the configuration of a run \\(kind 'new' is unknown"):
            from_json(text, "config.json")


def test_differences_are_named_as_their_flags_with_both_values():
    here, there = run_config(tiny(r1=3.0), data="photos"), run_config(tiny(r1=5.0))
    assert [*differences(here, there)] == [("recipe.r1", 3.0, 5.0), ("data", "photos", there.data)]


@pytest.mark.parametrize("value, text", [((), "nothing"), (("color", "cutout"), "color cutout"), (None, "none"),
                                         ((16, None), "16 none"), (0.5, "0.5"), (False, "False")])
def test_a_value_in_words_is_what_one_writes_behind_its_flag(value, text):
    assert words(value) == text


def test_whole_numbers_stand_for_fractions_but_no_words():
    content = json.loads(to_json(run_config(tiny(r1=5.0))))
    content["preset"]["recipe"]["r1"] = 5
    assert from_json(json.dumps(content), "x") == run_config(tiny(r1=5.0))
    content["preset"]["recipe"]["r1"] = "5"
    with pytest.raises(UserError, match="not the configuration of a run"):
        from_json(json.dumps(content), "x")
