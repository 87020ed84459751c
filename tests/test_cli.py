"""The command line as its user meets it: help, exit codes, refusals, and what the commands write."""

import errno
import json
import math
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from support.runs import TINY, write_run

from minihit import __version__, backend
from minihit.cli import COMMANDS, main
from minihit.commands import gradcheck as gradcheck_command
from minihit.commands import info as info_command
from minihit.commands.options import parse_seeds
from minihit.commands.train import Train, _shared, configure
from minihit.errors import UserError
from minihit.gradcheck import Comparison, plants
from minihit.presets import PRESETS
from minihit.training import loop
from minihit.training.run.config import RunConfig

ROOT = Path(__file__).parents[1]
LAZY = ("cupy", "matplotlib", "imageio", "PIL", "tqdm", "tyro")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run")).path


@pytest.fixture
def trained(monkeypatch):
    """What training was asked for, in place of training."""
    calls = []
    monkeypatch.setattr(loop, "train", lambda *arguments: calls.append(arguments) or 0)
    return calls


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(capsys, *argv):
    """The one line that a refused command prints."""
    assert main(map(str, argv)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("minihit: ")
    assert err.count("\n") == 1
    return err


def python(*argv, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *map(str, argv)], capture_output=True, text=True, env=environment, **options)


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
    monkeypatch.setattr(info_command, "main", fail)


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


def test_a_missing_gpu_is_one_sentence(monkeypatch, capsys, run):
    monkeypatch.setattr(backend, "gpu_problem", lambda: "CuPy finds no CUDA device or driver")
    for argv in (["train"], ["sample", run], ["interpolate", run]):
        assert "no GPU can be used (CuPy finds no CUDA device" in refusal(capsys, *argv, "--device", "gpu")


# train


def test_train_starts_from_the_default_preset(trained):
    assert main(["train", "--device", "cpu"]) == 0
    (config, folder, device, resume, budget, data_on_device), = trained
    assert config == RunConfig(PRESETS["faces-32"])
    assert (folder.path, device, resume) == (Path("runs/faces-32"), "cpu", False)
    assert (budget, data_on_device) == (None, "auto")


EVERY_KIND_OF_FLAG = """
train --preset celeba-64 --data photos --run here --device cpu --seed 7 --steps 9 --batch 8
--generator.norm layer --generator.attention grid --generator.windows 4 4 None None --generator.no-cross-attention
--discriminator.minibatch-stddev --recipe.r1 5 --recipe.augment color translation --recipe.micro-batch 4
--log-every 1 --sample-every 2 --measure-every 3 --measure-images 4 --save-every 5 --keep 6 --no-flip
--data-on-device no
"""


def test_every_setting_is_a_flag(trained):
    assert main(EVERY_KIND_OF_FLAG.split()) == 0
    (config, folder, *_, data_on_device), = trained
    assert data_on_device == "no"
    base = PRESETS["celeba-64"]
    generator = replace(base.generator, norm="layer", attention="grid", windows=(4, 4, None, None),
                        cross_attention=False)
    recipe = replace(base.recipe, steps=9, batch=8, r1=5.0, augment=("color", "translation"), micro_batch=4)
    preset = replace(base, generator=generator, recipe=recipe,
                     discriminator=replace(base.discriminator, minibatch_stddev=True))
    assert config == RunConfig(preset, data="photos", seed=7, flip=False, log_every=1, sample_every=2, measure_every=3,
                               measure_images=4, save_every=5, keep=6)
    assert folder.path == Path("here")


def test_short_flags_stand_for_long_ones(trained):
    assert main(["train", "--device", "cpu", "--steps", "7", "--batch", "24", "--micro-batch", "8"]) == 0
    recipe = trained[0][0].preset.recipe
    assert (recipe.steps, recipe.batch, recipe.micro_batch) == (7, 24, 8)


def test_the_help_says_what_micro_batches_change(capsys):
    assert main(["train", "--help"]) == 0
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "The gradient is that of the whole batch, except that batch norm takes its statistics" in words


def test_a_budget_is_handed_to_training(trained):
    assert main(["train", "--device", "cpu", "--budget", "hour"]) == 0
    assert trained[0][4] == "hour"


