import json

import pytest
from runs import run_config, tiny

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
