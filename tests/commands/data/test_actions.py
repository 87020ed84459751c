"""minihit data as its user meets it: its actions, and help for each."""

import pytest
from support.commands import refusal

from minihit.cli import main

ACTIONS = {
    "prepare": ["SOURCE", "STORE", "--size", "--crop", "--margin", "--filter", "--fit", "--greys", "--megapixels",
                "--column", "--strict", "178", "0.875"],
    "show": ["STORE", "--out", "--count", "--seed"],
    "check": ["STORE"],
    "stand-in": ["FOLDER", "--count", "--seed"],
}


@pytest.mark.parametrize("argv", [[], ["-h"], ["--help"]])
def test_help_names_every_action(capsys, argv):
    assert main(["data", *argv]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_help_of_an_action_shows_purpose_example_and_flags(capsys, action):
    assert main(["data", action, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: minihit data {action}")
    assert f"\nExamples:\n  minihit data {action}" in out
    assert [flag for flag in ACTIONS[action] if flag not in out] == []


def test_an_unknown_action_is_refused(capsys):
    assert "'prep' is no action of minihit data: choose one of prepare, show, check" in refusal(capsys, "data", "prep")
