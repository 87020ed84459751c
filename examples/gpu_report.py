"""One GPU, five minutes, one report: is everything right there, how quick is it, and what is left to gain?

Needs this repository, CuPy and, for the comparison, PyTorch. Every part runs in a process of its own with a time limit,
so that one that fails or hangs does not cost the others. Written are report.md and report.json; with --train MINUTES
celeba-64 is trained on drawn faces afterwards, and its samples are drawn.

    python examples/gpu_report.py report
    python examples/gpu_report.py report --train 8 --tf32
"""

import argparse
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from minihit.backend import allow_tf32, device_module
from minihit.bench import gpu, peer, phases
from minihit.parallel import cores
from minihit.presets import PRESETS
from minihit.training.run import log
from minihit.training.run.folder import RunFolder

ROOT = Path(__file__).parent.parent
PEER, CHECKED = Path(__file__).parent / "torch_peer.py", "faces-32"       # on which losses and gradients are compared
CASES = {"celeba-64": (64, ("step", "images")), "hit-128": (32, ("step", "images")), "hit-256": (8, ("step",)),
         "hit-1024": (1, ("images",))}                                    # batch in one piece, tasks
LIMITS = {"card": 30, "check": 60, "work": 60, "step": 60, "peer": 75, "tests": 150}           # seconds
ROUNDS = 5
MOST_WORKERS = 8                                                          # that share the GPU for its tests
PICTURES = 20_000                                                         # drawn to be trained on
WANTED = {("celeba-64", "step"): 1.0, ("celeba-64", "images"): 1.5, ("hit-256", "step"): 1.0,
          ("hit-1024", "images"): 1.0}                                    # of tuned PyTorch's time, at most
EXPECTED = {("celeba-64", "step"): (0.54, 0.59), ("celeba-64", "images"): (0.8, 1.1), ("hit-128", "step"): (0.5, 0.6),
            ("hit-128", "images"): (0.8, 1.1), ("hit-256", "step"): (0.45, 0.6),
            ("hit-1024", "images"): (0.75, 0.9)}                          # without TF32 and with it, by an H200's times


