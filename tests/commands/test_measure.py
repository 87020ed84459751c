"""minihit measure as its user meets it."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from support.commands import refusal
from support.disks import fill, mounted
from support.runs import TINY, TINY_VAE, write_run

from minihit import autoencoding, features
from minihit.cli import main
from minihit.commands import measured
from minihit.comparing import measures
from minihit.data.dataset import BuiltInFaces
from minihit.data.faces.render import faces
from minihit.data.open import open_data
from minihit.features.extractor import Extractor
from minihit.show.images import to_float, to_uint8
from minihit.training import measure, measure_latents
from minihit.training.run import checkpoint, weights
from minihit.training.run.folder import RunFolder

ON_FEATURES = ["frechet_random", "kid_random", "precision_random", "recall_random"]
SETS = ["swd", "neighbour", *ON_FEATURES]
REBUILT = [f"{name}_rebuilt" for name in SETS]


@pytest.fixture
def photos(here):
    """Two folders of 30 faces each, under the same names."""
    for seed in (0, 1):
        folder = here / f"photos-{seed}"
        folder.mkdir()
        for number, image in enumerate(faces(seed, 0, 30, 16)):
            Image.fromarray(image).save(folder / f"{number:02d}.png")
    return here


@pytest.fixture
def store(photos):
    assert main(["data", "prepare", "photos-0", "store", "--size", "16"]) == 0
    return photos / "store"


def said(capsys, *argv):
    """The lines that it prints."""
    capsys.readouterr()
    assert main(["measure", *map(str, argv), "--device", "cpu"]) == 0
    return capsys.readouterr().out.splitlines()


def found(capsys, *argv):
    """{name: row} as JSON has them."""
    said(capsys, *argv, "--out", "found.json")
    with open("found.json", encoding="utf-8") as file:
        return {row["name"]: row for row in json.load(file)["measures"]}


def test_a_run_is_measured_by_every_measure_beside_real_ones(capsys, here, run):
    lines = said(capsys, run, "--out", "a.json")
    facts, rows = lines[:3], lines[5:11]
    assert [fact.split(":")[0] for fact in facts] == ["weights", "resize", "features"]
    sets = f"8 samples of {run} at step 3 against 8 held-out pictures of faces"
    assert all(row.endswith(sets) for row in rows)
    assert [row.split("  ")[0] for row in rows] == [
        "sliced Wasserstein distance (x 1000)", "distance of the nearest neighbour", "random-feature Frechet distance",
        "random-feature kernel distance", "random-feature precision", "random-feature recall"]
    assert "real against real: 8 training pictures of faces against 8 held-out pictures of faces" in lines
    assert lines[-1].startswith("Frechet distances on 256 features come out too large with only 8 pictures")
    record = json.loads((here / "a.json").read_text())
    assert record["a"] == str(run) and record["b"] is None and record["features"]["name"] == "random-256"
    assert record["features"]["facts"].keys() == {"weights", "resize", "features"}
    assert [row["name"] for row in record["measures"]] == SETS


def test_the_samples_and_their_yardstick_are_those_of_training(capsys, here, run):
    """But rounded to 8 bits, as a file holds them."""
    config, network, _ = weights.load_generator(RunFolder(run))
    data = BuiltInFaces(16, config.seed)
    held_out, (images, rng) = data.held_out(8), measure.drawn(network, TINY.generator, "cpu", config.seed, 8)
    rows = found(capsys, run)
    expected = measures.of_images(to_uint8(images), held_out, rng)
    assert rows["swd"]["value"]["mean"] == pytest.approx(expected["swd"].mean, rel=1e-6)
    assert rows["swd"]["real"]["mean"] == measure.real_distance(data, config.seed, held_out)["swd_real"]
    assert rows["neighbour"]["value"]["mean"] == pytest.approx(expected["neighbour"].mean, rel=1e-6)


def test_a_run_is_read_once_so_that_a_broken_checkpoint_is_said_once(capsys, photos):
    folder = write_run(photos / "run", data=str(photos / "photos-0"))
    whole = checkpoint.path_of(folder.checkpoints, 3).read_bytes()
    checkpoint.path_of(folder.checkpoints, 4).write_bytes(whole[:len(whole) // 2])
    assert main(["measure", str(folder.path), "--device", "cpu"]) == 0
    assert capsys.readouterr().err.count("step-00000004.npz is not a whole checkpoint") == 1


def test_count_seed_and_raw_weights_change_what_is_measured(capsys, here, run):
    first, again = (found(capsys, run, "--count", 12)["swd"] for _ in range(2))
    assert first == again and first["sets"]["count"] == first["sets"]["reference_count"] == 12
    for others in (["--seed", 1], ["--raw"], ["--split", "training"]):
        assert found(capsys, run, "--count", 12, *others)["swd"]["value"] != first["value"]
    assert found(capsys, run, "--split", "training")["swd"]["real_sets"]["pictures"] == "held-out pictures of faces"


def test_a_run_on_pictures_is_measured_by_neighbours_in_its_training_images(capsys, photos):
    run = write_run(photos / "run", data=str(photos / "photos-0")).path
    row = found(capsys, run)["neighbour"]
    config, network, _ = weights.load_generator(RunFolder(run))
    data = open_data(config.data, 16, config.seed, config.flip)
    expected = measure.nearness(measure.neighbours(network, TINY.generator, "cpu", config.seed, data))
    assert row["value"]["mean"] == pytest.approx(expected["neighbour"], rel=1e-5)
    assert row["real"]["mean"] == pytest.approx(expected["neighbour_real"], rel=1e-5)
    assert (row["sets"]["count"], row["sets"]["reference_count"], row["real_sets"]["count"]) == (100, 27, 3)
    assert row["sets"]["reference"] == f"training pictures of {config.data}"
    assert row["real_sets"]["pictures"] == "held-out pictures"
    assert found(capsys, run, "photos-1")["neighbour"]["sets"]["reference"] == "pictures of photos-1"


def test_too_few_pictures_to_hold_any_out_have_no_real_neighbours(capsys, photos):
    for path in sorted((photos / "photos-0").iterdir())[15:]:
        path.unlink()
    run = write_run(photos / "run", data=str(photos / "photos-0")).path
    row = found(capsys, run)["neighbour"]
    assert row["real"] == "there are too few pictures to hold any out" and row["real_sets"] is None
    assert found(capsys, run)["swd"]["real_sets"]["reference"] == "others of them"


def test_a_vae_is_measured_by_samples_as_sets_and_by_reconstructions_in_pairs(capsys, here, vae):
    rows = found(capsys, vae)
    assert [*rows] == [*SETS, "psnr", "ssim"]
    config, networks, _ = weights.load_autoencoder(RunFolder(vae))
    originals = BuiltInFaces(16, config.seed).held_out(8)
    expected = measure_latents.of_reconstructions(networks, config.preset, "cpu", config.seed, originals)
    for name in ("psnr", "ssim"):
        assert rows[name]["value"]["mean"] == pytest.approx(expected[name], rel=1e-6)
        assert rows[name]["sets"]["pictures"] == f"reconstructions by {vae} at step 3"
    assert rows["swd"]["sets"]["pictures"] == f"samples of {vae} at step 3"


def test_a_vqvae_is_measured_by_reconstructions_both_ways(capsys, here, vqvae):
    rows = found(capsys, vqvae)
    assert [*rows] == [*REBUILT, "psnr", "ssim"]
    config, networks, _ = weights.load_autoencoder(RunFolder(vqvae))
    data = BuiltInFaces(16, config.seed)
    originals = data.held_out(8)
    rebuilt, _ = autoencoding.reconstruct(networks, to_float(originals), config.preset)
    expected = measures.of_images(to_uint8(rebuilt), originals, measure_latents.generator(config.seed))["swd"]
    assert rows["swd_rebuilt"]["value"]["mean"] == pytest.approx(expected.mean, rel=1e-6)
    assert rows["swd_rebuilt"]["real"]["mean"] == measure.real_distance(data, config.seed, originals)["swd_real"]


def test_the_built_in_generator_is_measured_as_a_run_and_as_a_set(capsys, photos):
    row = found(capsys, "built-in", "--count", "10")["swd"]
    assert row["sets"]["pictures"] == "samples of built-in at step 2,000"
    assert row["sets"]["reference"] == "held-out pictures of faces"
    assert found(capsys, "photos-0", "built-in", "--count", "10")["swd"]["sets"]["reference"] == row["sets"]["pictures"]


def test_a_run_is_measured_against_other_pictures(capsys, photos, run, vqvae):
    row = found(capsys, run, "photos-1")["swd"]
    assert row["sets"] == {"count": 8, "pictures": f"samples of {run} at step 3", "reference_count": 8,
                           "reference": "pictures of photos-1"}
    assert row["real_sets"]["count"] == 4
    rows = found(capsys, vqvae, "photos-1", "--count", 30)
    config, networks, _ = weights.load_autoencoder(RunFolder(vqvae))
    expected = measure_latents.of_reconstructions(networks, config.preset, "cpu", 0, faces(1, 0, 30, 16))
    assert rows["psnr"]["value"]["mean"] == pytest.approx(expected["psnr"], rel=1e-6)


def test_two_sets_under_the_same_names_are_pairs_too(capsys, photos):
    rows = found(capsys, "photos-0", "photos-1")
    assert [*rows] == [*SETS, "psnr", "ssim"]
    one, other = faces(0, 0, 30, 16), faces(1, 0, 30, 16)
    expected = measures.of_images(one, other, measures.generator(0)) | measures.of_pairs(one, other)
    for name in ("swd", "neighbour", "psnr", "ssim"):
        assert rows[name]["value"]["mean"] == pytest.approx(expected[name].mean)
    assert found(capsys, "photos-0", "photos-1", "--seed", 1)["swd"]["value"] != rows["swd"]["value"]
    (photos / "photos-1/00.png").rename(photos / "photos-1/a.png")
    assert [*found(capsys, "photos-0", "photos-1")] == SETS


def test_what_has_no_names_is_paired_where_it_is_asked_for(capsys, photos):
    np.save("a.npy", faces(0, 0, 30, 16))
    assert [*found(capsys, "a.npy", "photos-1")] == SETS == [*found(capsys, "a.npy", "a.npy")]
    assert [*found(capsys, "a.npy", "photos-1", "--pairs")] == [*SETS, "psnr", "ssim"]


def test_the_larger_set_is_cut_to_the_smaller_and_this_is_said(capsys, photos):
    np.save("a.npy", faces(0, 0, 12, 16))
    lines = said(capsys, "a.npy", "photos-1")
    assert "12 of the 30 pictures of photos-1 are compared, a random choice by --seed" in lines
    assert any("12 pictures of a.npy against 12 pictures of photos-1" in line for line in lines)
    (photos / "photos-0/00.png").write_bytes(b"damaged")
    rows = found(capsys, "photos-1", "photos-0")
    assert (rows["swd"]["sets"]["count"], rows["swd"]["sets"]["reference_count"], [*rows]) == (29, 29, SETS)


def test_runs_stores_and_drawn_faces_are_sets_as_well(capsys, store, run):
    def of(*argv):
        sets = found(capsys, *argv, "--count", 10)["swd"]["sets"]
        return sets["pictures"], sets["reference"]

    assert of("photos-1", "store") == ("pictures of photos-1", "held-out pictures of store")
    assert of("store", run, "--split", "training") == ("training pictures of store", f"samples of {run} at step 3")
    assert of("faces", "photos-1") == ("held-out pictures of faces", "pictures of photos-1")
    assert of(run, run) == (f"samples of {run} at step 3",) * 2


def test_features_of_a_store_are_found_once(capsys, store, monkeypatch):
    lines, looked = said(capsys, "photos-1", "store"), []
    assert sorted(path.name for path in store.glob("features-*")) == [
        "features-random-256-held-out.npz", "features-random-256-taken.npz"]
    network = features.open("random")

    def extract(images):
        looked.append(len(images))
        return network.extract(images)

    monkeypatch.setattr(features, "open", lambda *_: Extractor(network.name, network.width, network.facts, extract))
    assert said(capsys, "photos-1", "store") == lines and looked == [3]   # those of photos-1


def test_a_store_that_cannot_be_written_to_is_measured_all_the_same(capsys, photos):
    with mounted(photos / "disk", "1m") as disk:
        assert main(["data", "prepare", "photos-0", str(disk / "store"), "--size", "16"]) == 0
        fill(disk, 100)
        lines = said(capsys, "photos-1", disk / "store")
    assert sum("are found again each time: cannot write" in line for line in lines) == 2
    assert sum("against 3 held-out pictures" in line for line in lines) >= 6


def test_features_of_a_file_are_compared_under_its_name(capsys, photos):
    arrays = np.random.default_rng(0).standard_normal((2, 40, 7))
    np.savez("mine.npz", pictures=arrays[0], reference=arrays[1])
    row = found(capsys, "photos-0", "photos-1", "--features", "mine.npz")["frechet_file"]
    expected = measures.of_features(*arrays, measures.generator(0))["frechet"].mean
    assert row["value"]["mean"] == pytest.approx(expected) and row["features"] == "mine.npz"
    assert row["sets"]["count"] == 40 and row["real_sets"]["count"] == 20


def test_inception_has_names_and_facts_of_its_own(capsys, photos, monkeypatch):
    means = Extractor("inception-2048", 3, (("resize", "to 299"),), None, lambda images: (
        images.mean(axis=(1, 2), dtype=np.float32), images[:, 0, 0].astype(np.float32)))
    asked = []
    monkeypatch.setattr(features, "open", lambda *what: asked.append((what[0], str(what[1]), what[2])) or means)
    lines = said(capsys, "photos-0", "photos-1", "--features", "inception", "--weights", "w.pth", "--out", "a.json")
    assert asked == [("inception", "w.pth", "cpu")] and lines[0] == "resize: to 299"
    rows = json.loads((photos / "a.json").read_text())["measures"]
    assert [row["name"] for row in rows[2:7]] == ["fid", "kid_inception", "precision_inception", "recall_inception",
                                                  "inception_score"]
    assert [row["title"] for row in rows[2:7]] == ["FID", "KID", "precision", "recall", "IS"]
    assert {row["features"] for row in rows[2:7]} == {"inception-2048"}


@pytest.mark.parametrize("argv, sentence", [
    (["photos-0"], "photos-0 is no run, which would have data of its own: name behind it what it is to be measured"),
    (["gone", "photos-0"], "there is nothing at gone"), (["photos-0", "gone.npy"], "there is nothing at gone.npy"),
    (["photos-0", "empty"], "there are no images in empty"),
    (["photos-0", "notes.txt"], "notes.txt is neither a folder"),
    (["photos-0", "photos-1", "--count", "0"], "--count is 0: it must be at least 1"),
    (["photos-0", "photos-1", "--size", "0"], "--size is 0: it must be at least 1"),
    (["photos-0", "photos-1", "--seed", "-1"], "--seed is -1: it must lie between 0 and"),
    (["photos-0", "photos-1", "--out", "a.txt"], "cannot write a.txt: give it a name that ends in .json"),
    (["photos-0", "photos-1", "--features", "vgg"], "--features 'vgg' is unknown: choose random or inception"),
    (["photos-0", "photos-1", "--features", "inception"], "need its weights"),
    (["photos-0", "photos-1", "--features", "inception", "--weights", "notes.txt"], "notes.txt is not weights-incep"),
    (["photos-0", "photos-1", "--weights", "notes.txt"], "--weights are those of --features inception: leave them out"),
    (["photos-0", "photos-1", "--features", "gone.npz"], "cannot read features from gone.npz"),
    (["photos-0", "photos-1", "--size", "4"], "features are those of pictures of at least 8 x 8 pixels"),
    (["photos-0", "few.npy", "--pairs"], "--pairs compares each picture of photos-0 with one of few.npy, and there"),
    (["photos-0", "half", "--pairs"], "--pairs compares each picture of photos-0 with one of half, and there are 30"),
    (["RUN", "--size", "32"], "have 16 x 16 pixels and not 32 x 32: give pictures of one size"),
    (["VQVAE", "RUN", "--count", "9000000"], "9,000,000 pictures of 16 x 16 on both sides take about"),
    (["photos-0", "VQVAE"], "codes of a VQ-VAE have no prior to draw samples from"),
    (["lost"], "there is no folder of images (or .npy file) at gone; check the path; or name other pictures behind"),
    (["photos-0", "photos-1", "--out", "notes.txt/a.json"], "cannot write notes.txt/a.json"),
])
def test_what_cannot_work_is_a_sentence_and_leaves_nothing(capsys, photos, run, vqvae, argv, sentence):
    (photos / "empty").mkdir()
    (photos / "notes.txt").write_text("notes")
    np.save("few.npy", faces(0, 0, 9, 16))
    shutil.copytree("photos-1", "half")
    (photos / "half/00.png").write_bytes(b"damaged")
    write_run(photos / "lost", TINY_VAE, data="gone")
    before = {*photos.rglob("*")}
    argv = [{"RUN": run, "VQVAE": vqvae}.get(word, word) for word in argv]
    capsys.readouterr()
    assert main(["measure", *map(str, argv), "--device", "cpu"]) == 2
    assert sentence in capsys.readouterr().err
    assert {*photos.rglob("*")} == before


def test_most_mistakes_are_found_before_anything_is_read(capsys, photos):
    for argv in (["--count", "0"], ["--features", "inception"], ["--out", "a.txt"], ["--weights", "w.pth"]):
        refusal(capsys, "measure", "gone", "gone", *argv)


def test_what_does_not_fit_into_memory_is_refused_before_it_is_read(capsys, photos, monkeypatch):
    needed = 2 * 30 * (4 * measured.COPIES * 3 * 16**2 + measured.PATCH_BYTES)
    monkeypatch.setattr(measured, "memory_size", lambda device: needed)
    said(capsys, "photos-0", "photos-1")
    monkeypatch.setattr(measured, "memory_size", lambda device: needed - 1)
    err = refusal(capsys, "measure", "photos-0", "photos-1", "--device", "cpu")
    assert "30 pictures of 16 x 16 on both sides take about 0 GB of memory" in err
    monkeypatch.setattr(measured, "memory_size", lambda device: None)
    said(capsys, "photos-0", "photos-1")


def test_an_old_result_stays_where_the_disk_is_full(capsys, photos):
    with mounted(photos / "disk", "200k") as disk:
        (disk / "a.json").write_text("old")
        fill(disk, 1000)
        capsys.readouterr()
        assert main(["measure", "photos-0", "photos-1", "--out", str(disk / "a.json"), "--device", "cpu"]) == 2
        assert "No space left" in capsys.readouterr().err
        assert (disk / "a.json").read_text() == "old"
        assert {path.name for path in disk.iterdir()} == {"a.json", "ballast"}