def test_long_runs_look_less_often(trained):
    assert main(["train", "--device", "cpu", "--preset", "celeba-64"]) == 0
    assert main(["train", "--device", "cpu", "--preset", "celeba-64", "--steps", "3000", "--measure-every", "7"]) == 0
    long, short = (arguments[0] for arguments in trained)
    assert (long.sample_every, long.measure_every, long.save_every) == (1_000, 2_500, 1_000)
    assert (short.sample_every, short.measure_every, short.save_every) == (50, 7, 500)


def test_tf32_is_asked_for_before_the_first_product(trained, monkeypatch):
    monkeypatch.setenv("CUPY_TF32", "0")
    monkeypatch.setattr(backend, "gpu_problem", lambda: None if os.environ["CUPY_TF32"] == "1" else "too late")
    assert main(["train", "--device", "gpu", "--tf32"]) == 0
    assert trained[0][2] == "gpu"


def test_train_has_every_field_of_a_run_configuration():
    assert set(_shared()) <= set(Train.__dataclass_fields__)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_named(name):
    options, config = configure([f"--preset={name}"])
    assert config.preset == PRESETS[name]
    assert options.run == Path("runs", name)


@pytest.mark.parametrize("argv, sentence", [
    (["--preset", "faces"], f"preset 'faces' is unknown: choose one of {', '.join(PRESETS)}"),
    (["--generator.norm", "group"], "norm 'group' is unknown: choose one of batch, layer"),
    (["--generator.windows", "3", "4", "None"], "windows of side 3 do not tile a 8 x 8 map"),
    (["--discriminator.channels", "8", "8"], "side 32, the discriminator reads side 8"),
    (["--steps", "0"], "steps is 0: it must be above 0"),
    (["--recipe.augment", "blur"], "augmentation 'blur' is unknown"),
    (["--keep", "0"], "keep is 0: it must be at least 1"),
    (["--device", "cpu", "--tf32"], "--tf32 is about products on a GPU and this run is on the CPU: leave it out"),
    (["--budget", "hour", "--steps", "9"], "--budget chooses the number of steps when a run begins"),
    (["--resume"], "runs/faces-32 holds no run, so there is nothing to resume: leave --resume out to start one there"),
])
def test_train_refuses_what_cannot_work(capsys, here, trained, argv, sentence):
    assert sentence in refusal(capsys, "train", *argv)
    assert trained == []


def test_resume_takes_the_configuration_of_the_run(trained, run):
    assert main(["train", "--run", str(run), "--resume", "--device", "cpu"]) == 0
    (config, folder, device, resume, *_), = trained
    assert config.preset == TINY
    assert (folder.path, device, resume) == (run, "cpu", True)


def test_resume_accepts_the_same_flags_again_and_more_steps(trained, run):
    argv = ["train", "--run", run, "--resume", "--recipe.r1", "10", "--generator.channels", "8", "4", "--steps", "400"]
    assert main(map(str, argv)) == 0
    assert trained[0][0].preset == replace(TINY, recipe=replace(TINY.recipe, steps=400))


@pytest.mark.parametrize("argv, sentence", [
    (["--recipe.r1", "5"], "--recipe.r1 5.0 contradicts the run in"),
    (["--generator.norm", "layer"], "--generator.norm layer contradicts"),
    (["--discriminator.channels", "4", "4", "4"], "--discriminator.channels 4 4 4 contradicts the run in"),
    (["--batch", "8"], "--recipe.batch 8 contradicts"),
    (["--measure-images", "9"], "--measure-images 9 contradicts"),
    (["--no-flip"], "--flip False contradicts"),
    (["--preset", "hit-128"], "makes images of side 16, hit-128 of side 128: leave --preset out"),
])
def test_resume_refuses_other_settings_by_name(capsys, trained, run, argv, sentence):
    assert sentence in refusal(capsys, "train", "--run", run, "--resume", *argv)
    assert trained == []


def test_resume_takes_no_budget(capsys, trained, run):
    assert "--budget chooses the number" in refusal(capsys, "train", "--run", run, "--resume", "--budget", "night")
    assert trained == []


