"""minihit sample as its user meets it."""

import shutil

import imageio.v3 as iio
import numpy as np
import pytest
import strict_cupy
from support.commands import refusal

from minihit.cli import main
from minihit.models import hit


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


def test_a_gpu_draws_sixty_four_at_a_time(here, run, monkeypatch):
    """With one upload and one copy back for each batch, and waiting besides only to rehearse and to record; the
    pictures are those of the CPU to rounding."""
    counts, generate = [], hit.generate

    def noted(params, z, *others):
        counts.append(len(z))
        return generate(params, z, *others)

    assert main(["sample", str(run), "--seeds", "0-69", "--folder", "there", "--device", "cpu"]) == 0
    strict_cupy.install(monkeypatch)
    monkeypatch.setattr(hit, "generate", noted)
    assert main(["sample", str(run), "--seeds", "0-69", "--folder", "here", "--device", "gpu"]) == 0
    assert counts == [64, 64]
    syncs = [sync.split()[0] for sync in strict_cupy.transfers.syncs]      # the first: whether the GPU works
    assert syncs == ["__float__", "synchronize", "synchronize", "get", "synchronize", "get"]
    assert len([upload for upload in strict_cupy.transfers.uploads if "pinned" in upload]) == 2
    for path in sorted((here / "there").iterdir()):
        assert np.abs(iio.imread(path).astype(int) - iio.imread(here / "here" / path.name)).max() <= 1
    assert len(list((here / "here").iterdir())) == 70


def test_scale_columns_raw_and_out(here, run):
    common = ["sample", str(run), "--seeds", "1-4", "--columns", "4", "--scale", "2", "--device", "cpu", "--out"]
    assert main([*common, "new/ema.png"]) == main([*common, "raw.png", "--raw"]) == 0
    ema, raw = iio.imread("new/ema.png"), iio.imread("raw.png")
    assert ema.shape == raw.shape == (2 + 34, 2 + 4 * 34, 3)
    assert not np.array_equal(ema, raw)
    assert main(["sample", str(run), "--seeds", "3", "--folder", "here", "--scale", "2", "--device", "cpu"]) == 0
    np.testing.assert_array_equal(iio.imread("here/seed-000003.png"), ema[2:34, 2 + 68:2 + 68 + 32])


def test_a_vae_has_samples_and_a_vqvae_one_sentence(capsys, here, vae, vqvae):
    assert main(["sample", str(vae), "--seeds", "0-5", "--columns", "3", "--out", "a.png", "--device", "cpu"]) == 0
    assert iio.imread("a.png").shape == (2 + 2 * 66, 2 + 3 * 66, 3)
    assert refusal(capsys, "sample", vqvae, "--out", "b.png", "--device", "cpu") == (
        "minihit: codes of a VQ-VAE have no prior to draw samples from: rebuild pictures with minihit reconstruct, or "
        "walk between two with minihit interpolate --pictures\n")
    assert [path.name for path in here.iterdir()] == ["a.png"]


@pytest.mark.parametrize("argv, sentence", [
    (["--seeds", "9-3"], "seeds '9-3' cannot be read: write numbers and ranges such as 0-63 or 0,5,7-9"),
    (["--seeds", "-1"], "seeds '-1' cannot be read"),
    (["--seeds", "0-99999999999"], "are more than 1,000,000"),
    (["--out", "a.jpg"], "cannot write a.jpg: give it a name that ends in .png"),
    (["--out", "a.png", "--folder", "b"], "give one of them"),
    (["--columns", "0"], "--columns is 0: it must be at least 1"),
    (["--scale", "-2"], "--scale is -2: it must be at least 1"),
    (["--scale", "100000"], "12,800,018 x 12,800,018 pixels take about"),
    (["--scale", "100000"], "choose fewer --seeds or --columns, a smaller --scale, or a --folder"),
    (["--scale", "100000", "--folder", "new"], "new/seed-000000.png: 1,600,000 x 1,600,000 pixels take about"),
    (["--columns", "1000000000"], "would have 66,000,000,002 x 68 pixels, and a .png has"),
    (["--seeds", "9" * 5000], "99999 cannot be read: write numbers and ranges"),
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


def test_a_truncated_stylegan2_draws_more_alike_pictures_and_one_without_any_distance(here, stylegan2):
    drawn = {}
    for name, flags in {"default": [], "1": ["--truncation", "1"], "half": ["--truncation", "0.5"],
                        "zero": ["--truncation", "0"]}.items():
        argv = ["sample", str(stylegan2), "--seeds", "0-3", "--folder", name, "--device", "cpu", *flags]
        assert main(argv) == 0
        drawn[name] = np.stack([iio.imread(path) for path in sorted((here / name).iterdir())]).astype(float)
    np.testing.assert_array_equal(drawn["1"], drawn["default"])
    spread = {name: images.std(axis=0).mean() for name, images in drawn.items()}
    assert spread["zero"] == 0.0 < spread["half"] < spread["1"]


def test_truncation_is_refused_where_it_means_nothing(capsys, run, vae, stylegan2):
    for other in (run, vae):
        assert "this run has another generator: leave it out" in refusal(capsys, "sample", other, "--truncation", "0.7")
    assert "--truncation is nan: it must be a number" in refusal(capsys, "sample", stylegan2, "--truncation", "nan")
    assert "this run has another generator" in refusal(capsys, "interpolate", run, "--truncation", "0.7")


def test_without_a_run_the_built_in_generator_draws_into_the_working_folder_and_says_so(capsys, here):
    assert main(["sample", "--seeds", "0-5", "--columns", "3", "--device", "cpu"]) == 0
    assert capsys.readouterr().out == (
        "by the built-in generator, faces-32 after 2,000 steps; minihit train makes a run of your own\n"
        "samples-00002000.png\n")
    assert main(["sample", "built-in", "--seeds", "5", "--folder", "one", "--scale", "2", "--device", "cpu"]) == 0
    assert capsys.readouterr().out == "one\n"
    sheet, alone = iio.imread("samples-00002000.png"), iio.imread("one/seed-000005.png")
    np.testing.assert_array_equal(alone, sheet[2 + 66:-2, 2 + 2 * 66:-2])


def test_a_run_that_is_missing_is_not_stood_in_for(capsys, here):
    sentence = "holds no run: give the folder that minihit train wrote, such as runs/faces-32\n"
    assert refusal(capsys, "sample", "runs/x") == f"minihit: runs/x {sentence}"
    assert refusal(capsys, "sample", "built_in") == f"minihit: built_in {sentence}"
    assert not list(here.iterdir())
