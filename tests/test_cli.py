"""The command line as its user meets it: help, exit codes, and what goes wrong in any command."""

import errno
import os
import signal
import subprocess

import pytest
from support.commands import python, refusal

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
              "--with",
              "--discriminator.minibatch-stddev", "--recipe.r1", "--log-every", "--sample-every", "--measure-every",
              "--measure NAME", "--weights FILE",
              "--measure-images", "--save-every", "--keep", "--no-flip", "--micro-batch", "--budget",
              "{minutes,hour,night}", "--data-on-device", "--tf32", "--plain", "--from",
              "--decoder {hit,cnn,cnn-wide}", "--generator {hit,stylegan2,stylegan2-wide}"],
    "data": ["prepare SOURCE STORE", "show STORE", "check STORE", "stand-in FOLDER"],
    "sample": ["RUN", "--seeds", "--columns", "--out", "--folder", "--truncation", "--raw", "--scale", "--device",
               "--plain"],
    "interpolate": ["RUN", "--seeds", "--pictures PICTURE|FOLDER|STORE", "--frames", "--fps", "--columns", "--out",
                    "--truncation", "--raw", "--scale", "--device"],
    "reconstruct": ["RUN", "[PICTURE|FOLDER|STORE ...]", "--out", "--count", "--show", "--columns", "--raw", "--scale",
                    "--device", "--plain"],
    "codebook": ["RUN", "[PICTURE|FOLDER|STORE ...]", "--out", "--count", "--columns", "--raw", "--device"],
    "measure": ["A [B]", "--features {random,inception,FILE.npz}", "--weights", "--count",
                "--split {held-out,training}", "--size", "--pairs", "--seed", "--out", "--raw", "--device", "--plain"],
    "attention": ["RUN|built-in", "--seeds", "--out", "--raw"],
    "trace": ["[PRESET|RUN]", "--batch", "--depth", "--only {generator,discriminator,encoder,decoder,quantizer}",
              "--seed", "--decoder", "--generator", *PRESETS],
    "info": ["PRESET|RUN", "--decoder {hit,cnn,cnn-wide}", "--generator {hit,stylegan2,stylegan2-wide}", *PRESETS],
    "bench": ["--preset", "--decoder", "--batch", "--micro-batch", "--steps", "--ops", "--scale", "--peer", "--out",
              "--device", "--plain"],
    "learn": ["check NUMBER", "train [FOLDER]", "the chapters"],
    "gradcheck": ["[FILE]", "--against", "--only", "--thorough", "--dtype", "--self-test", "--list", "It is run"],
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


TALKATIVE = [["--help"], ["--version"], ["info", "hit-256"], ["train", "--help"], ["data", "--help"],
             ["gradcheck", "--only", "softmax"]]


@pytest.mark.parametrize("argv", TALKATIVE, ids=" ".join)
def test_a_reader_that_has_left_is_no_matter(argv):
    reader, writer = os.pipe()
    os.close(reader)
    done = python("-m", "minihit", *argv, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("argv", TALKATIVE, ids=" ".join)
def test_a_full_disk_behind_standard_output_is_one_sentence(argv):
    with open("/dev/full", "w") as full:
        done = python("-m", "minihit", *argv, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == ("minihit: cannot write to standard output: No space left on device; free some space there "
                           "or write somewhere else; all else is done\n")


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full 2>&1"])
@pytest.mark.parametrize("argv, code", [("info hit-256", 0), ("info gone", 2), ("train --stepz 3", 2)])
def test_closed_and_full_streams_change_no_exit_code(closing, argv, code):
    shell = f'"$0" -m minihit {argv} {closing}'
    done = python("-c", f"import subprocess, sys; sys.exit(subprocess.run(['sh', '-c', {shell!r}, sys.executable])"
                        f".returncode)")
    lost = "full 2>&1" in closing and code == 0
    assert done.returncode == (2 if lost else code)
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "utf-8:strict", "utf-16", *(
    pytest.param(name, marks=pytest.mark.slow) for name in ("cp1252", "latin-1"))])
def test_any_encoding_takes_any_name(encoding, tmp_path):
    for name in ("写真", os.fsdecode(b"kaputt_\xfc"), "ü", "\U0001f600"):
        done = python("-m", "minihit", "info", tmp_path / name, text=False, environment={"PYTHONIOENCODING": encoding})
        assert done.returncode == 2 and b"Traceback" not in done.stderr
        done = python("-m", "minihit", "train", "--help", text=False, environment={"PYTHONIOENCODING": encoding})
        assert (done.returncode, done.stderr) == (0, b"")


def failing(monkeypatch, error):
    def fail(argv):
        raise error
    monkeypatch.setattr(info, "main", fail)


def test_an_interruption_has_no_traceback(monkeypatch, capsys):
    failing(monkeypatch, KeyboardInterrupt())
    assert main(["info", "x"]) == 130
    assert capsys.readouterr().err == "\n"


@pytest.mark.parametrize("name, code", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_a_signal_that_asks_to_stop_ends_any_command_with_its_code(monkeypatch, capsys, name, code):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    monkeypatch.setattr(info, "main", lambda argv: os.kill(os.getpid(), number))
    assert main(["info", "x"]) == code
    assert capsys.readouterr().err == ("\n" if code == 130 else f"minihit: stopped by {name}\n")
    assert signal.getsignal(number) is before


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