def main(folder, parts, presets, minutes=0.0, tf32=False):
    """Make the report of those parts into the folder; returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, arguments, limit in _plan(parts, presets):
        started = time.perf_counter()
        found[name] = _apart(arguments, limit)
        print(f"{name}: {_summary(found[name])} ({time.perf_counter() - started:.0f} s)", flush=True)
        _write(folder, found)
    if minutes:
        found["train"] = train(folder, minutes, tf32, found)
        _write(folder, found)
    print((folder / "report.md").read_text(encoding="utf-8"))
    return 0 if all("failed" not in part for part in found.values()) else 1


def _plan(parts, presets):
    """(name, arguments, seconds) of the parts, in the order in which they are worth most."""
    for part in ("card", "check"):
        if part in parts:
            yield part, [part], LIMITS[part]
    if "work" in parts:
        yield from ((f"work {preset}", ["work", preset], LIMITS["work"]) for preset in presets)
    for tf32 in (False, True):
        for preset in presets:
            for part in ("step", "peer"):
                if part in parts and (part == "peer" or "step" in CASES[preset][1]):
                    name = f"{part} {preset}{', TF32' if tf32 else ''}"
                    yield name, [part, preset, str(int(tf32))], LIMITS[part]
    if "tests" in parts:
        yield "tests", ["tests"], LIMITS["tests"]


def _apart(arguments, limit):
    """What a part prints as JSON, or {"failed": why}."""
    process = subprocess.Popen([sys.executable, __file__, "--part", *arguments], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT,
                               env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])})
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"failed": f"not done after {limit} s"}
    lines = (err or out).strip().splitlines()
    return json.loads(out.splitlines()[-1]) if process.returncode == 0 else {"failed": lines[-1] if lines else "silent"}


def part(name, preset=None, tf32="0"):
    """In a process of its own: print what a part finds."""
    if tf32 == "1":
        allow_tf32()
    print(json.dumps({"card": _card, "check": _check, "work": _work, "step": _step, "peer": _peer,
                      "tests": _tests}[name](preset)))


def _card(_):
    """Measured with full float32 factors first, since TF32 stays allowed from then on."""
    card = dataclasses.asdict(gpu.card(ROUNDS))
    allow_tf32()
    return {**card, _rate(tf32=True): gpu.card(ROUNDS).flops}


def _check(_):
    return {"alike": peer.check_numbers(PEER, PRESETS[CHECKED])}


def _work(name):
    """{task: {"flop": of its definition, "bytes": through the GPU's memory, as the strict double counts them}}."""
    flops = phases.flops(_preset(name))
    of_task = {"step": flops[phases.STEP], "images": flops["G forward"]}
    return {task: {"flop": of_task[task], "bytes": _bytes(name, task)} for task in CASES[name][1]}


def _bytes(name, task):
    counted = subprocess.run([sys.executable, ROOT / "tests" / "device_cost.py", "--preset", name, "--batch",
                              str(CASES[name][0]), "--micro-batch", "0", *["--images"] * (task == "images")],
                             capture_output=True, text=True, check=True)
    return 1e9 * float(counted.stdout.splitlines()[-1].split()[-2])       # launches, GB, ms


def _step(name):
    return dataclasses.asdict(gpu.step(_preset(name), ROUNDS))


def _peer(name):
    found = peer.compare(PEER, _preset(name), ROUNDS, CASES[name][1], "gpu", check=False)
    return {"memory": found["memory"], **{row.task: {"seconds": row.seconds, "ratios": row.ratios}
                                          for row in found["rows"]}}


def _tests(_):
    workers = str(max(1, min(MOST_WORKERS, cores() // 2)))
    run = subprocess.run([sys.executable, "-m", "pytest", "-m", "gpu", "-n", workers, "tests"], cwd=ROOT,
                         capture_output=True, text=True)
    lines = run.stdout.strip().splitlines() or run.stderr.strip().splitlines()
    return {"summary": lines[-1], "not passed": [line for line in lines if line.startswith(("FAILED", "ERROR"))]}


def _preset(name):
    preset = PRESETS[name]
    return replace(preset, recipe=replace(preset.recipe, batch=CASES[name][0], micro_batch=0))


def train(folder, minutes, tf32, found):
    """Train celeba-64 for so many minutes on drawn faces; returns what its log says of the distances."""
    limit, started = 60 * minutes, time.perf_counter()
    store, run = folder / "celeba-64", folder / "run"
    minihit = [sys.executable, "-m", "minihit"]
    commands = [["data", "stand-in", str(folder / "stand-in"), "--count", str(PICTURES)],
                ["data", "prepare", str(folder / "stand-in" / "img_align_celeba.zip"), str(store), "--size", "64"]]
    for command in commands:
        if not store.is_dir():
            subprocess.run([*minihit, *command], check=True, capture_output=True, cwd=ROOT)
    left = limit - (time.perf_counter() - started)
    seconds = found.get(f"step celeba-64{', TF32' if tf32 else ''}", {}).get("recorded", 0.1)
    steps = max(100, int(0.8 * left / seconds))                           # a fifth for looking, and for the start
    command = ["train", "--preset", "celeba-64", "--data", str(store), "--run", str(run), "--device", "gpu", "--steps",
               str(steps), "--micro-batch", "0", "--measure-every", str(max(1, steps // 8)), "--sample-every",
               str(max(1, steps // 8)), *["--tf32"] * tf32]
    process = subprocess.Popen([*minihit, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        process.wait(left)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)                                # it finishes its step and saves
        process.wait()
    subprocess.run([*minihit, "sample", str(run), "--seeds", "0-49", "--out", str(folder / "samples.png")], cwd=ROOT,
                   check=True, capture_output=True)
    return {"steps": steps, "distances": [[record["step"], record["swd"], record["swd_real"]]
                                          for record in log.read(RunFolder(run).log) if "swd" in record]}


def _summary(found):
    return f"failed: {found['failed']}" if "failed" in found else "done"


def _write(folder, found):
    (folder / "report.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / "report.md").write_text("\n\n".join(_sections(found)) + "\n", encoding="utf-8")


def _sections(found):
    """The report in Markdown, as far as its parts are there."""
    def work(name, task):
        return found.get(f"work {_preset_of(name)[0]}", {}).get(task)

    card = found["card"] if "name" in found.get("card", {}) else {}
    if card:
        yield (f"# {card['name']}, CuPy {device_module('gpu').__version__}\n\nA copy moves "
               f"{card['bandwidth'] / 1e12:.2f} TB/s, a float32 product makes {card['flops'] / 1e12:.0f} TFLOP/s, with "
               f"TF32 {card[_rate(tf32=True)] / 1e12:.0f}. All products and then all traffic take so long at least.")
    steps = {name.removeprefix("step "): part for name, part in found.items() if name.startswith("step ")}
    if steps:
        head = ("a step", "kernels", "queued one by one, ms", "until done, ms", "recorded, ms",
                "at least, ms", "of the card's products", "of its bandwidth", "memory")
        yield "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|",
                         *(_step_row(name, part, work(name, "step"), card) for name, part in steps.items())])
    peers = {name.removeprefix("peer "): part for name, part in found.items() if name.startswith("peer ")}
    if peers:
        alike = found.get("check", {})
        yield "Losses and gradients of both: " + ("compared and equal" if "alike" in alike else
                                                  alike.get("failed", "not compared"))
        yield "\n".join(["| | minihit, ms | at least, ms | torch, ms | torch, tuned, ms | minihit / tuned | "
                         "expected | wanted at most |", "|---|---|---|---|---|---|---|---|",
                         *(row for name, part in peers.items() for row in _peer_rows(name, part, work, card))])
    if "tests" in found:
        yield "\n".join(["Tests: " + found["tests"].get("summary", _summary(found["tests"])),
                         *found["tests"].get("not passed", [])])
    if "train" in found:
        yield "\n".join(["| step | distance | of real images |", "|---|---|---|",
                         *(f"| {step} | {swd:.0f} | {real:.0f} |" for step, swd, real in found["train"]["distances"])])


def _step_row(name, part, work, card):
    """Products by the definition's multiply-adds, of which Winograd's convolution needs fewer; bytes as counted."""
    if "failed" in part:
        return f"| {name} | {part['failed']} | | | | | | | |"
    preset, tf32 = _preset_of(name)
    times = [f"{1e3 * part[column]:.1f}" for column in ("queued", "eager", "recorded")]
    shares = [f"{seconds / part['recorded']:.0%}" for seconds in _seconds(work, card, tf32)] or ["", ""]
    return (f"| {name}, batch {CASES[preset][0]} | {part['kernels']:,} | "
            f"{' | '.join([*times, _least(work, card, tf32), *shares])} | {part['memory'] / 1e9:.1f} GB |")


def _peer_rows(name, part, work, card):
    if "failed" in part:
        yield f"| {name} | {part['failed']} | | | | | | |"
    preset, tf32 = _preset_of(name)
    for task in CASES[preset][1]:
        if task in part:
            ours, *others = [f"{1e3 * part[task]['seconds'][who]:.1f}" for who in ("minihit", "torch", "torch, tuned")]
            times = " | ".join([ours, _least(work(name, task), card, tf32), *others])
            yield (f"| {name}: {task}, batch {CASES[preset][0]} | {times} | "
                   f"{part[task]['ratios']['torch, tuned']:.2f} | {EXPECTED[preset, task][tf32]} | "
                   f"{WANTED.get((preset, task), '')} |")


def _least(work, card, tf32):
    """Milliseconds: the products, and after them the traffic."""
    seconds = _seconds(work, card, tf32)
    return f"{1e3 * sum(seconds):.1f}" if seconds else ""


def _seconds(work, card, tf32):
    """[of the products at the card's rate, of the traffic at its bandwidth, both as measured], or [] of what is not
    known."""
    return [work["flop"] / card[_rate(tf32)], work["bytes"] / card["bandwidth"]] if work and card else []


def _rate(tf32):
    return "flops, TF32" if tf32 else "flops"


def _preset_of(name):
    """(preset, whether TF32 is allowed) of a row's name."""
    preset, *tf32 = name.split(", ")
    return preset, bool(tf32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs/gpu-report"), help="default %(default)s")
    parser.add_argument("--parts", nargs="+", default=list(LIMITS), choices=list(LIMITS))
    parser.add_argument("--presets", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--train", type=float, default=0.0, metavar="MINUTES")
    parser.add_argument("--tf32", action="store_true", help="train with it")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        raise SystemExit(part(*given.part))
    raise SystemExit(main(given.folder.resolve(), given.parts, given.presets, given.train, given.tf32))
