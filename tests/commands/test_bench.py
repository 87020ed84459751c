"""minihit bench as its user meets it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.commands import refusal
from support.runs import AUTOENCODERS, TINY

from minihit.bench import peer, phases, scale
from minihit.bench.ops import Row as OpRow
from minihit.cli import main
from minihit.commands import bench
from minihit.presets import PRESETS
from minihit.presets.autoencoder import counterpart
from minihit.training import room


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path):
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    monkeypatch.chdir(tmp_path)


def run(*argv):
    return main(["bench", "--preset", "tiny", "--device", "cpu", *argv])


def printed(capsys):
    """Lines with single spaces."""
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def record(path="bench.json"):
    return json.loads(Path(path).read_text())


def test_a_step_as_a_table_and_as_json(capsys):
    argv = ["--batch", "2", "--micro-batch", "1", "--r1", "3", "--consistency", "5", "--steps", "1"]
    assert run(*argv, "--out", "bench.json") == 0
    out, found = capsys.readouterr().out, record()
    assert all(f"\n{phase} " in out for phase in phases.passes(TINY))
    assert set(found) == {"kind", "machine", "settings", "rows", "gemm", "memory"}
    assert found["kind"] == "step" and found["settings"]["rounds"] == 1
    recipe = found["settings"]["recipe"]
    assert [recipe[name] for name in ("batch", "micro_batch", "r1", "consistency")] == [2, 1, 3.0, 5.0]
    rows = {row["phase"]: row for row in found["rows"]}
    assert rows["D forward"]["times"] == 4 and rows["D tangent"]["times"] == 1
    assert set(rows["EMA"]) == {"phase", "times", "seconds", "gflop", "rate", "share"}


def test_ops_and_where_there_is_one_the_definition_beside(capsys, monkeypatch):
    rows = [OpRow("gelu", "forward", ((4, 8),), 0.001, 0.004, 0.25),
            OpRow("pixel_shuffle", "forward", ((4, 8),), 0.002, None, None)]
    monkeypatch.setattr(bench.ops, "measure", lambda rounds: rows)
    assert run("--ops", "--out", "ops.json") == 0
    lines = printed(capsys)
    assert "gelu forward 4 x 8 1.00 4.00 0.250" in lines and "pixel_shuffle forward 4 x 8 2.00" in lines
    assert [row["share"] for row in record("ops.json")["rows"]] == [0.25, None]


def test_scale_writes_a_plot_beside_its_json(capsys, monkeypatch):
    rows = [scale.Row("tiny", side, 1, side**2 / 1e6, side * 2**20) for side in (16, 32)]
    found = {"generator": rows, "step": [scale.Row("step", 16, 2, 0.5, 2**20)], "start": {"import minihit": 0.25}}
    monkeypatch.setattr(scale, "measure", lambda preset, rounds, device: found)
    assert run("--scale", "--out", "scale.json") == 0
    lines = printed(capsys)
    assert "tiny 32 1 0.0010 1.000 32.0 MiB" in lines and "import minihit 0.25" in lines
    assert record("scale.json")["generator"][1]["side"] == 32
    assert Path("scale.png").read_bytes()[:4] == b"\x89PNG"


def test_a_peer_with_ratios(capsys, monkeypatch):
    row = peer.Row("step", {"minihit": 0.5, "other": 1.0}, {"other": 0.51})
    found = {"rows": [row], "memory": {"minihit": 2**20, "other": 2**21}}
    calls = []
    monkeypatch.setattr(peer, "compare", lambda *arguments: calls.append(arguments) or found)
    assert run("--peer", "file.py", "--only", "step", "--out", "peer.json") == 0
    assert [str(calls[0][0]), *calls[0][1:]] == ["file.py", TINY, 5, ("step",), "cpu"]
    lines = printed(capsys)
    assert "step 0.5000 1.0000 0.510" in lines and "peak memory 1.00 MiB 2.00 MiB 0.500" in lines
    assert record("peer.json")["rows"][0]["ratios"] == {"other": 0.51}


def test_what_makes_no_steps_needs_no_memory_for_them(monkeypatch, capsys):
    monkeypatch.setattr(room, "memory_size", lambda device: 10**9)
    monkeypatch.setattr(bench, "KINDS", {**bench.KINDS, "peer": lambda *given: ({}, "timed")})
    argv = ["bench", "--preset", "hit-1024", "--batch", "1", "--device", "cpu", "--peer", "file.py", "--only", "images"]
    assert main(argv) == 0
    capsys.readouterr()
    assert "the cpu has 1 GB: choose a smaller --preset" in refusal(capsys, *argv, "step")


@pytest.mark.parametrize("name, networks", [
    ("vae", ["encoder", "decoder"]), ("vqvae, cnn", ["encoder", "quantizer", "decoder"])])
def test_a_step_of_an_autoencoder_by_its_networks(capsys, monkeypatch, name, networks):
    preset = replace(AUTOENCODERS[name], encoder=replace(AUTOENCODERS[name].encoder, blocks=0))
    monkeypatch.setitem(PRESETS, "tiny", preset)
    assert run("--steps", "1", "--batch", "3", "--out", "bench.json") == 0
    out, found = capsys.readouterr().out, record()
    assert all(f"\n{network}" in out for network in networks)
    assert [row["phase"] for row in found["rows"]] == [*phases.passes(preset)]
    assert found["settings"]["recipe"]["batch"] == 3


def test_another_decoder_of_a_preset(monkeypatch):
    calls = []
    monkeypatch.setattr(bench, "KINDS", {None: lambda options, preset, device: calls.append(preset) or ({}, "")})
    assert main(["bench", "--preset", "vqvae-32", "--decoder", "cnn", "--device", "cpu"]) == 0
    assert calls == [counterpart("vqvae-32", "cnn")]


@pytest.mark.parametrize("argv, sentence", [
    (["--consistency", "3"], "--consistency is a cost that vae-32 does not have: leave it out"),
    (["--r1", "3"], "--r1 is a cost that vae-32 does not have: leave it out"),
    (["--peer", "peer.py"], "--peer compares a generator and a discriminator, and vae-32 has an encoder and a decoder"),
    (["--preset", "vqvae-64", "--consistency", "3"], "--consistency is a cost that vqvae-64 does not have"),
    (["--preset", "tiny", "--decoder", "cnn"], "leave it out with tiny"),
])
def test_what_an_autoencoder_does_not_have_is_refused(capsys, argv, sentence):
    assert sentence in refusal(capsys, "bench", "--preset", "vae-32", "--device", "cpu", *argv)


def test_r1_is_a_cost_where_a_discriminator_is_trained(monkeypatch):
    calls = []
    monkeypatch.setattr(bench, "KINDS", {None: lambda options, preset, device: calls.append(preset) or ({}, "")})
    assert main(["bench", "--preset", "vqvae-64", "--r1", "3", "--batch", "2", "--device", "cpu"]) == 0
    assert calls[0].recipe.r1 == 3.0


@pytest.mark.parametrize("argv, sentence", [
    (["--ops", "--scale"], "--ops and --scale are different measurements: give one at a time"),
    (["--steps", "0"], "--steps is 0: it must be at least 1"),
    (["--steps", "10001"], "--steps is 10001: it must be at most 10,000"),
    (["--out", "bench.txt"], "give it a name that ends in .json"),
    (["--r1", "-1"], "r1 is -1.0: it must be 0 (off) or more"),
    (["--only", "step"], "--only chooses among the tasks of a comparison: give --peer FILE too, or leave it out"),
    (["--tf32"], "--tf32 is about products on a GPU and this run is on the CPU: leave it out"),
    (["--peer", "gone.py"], "gone.py is no Python file"),
    (["--preset", "gone"], "gone is neither a preset nor the folder of a run"),
])
def test_what_cannot_work_is_refused(capsys, argv, sentence):
    assert run(*argv) == 2
    err = capsys.readouterr().err
    assert sentence in err and err.startswith("minihit: ") and err.count("\n") == 1


@pytest.mark.parametrize("argv", [["--preset", "hit-256", "--batch", "60000"],
                                  ["--preset", "hit-256", "--batch", "60000", "--micro-batch", "60000"]])
def test_a_batch_that_no_memory_holds_is_refused_before_it_is_made(capsys, argv):
    assert run(*argv) == 2
    err = capsys.readouterr().err
    assert "of memory and the cpu has" in err and err.count("\n") == 1
