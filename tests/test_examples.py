"""The examples, on networks small enough for a test."""

import json
import re
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from support.runs import AUTOENCODERS, TINY, TINY_STYLEGAN2, run_config, tiny, write_run

from minihit import tree
from minihit.data.faces import stand_in
from minihit.data.store.reader import open_store
from minihit.models.hit.config import GeneratorConfig
from minihit.presets import PRESETS
from minihit.show.images import read_image
from minihit.training.run import checkpoint, log, weights
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder

EXAMPLES = Path(__file__).parents[1] / "examples"
QUICK = {"sample_every": 2, "measure_every": 2, "measure_images": 8}


def load(name):
    """What an example defines, without running it."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_every_example_explains_itself(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [path.name, "--help"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(path), run_name="__main__")
    assert stop.value.code == 0
    assert f"usage: {path.name}" in capsys.readouterr().out


def test_train_faces_leaves_a_run(tmp_path):
    example = load("train_faces")
    assert example["CONFIG"].preset.generator.size == 32
    assert example["main"](tmp_path / "run", run_config()) == 0
    for name in ("config.json", "curves.png", "timelapse.gif", "samples"):
        assert (tmp_path / "run" / name).exists(), name


def test_train_celeba_prepares_trains_samples_walks_and_goes_on(tmp_path, capsys):
    example = load("train_celeba")
    assert example["PRESET"] == PRESETS["celeba-64"]
    zipped = stand_in.write(tmp_path / "celeba", 40)
    for _ in range(2):
        assert example["main"](zipped, tmp_path / "here", tiny(steps=2), measure_images=4) == 0
    said = capsys.readouterr().out
    assert "is there already" in said and said.count("see samples.png and walk.gif") == 2
    config = read_config(RunFolder(tmp_path / "here/run"))
    assert config.preset.recipe.augment == ("color", "translation", "cutout")    # 32 training pictures
    assert read_image(tmp_path / "here/samples.png").shape == (8 * 18 + 2, 8 * 18 + 2, 3)
    assert iio.imread(tmp_path / "here/walk.gif", index=None).shape[1:] == (32, 32, 3)


def test_train_celeba_draws_a_stand_in_where_there_is_no_zip(tmp_path, monkeypatch):
    main = load("train_celeba")["main"]
    monkeypatch.setitem(main.__globals__, "STAND_IN", 30)
    monkeypatch.setitem(main.__globals__, "train", lambda config, *arguments, **options: 130)
    assert main(folder=tmp_path, preset=tiny()) == 130
    assert open_store(tmp_path / "store").manifest.splits == {"train": 24, "valid": 3, "test": 3}
    assert not (tmp_path / "samples.png").exists()


def test_built_in_packs_what_is_loaded_again_to_half_precision(tmp_path):
    folder = write_run(tmp_path / "run")
    assert load("built_in")["main"](folder.path, tmp_path / "packed").name == "step-00000003.npz"
    config, expected, step = weights.load_generator(folder)
    packed = RunFolder(tmp_path / "packed", shipped=True)
    *found, found_step = weights.load_generator(packed)
    assert (found[0], found_step) == (config, step)
    for (path, half), (_, leaf) in zip(tree.items(found[1]), tree.items(expected), strict=True):
        assert half.dtype == np.float32
        np.testing.assert_allclose(half, leaf, rtol=2**-11, atol=2**-25, err_msg=path)


@pytest.mark.parametrize("change", [{}, {"multi_query": False}, {"attention": "block"}, {"attention": "axial"},
                                    {"attention": "full"}, {"attention": "none"}, {"cross_attention": False}], ids=str)
def test_attention_maps_draws_every_kind_of_generator(change, tmp_path):
    folder = write_run(tmp_path, replace(TINY, generator=replace(TINY.generator, **change)))
    out = load("attention_maps")["main"](folder.path)
    assert out == tmp_path / "attention-00000003.png"
    assert len(np.unique(read_image(out))) > 20


@pytest.mark.parametrize("axis", ["block", "grid"])
def test_attention_maps_puts_shares_where_the_pixels_are(axis):
    plan = GeneratorConfig(latent=2, channels=(4,), layers=(1,), heads=(2,), windows=(4,)).stages[0]     # 8 x 8
    example = load("attention_maps")
    row, column = example["asking_pixel"](8)
    sets, members = (4, 16) if axis == "block" else (16, 4)
    probs = np.random.default_rng(0).random((sets, 2, members, members))
    window, place = (row // 4) * 2 + column // 4, (row % 4) * 4 + column % 4
    shares = probs[window, :, place] if axis == "block" else probs[place, :, window]
    expected = np.zeros((8, 8))
    for member, share in enumerate(shares.mean(axis=0)):
        w, p = (window, member) if axis == "block" else (member, place)
        expected[(w // 2) * 4 + p // 4, (w % 2) * 4 + p % 4] = share
    np.testing.assert_array_equal(example["in_image"](probs, plan, axis), expected)


def test_ablation_trains_two_runs_that_differ_in_one_field_and_continues_them(tmp_path):
    main = load("ablation")["main"]
    assert main(tmp_path, tiny(steps=2), **QUICK) == 0
    assert main(tmp_path, tiny(steps=4), **QUICK) == 0
    runs = {value: RunFolder(tmp_path / f"attention-{value}") for value in ("multi_axis", "none")}
    configs = {value: read_config(run) for value, run in runs.items()}
    assert {value: config.preset.generator.attention for value, config in configs.items()} == {v: v for v in runs}
    assert configs["none"].preset == replace(configs["multi_axis"].preset, generator=configs["none"].preset.generator)
    for run in runs.values():
        assert checkpoint.newest(run.checkpoints)[0].name == "step-00000004.npz"
        assert [row["step"] for row in log.read(run.log) if "swd" in row] == [0, 2, 4]
    assert (tmp_path / "attention.png").is_file()


def test_decoders_compares_and_makes_nothing_twice(tmp_path, monkeypatch):
    main, made = load("decoders")["main"], []
    train = main.__globals__["train"]
    monkeypatch.setitem(main.__globals__, "train", lambda *arguments: made.append(1) or train(*arguments))
    monkeypatch.setitem(main.__globals__, "IMAGES", 20)
    presets = {"hit": AUTOENCODERS["vqvae"], "cnn": AUTOENCODERS["vqvae, cnn"]}
    for seeds in ((0, 1), (0, 1, 2)):
        assert main(tmp_path, seeds, 2, presets, sample_every=1000, measure_images=8) == 0
    assert len(made) == 6
    head, _, *rows = (tmp_path / "decoders.md").read_text().splitlines()
    assert "PSNR" in head and [row.split()[0] for row in rows] == ["HiT", "CNN,"]
    assert read_image(tmp_path / "decoders.png").shape[1] == 8 * 50 + 2


def test_generators_compares_and_makes_nothing_twice(tmp_path, monkeypatch):
    main, made = load("generators")["main"], []
    train = main.__globals__["train"]
    monkeypatch.setitem(main.__globals__, "train", lambda *arguments: made.append(1) or train(*arguments))
    presets = {"hit": tiny(steps=2), "stylegan2": replace(TINY_STYLEGAN2, recipe=tiny(steps=2).recipe)}
    for _ in range(2):
        assert main(tmp_path, presets, sample_every=1000, measure_images=12) == 0
    assert len(made) == 2
    head, _, *rows = (tmp_path / "generators.md").read_text().splitlines()
    assert "sliced Wasserstein distance" in head and "random-feature recall" in head
    assert [row.split()[0] for row in rows] == ["HiT", "StyleGAN2,", "real"]
    assert read_image(tmp_path / "generators.png").shape == (2 + 2 * 34, 2 + 20 * 34, 3)


def test_what_is_compared_with_pytorch_says_that_it_needs_it(monkeypatch, capsys):
    main = load("torch_quantizer")["main"]
    monkeypatch.setitem(main.__globals__, "torch", None)
    assert main() == 2
    assert capsys.readouterr().err == "PyTorch is not installed: pip install torch brings it\n"


def test_paper_prints_every_recipe_with_its_lines_and_what_a_gpu_would_need(capsys):
    example = load("paper")
    recipes = example["RECIPES"]
    assert [recipe.preset for recipe in recipes] == [name for name in PRESETS if name.startswith("hit-")]
    example["main"]("here")
    said = capsys.readouterr().out
    head, rule, *rows = said.splitlines()[:2 + len(recipes)]
    assert tuple(re.split("  +", head.strip())) == example["HEAD"] and set(rule) == {"-"}
    assert max(map(len, said.splitlines())) <= 120
    for recipe, row in zip(recipes, rows, strict=True):
        numbers = PRESETS[recipe.preset].recipe
        assert row.split()[0] == recipe.preset and f"  {numbers.steps:,}  " in row and " GB  " in row
    assert [int(row.split()[-1]) for row in rows] == [8, 8, 8, 8, 1, 1]
    assert example["fitting"](PRESETS["hit-1024"], 10**6) == 0
    assert ("\nhit-1024-ffhq, FFHQ:\n    minihit data prepare here/images1024x1024 ffhq-1024 --size 1024 --filter box\n"
            in said)
    assert "    minihit train --preset hit-128 --data imagenet-128\n" in said
    assert "    minihit data prepare stand-in/CelebAMask-HQ.zip celeba-hq-256 --size 256 --filter box\n" in said


@pytest.fixture
def report(monkeypatch):
    """examples/gpu_report.py, whose parts are done by a script of the test instead of a GPU."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import gpu_report

    monkeypatch.setattr(gpu_report, "LIMITS", dict.fromkeys(gpu_report.LIMITS, 20))
    return gpu_report


