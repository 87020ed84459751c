"""minihit attention as its user meets it."""

from dataclasses import replace

import numpy as np
import pytest
from support.commands import refusal
from support.pages import decoded, held
from support.runs import TINY, write_run

from minihit import sampling
from minihit.cli import main
from minihit.models import hit
from minihit.models.hit import attention
from minihit.training.run import weights
from minihit.training.run.folder import BUILT_IN


def test_the_page_of_the_built_in_generator_shows_what_its_pixels_attend_to(capsys, here):
    assert main(["attention", "built-in"]) == 0
    assert capsys.readouterr().out == "attention-00002000.html\n"
    page = (here / "attention-00002000.html").read_text(encoding="utf-8")
    data, seeds = held(page), [0, 1, 2, 3, 4, 5]
    assert len(page) < 2 * 10**6
    assert ([face["seed"] for face in data["faces"]], data["name"], data["step"]) == (seeds, "built-in", 2_000)
    config, network, _ = weights.load_generator(BUILT_IN)
    _, cache = hit.forward(network["params"], sampling.latents(seeds, (64,)), config.preset.generator,
                           network["averages"])
    for image, face in enumerate(data["faces"]):
        for stage, shown in zip(cache["stages"], face["stages"], strict=True):
            expected = attention.cross_attention(stage, image)
            np.testing.assert_allclose(decoded(shown["tokens"], data["unit"]), expected, rtol=0, atol=2e-5)
            for block, probs in zip(shown["blocks"], attention.self_attention(stage, image), strict=True):
                for axis, shares in block.items():
                    np.testing.assert_allclose(decoded(shares, data["unit"]), probs[axis], rtol=0, atol=2e-5)


def test_the_page_of_a_run_lies_in_its_folder_and_raw_weights_attend_otherwise(capsys, here, run):
    argv = ["attention", str(run), "--seeds", "0"]
    assert main(argv) == main([*argv, "--raw", "--out", "raw.html"]) == 0
    out = run / "attention-00000003.html"
    assert capsys.readouterr().out == f"{out}\nraw.html\n"
    assert out.read_text() != (here / "raw.html").read_text()


def test_a_vae_with_hit_s_decoder_attends_too(here, vae):
    assert main(["attention", str(vae), "--seeds", "0", "--out", "page.html"]) == 0
    assert len(held((here / "page.html").read_text())["faces"]) == 1


def test_what_attends_to_nothing_or_would_be_no_page_is_refused(capsys, here, run, stylegan2, vqvae):
    assert f"the run in {stylegan2} makes its pictures by convolutions" in refusal(capsys, "attention", stylegan2)
    assert "codes of a VQ-VAE have no prior" in refusal(capsys, "attention", vqvae)
    assert "give it a name that ends in .html" in refusal(capsys, "attention", run, "--out", "page.png")
    assert "gone holds no run" in refusal(capsys, "attention", "gone")
    assert "seeds '3-1' cannot be read" in refusal(capsys, "attention", run, "--seeds", "3-1")
    assert "a page about 100,000 pictures of side 16 would have about" in refusal(
        capsys, "attention", run, "--seeds", "0-99999")
    assert not list(here.iterdir())


@pytest.mark.parametrize("change", [{"attention": "axial"}, {"attention": "none"}, {"cross_attention": False},
                                    {"multi_query": False}], ids=str)
def test_every_kind_of_hit_has_a_page(here, tmp_path, change):
    folder = write_run(tmp_path / "run", replace(TINY, generator=replace(TINY.generator, **change)))
    assert main(["attention", str(folder.path), "--seeds", "1", "--out", "page.html"]) == 0
    assert len(held((here / "page.html").read_text())["stages"]) == 2