def test_training_starts_stops_and_resumes(capsys, here):
    argv = ["train", "--run", "a", "--device", "cpu", "--batch", "2", "--recipe.micro-batch", "2",
            "--measure-images", "4", "--generator.channels", "8", "8", "--generator.layers", "1", "0",
            "--generator.heads", "2", "2", "--generator.windows", "4", "None",
            "--discriminator.channels", "4", "4", "4"]
    assert main([*argv, "--steps", "1"]) == 0
    assert main([*argv, "--steps", "2", "--resume"]) == 0
    assert json.loads(Path("a/config.json").read_text())["preset"]["recipe"]["steps"] == 2
    assert sorted(path.name for path in Path("a/checkpoints").iterdir()) == ["step-00000001.npz", "step-00000002.npz"]
    capsys.readouterr()
    assert "holds a run already: go on with --resume" in refusal(capsys, *argv)


# sample


def test_sample_writes_a_grid_beside_the_run_and_says_where(capsys, run):
    assert main(["sample", str(run), "--seeds", "0-5", "--columns", "3", "--device", "cpu"]) == 0
    out = run / "samples-00000003.png"
    assert capsys.readouterr().out == f"{out}\n"
    assert iio.imread(out).shape == (2 + 2 * 66, 2 + 3 * 66, 3)           # 16 pixels, four times enlarged


def test_a_seed_is_the_same_file_whatever_the_other_seeds_are(here, run):
    for seeds, folder in (("7", "alone"), ("0-9", "many"), ("9,7,7", "few")):
        assert main(["sample", str(run), "--seeds", seeds, "--folder", folder, "--device", "cpu"]) == 0
    assert [path.name for path in sorted((here / "few").iterdir())] == ["seed-000007.png", "seed-000009.png"]
    assert len(list((here / "many").iterdir())) == 10
    alone = (here / "alone/seed-000007.png").read_bytes()
    assert alone == (here / "many/seed-000007.png").read_bytes() == (here / "few/seed-000007.png").read_bytes()
    assert alone != (here / "many/seed-000008.png").read_bytes()


def test_scale_columns_raw_and_out(here, run):
    common = ["sample", str(run), "--seeds", "1-4", "--columns", "4", "--scale", "2", "--device", "cpu", "--out"]
    assert main([*common, "new/ema.png"]) == main([*common, "raw.png", "--raw"]) == 0
    ema, raw = iio.imread("new/ema.png"), iio.imread("raw.png")
    assert ema.shape == raw.shape == (2 + 34, 2 + 4 * 34, 3)
    assert not np.array_equal(ema, raw)
    assert main(["sample", str(run), "--seeds", "3", "--folder", "here", "--scale", "2", "--device", "cpu"]) == 0
    np.testing.assert_array_equal(iio.imread("here/seed-000003.png"), ema[2:34, 2 + 68:2 + 68 + 32])


@pytest.mark.parametrize("argv, sentence", [
    (["--seeds", "9-3"], "seeds '9-3' cannot be read: write numbers and ranges such as 0-63 or 0,5,7-9"),
    (["--seeds", "-1"], "seeds '-1' cannot be read"),
    (["--seeds", "0-99999999999"], "are more than 1,000,000"),
    (["--out", "a.jpg"], "cannot write a.jpg: give it a name that ends in .png"),
    (["--out", "a.png", "--folder", "b"], "give one of them"),
    (["--columns", "0"], "--columns is 0: it must be at least 1"),
    (["--scale", "-2"], "--scale is -2: it must be at least 1"),
    (["--out", "file/a.png"], "cannot write file/a.png"),
    (["--folder", "file"], "cannot write file/seed-000000.png"),
])
def test_sample_refuses_what_cannot_work(capsys, here, run, argv, sentence):
    (here / "file").write_text("in the way")
    assert main(["sample", str(run), "--device", "cpu", *argv]) == 2
    assert sentence in capsys.readouterr().err