FOUND = {
    "card": {"name": "H9", "memory": 10**11, "bandwidth": 4e12, "flops": 5e13, "flops, TF32": 2e14},
    "check": {"alike": ["torch", "torch, tuned"]},
    "work": {"step": {"flop": 1e12, "bytes": 1e11}},
    "step": {"kernels": 1234, "queued": 0.1, "eager": 0.11, "recorded": 0.05, "flop": 1e12, "memory": 5 * 10**9},
    "peer": {"memory": {}, "step": {"seconds": {"minihit": 0.05, "torch": 0.4, "torch, tuned": 0.1},
                                    "ratios": {"torch, tuned": 0.5}}},
    "tests": {"summary": "3 failed, 4 passed", "not passed": ["FAILED tests/a.py"]},
}


def test_the_report_has_a_row_for_each_part(report, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(report, "_apart", lambda arguments, limit: FOUND[arguments[0]])
    monkeypatch.setattr(report, "device_module", lambda device: np)
    assert report.main(tmp_path, list(FOUND), ["celeba-64"]) == 0
    text = (tmp_path / "report.md").read_text()
    assert "A copy moves 4.00 TB/s, a float32 product makes 50 TFLOP/s" in text
    assert "with TF32 200. All products" in text
    assert "| celeba-64, batch 64 | 1,234 | 100.0 | 110.0 | 50.0 | 45.0 | 40% | 50% | 5.0 GB |" in text
    assert "| celeba-64, TF32, batch 64 | 1,234 | 100.0 | 110.0 | 50.0 | 30.0 | 10% | 50% | 5.0 GB |" in text
    assert "| celeba-64, TF32: step, batch 64 | 50.0 | 30.0 | 400.0 | 100.0 | 0.50 | 0.59 | 1.0 |" in text
    assert "Tests: 3 failed, 4 passed\nFAILED tests/a.py" in text
    assert text in capsys.readouterr().out
    found = json.loads((tmp_path / "report.json").read_text())
    assert "Losses and gradients of both: compared and equal" in text
    timed = [f"{part} celeba-64{tf32}" for tf32 in ("", ", TF32") for part in ("step", "peer")]
    assert list(found) == ["card", "check", "work celeba-64", *timed, "tests"]


def test_a_part_that_fails_or_hangs_does_not_cost_the_others(report, tmp_path, monkeypatch):
    """For real: parts are processes, and here there is no GPU."""
    monkeypatch.setattr(report, "device_module", lambda device: np)
    script = tmp_path / "part.py"
    script.write_text("import sys, time\nwhat = sys.argv[2]\nif what == 'step': time.sleep(60)\n"
                      "if what == 'peer': sys.exit('no such card')\nprint('{\"summary\": \"all passed\"}')\n")
    monkeypatch.setattr(report, "__file__", str(script))
    monkeypatch.setattr(report, "LIMITS", {**report.LIMITS, "step": 1})
    assert report.main(tmp_path, ["step", "peer", "tests"], ["hit-256"]) == 1
    text = (tmp_path / "report.md").read_text()
    assert "| hit-256 | not done after 1 s |" in text and "| hit-256, TF32 | no such card |" in text
    assert "Tests: all passed" in text


def test_the_twelve_lines_of_the_readme_print_what_stands_beside_them(capsys):
    text = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    section = text.split("## Twelve lines\n")[1].split("\n## ")[0].splitlines()
    lines = [line[4:] for line in section if line.startswith("    ")]
    assert len(lines) == 12
    exec("\n".join(lines), {})
    expected = [line.split("# ")[1].split(":")[0] for line in lines if line.startswith("print")]
    assert capsys.readouterr().out.splitlines() == expected
