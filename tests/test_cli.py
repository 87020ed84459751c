"""The command line as its user meets it: help, exit codes, and what goes wrong in any command."""

import errno
import os
import subprocess
import sys

import pytest
from support.commands import ROOT, python, refusal

from minihit import __version__
from minihit.cli import COMMANDS, main
from minihit.commands import info
from minihit.errors import UserError
from minihit.presets import PRESETS

LAZY = ("cupy", "matplotlib", "imageio", "PIL", "tqdm", "tyro")


# help, versions, commands


@pytest.mark.parametrize("argv", [[], ["-h"], ["--help"]])
def test_help_names_every_command(capsys, argv):
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out and purpose in out for name, purpose in COMMANDS.items())


FLAGS = {
    "train": ["--preset", "--data", "--run", "--device", "--seed", "--resume", "--steps", "--batch", "--generator.norm",
              "--discriminator.minibatch-stddev", "--recipe.r1", "--log-every", "--sample-every", "--measure-every",
              "--measure-images", "--save-every", "--keep", "--no-flip", "--micro-batch", "--budget",
              "{minutes,hour,night}", "--data-on-device", "--tf32"],
    "data": ["prepare SOURCE STORE", "show STORE", "check STORE", "stand-in FOLDER"],
    "sample": ["RUN", "--seeds", "--columns", "--out", "--folder", "--raw", "--scale", "--device"],
    "interpolate": ["RUN", "--seeds", "--frames", "--fps", "--columns", "--out", "--raw", "--scale", "--device"],
    "info": ["PRESET|RUN", *PRESETS],
    "bench": ["--preset", "--batch", "--micro-batch", "--steps", "--ops", "--scale", "--peer", "--out", "--device"],
    "gradcheck": ["[FILE]", "--against", "--only", "--thorough", "--dtype", "--self-test", "It is run"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_purpose_example_and_flags(capsys, command):
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: minihit {command}")
    assert f"\nExamples:\n  minihit {command}" in out
    assert [flag for flag in FLAGS[command] if flag not in out] == []


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"minihit {__version__}\n"


def test_python_m_minihit():
    done = python("-m", "minihit", "--version")
    assert (done.returncode, done.stdout) == (0, f"minihit {__version__}\n")
    done = python("-m", "minihit", "sample", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("minihit: nowhere holds no run: give the folder that minihit train wrote")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("lines", ["import minihit", "from minihit.cli import main; main(['--help'])"])
def test_heavy_modules_are_not_imported_for_nothing(lines):
    done = python("-c", f"{lines}; import sys; print(*sys.modules)")
    modules = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "minihit" in modules
    assert modules.isdisjoint(LAZY)


def test_info_and_options_need_no_drawing_library():
    done = python("-c", "from minihit.cli import main; main(['info', 'faces-32']); import sys; print(*sys.modules)")
    assert set(done.stdout.splitlines()[-1].split()).isdisjoint({"cupy", "matplotlib", "imageio", "PIL"})


def test_an_unknown_command_is_refused(capsys):
    assert f"'trian' is no command: choose one of {', '.join(COMMANDS)}" in refusal(capsys, "trian")


@pytest.mark.parametrize("argv", [
    ["train", "--stepz", "3"], ["train", "--device", "tpu"], ["sample", "x", "--seed", "3"],
    ["interpolate", "x", "--frames", "many"], ["info"], ["info", "a", "b"],
])
def test_a_mistake_in_a_flag_exits_with_2_and_shows_where_help_is(capsys, argv):
    assert main(argv) == 2
    assert "--help" in capsys.readouterr().err


# what goes wrong


def test_a_closed_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "minihit", "info", "hit-256"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def failing(monkeypatch, error):
    def fail(argv):
        raise error
    monkeypatch.setattr(info, "main", fail)


def test_an_interruption_has_no_traceback(monkeypatch, capsys):
    failing(monkeypatch, KeyboardInterrupt())
    assert main(["info", "x"]) == 130
    assert capsys.readouterr().err == "\n"


@pytest.mark.parametrize("error, cure", [
    (MemoryError("Unable to allocate 9 TiB"), "choose a smaller preset"),
    (OSError(errno.ENOSPC, "No space left on device", "runs/a"), "runs/a: No space left on device; free some space"),
    (PermissionError(errno.EACCES, "Permission denied", "b"), "b: Permission denied; choose a place you may write to"),
    (UserError("two\nlines"), "two lines"),
])
def test_what_the_machine_refuses_is_a_sentence_with_a_cure(monkeypatch, capsys, error, cure):
    failing(monkeypatch, error)
    assert cure in refusal(capsys, "info", "x")


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError(errno.EBADF, "Bad file descriptor")])
def test_a_fault_of_the_program_is_not_dressed_up(monkeypatch, error):
    failing(monkeypatch, error)
    with pytest.raises(type(error)):
        main(["info", "x"])