def test_folders_that_are_no_runs_are_refused(capsys, here, run):
    assert "gone holds no run" in refusal(capsys, "sample", "gone")
    for name, content, sentence in (("prose", "hello", "not the configuration of a run"),
                                    ("other", '{"model": 3}', "not the configuration of a run")):
        (here / name).mkdir()
        (here / name / "config.json").write_text(content)
        assert sentence in refusal(capsys, "interpolate", name)
        assert sentence in refusal(capsys, "info", name)
    shutil.copytree(run, here / "bare")
    shutil.rmtree(here / "bare/checkpoints")
    assert "holds no whole checkpoint" in refusal(capsys, "sample", "bare")


def test_a_broken_checkpoint_is_reported_and_the_one_before_it_used(capsys, here, run):
    shutil.copytree(run, here / "run")
    (here / "run/checkpoints/step-00000009.npz").write_bytes(b"PK half")
    assert main(["sample", "run", "--seeds", "0", "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert out == "run/samples-00000003.png\n"
    assert err.startswith("minihit: run/checkpoints/step-00000009.npz is not a whole checkpoint")


@pytest.mark.parametrize("text, seeds", [("5", [5]), ("0-3", [0, 1, 2, 3]), ("7-7, 2,9-10", [7, 2, 9, 10])])
def test_seeds_are_numbers_and_ranges(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1-", "1--2", "1.5", "3,,4", "5-4", "\u0663"])
def test_other_seeds_are_refused(text):
    with pytest.raises(UserError, match="cannot be read"):
        parse_seeds(text)


# interpolate


def test_interpolate_writes_a_closed_loop(capsys, run):
    argv = ["interpolate", str(run), "--seeds", "0-2", "--frames", "4", "--scale", "1", "--device", "cpu"]
    assert main(argv) == 0
    out = run / "interpolation-00000003.gif"
    assert capsys.readouterr().out == f"{out}\n"
    assert iio.imread(out, index=None).shape == (12, 16, 16, 3)


def test_interpolate_shows_loops_side_by_side(here, run):
    assert main(["interpolate", str(run), "--seeds", "0-3", "--frames", "3", "--columns", "2", "--scale", "2",
                 "--out", "a.gif", "--device", "cpu"]) == 0
    assert iio.imread("a.gif", index=None).shape == (6, 36, 70, 3)


def test_interpolate_writes_mp4(here, run):
    pytest.importorskip("av")
    assert main(["interpolate", str(run), "--seeds", "0,1", "--frames", "3", "--out", "a.mp4", "--device", "cpu"]) == 0
    assert iio.imread("a.mp4", plugin="pyav").shape == (6, 128, 128, 3)


@pytest.mark.parametrize("argv, sentence", [
    (["--columns", "3"], "8 seeds cannot be divided among 3 columns"),
    (["--frames", "0"], "--frames is 0: it must be at least 1"),
    (["--fps", "0"], "--fps is 0"),
    (["--out", "a.png"], "give it a name that ends in .gif or .mp4"),
    (["--seeds", "x"], "seeds 'x' cannot be read"),
])
def test_interpolate_refuses_what_cannot_work(capsys, here, run, argv, sentence):
    assert sentence in refusal(capsys, "interpolate", run, "--device", "cpu", *argv)


# info


def test_info_of_a_preset_and_of_a_run(capsys, run):
    assert main(["info", "hit-128"]) == 0
    out = capsys.readouterr().out
    assert "32,866,627" in out and "23,880,833" in out
    assert max(map(len, out.splitlines())) <= 120
    assert main(["info", str(run)]) == 0
    assert "generator, 3 numbers -> 16 x 16 x 3" in capsys.readouterr().out


def test_info_names_the_presets_where_there_is_neither(capsys):
    sentence = "faces is neither a preset nor the folder of a run: choose one of faces-32"
    assert sentence in refusal(capsys, "info", "faces")


# gradcheck


def test_gradcheck_prints_a_row_per_leaf(capsys):
    assert main(["gradcheck", "--only", "softmax", "linear, heads"]) == 0
    head, *rows, summary = capsys.readouterr().out.splitlines()
    assert head.split() == ["what", "leaf", "shape", "share", "verdict"]
    assert [row.split("  ")[0] for row in rows] == ["softmax"] + ["linear, heads"] * 4
    assert all(row.endswith("  ok") and len(row) <= 120 for row in rows)
    assert summary.startswith("5 checked, 0 wrong, in ")


def test_gradcheck_shows_the_worst_leaf_of_a_network_unless_it_is_asked_for():
    found = [Comparison(f"leaf {i}", (2,), "value (0,)", 1.0, 1.0, i / 10) for i in range(3)]
    folded, whole = (list(gradcheck_command.lines("net", found, whole)) for whole in (False, True))
    assert len(whole) == 3 and len(folded) == 1
    assert folded[0].split()[1:3] == ["leaf", "2"] and folded[0].endswith("ok, all 3")


def test_gradcheck_shows_every_wrong_leaf_with_its_numbers():
    found = [Comparison("a", (2,), "value (0,)", 1.5, 1.0, 7.0),
             Comparison("b", (2,), "has no gradient", math.nan, math.nan, math.inf),
             Comparison("c", (2,), "value (0,)", 1.0, 1.0, 0.1)]
    one, other = gradcheck_command.lines("net", found, False)
    assert one.endswith("WRONG: 1.5 instead of 1, value (0,)") and other.endswith("WRONG: has no gradient")


NONE_MISSED = f"{len(plants.PLANTS)} mistakes planted, 0 missed"


@pytest.mark.parametrize("argv", [["--dtype", "float32"], ["--only", "batch_norm", "--thorough"], ["--self-test"]])
def test_gradcheck_of_other_kinds_holds(capsys, argv):
    assert main(["gradcheck", *argv]) == 0
    said = NONE_MISSED if argv == ["--self-test"] else " checked, 0 wrong, in "
    assert said in capsys.readouterr().out


def test_gradcheck_exits_with_1_where_a_planted_mistake_is_missed(capsys, monkeypatch):
    harmless = {"none": plants.PLANTS["a sign"]._replace(wrong=lambda layer: {})}
    monkeypatch.setattr(plants, "PLANTS", harmless)
    assert main(["gradcheck", "--self-test"]) == 1
    assert "1 mistakes planted, 1 missed" in capsys.readouterr().out


@pytest.mark.parametrize("factor, code", [("1.0", 0), ("1.001", 1)])
def test_gradcheck_of_homework(capsys, here, factor, code):
    Path("mine.py").write_text(f"from minihit.ops import gelu\nforward = gelu.forward\n"
                               f"def backward(dy, cache):\n    return {factor} * gelu.backward(dy, cache)\n")
    assert main(["gradcheck", "mine.py", "--against", "gelu", "--thorough"]) == code
    out = capsys.readouterr().out
    assert ("WRONG" in out) == bool(code) and f"2 checked, {code} wrong" in out


@pytest.mark.parametrize("argv, sentence", [
    (["gone.py", "--against", "gelu"], "gone.py cannot be read (No such file or directory)"),
    (["bad.py", "--against", "gelu"], "bad.py, line 1: ZeroDivisionError: division by zero"),
    (["empty.py", "--against", "gelu"], "empty.py defines no forward and no backward"),
    (["empty.py", "--against", "glu"], "'glu' is not in the table of gradcheck: choose one of attend"),
    (["empty.py"], "--against is missing: name what empty.py should compute"),
    (["--against", "gelu"], "--against compares a file of yours: give its name first"),
    (["empty.py", "--against", "gelu", "--only", "gelu"], "leave it out where you check a file"),
    (["--only", "glu"], "'glu' is not in the table of gradcheck"),
    (["--self-test", "--thorough"], "takes no other option"),
])
def test_gradcheck_refuses_what_cannot_work(capsys, here, argv, sentence):
    Path("empty.py").write_text("")
    Path("bad.py").write_text("1 / 0")
    assert sentence in refusal(capsys, "gradcheck", *argv)


@pytest.mark.slow
def test_gradcheck_of_everything_holds_within_a_minute(capsys):
    start = time.process_time()
    assert main(["gradcheck"]) == 0
    assert time.process_time() - start < 60
    assert NONE_MISSED in capsys.readouterr().out
