"""Every setting of a run changes what it is for, and nothing else."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from support import steps
from support.runs import tiny, write_run
from support.settings import changes, rows

from minihit.data.faces.render import faces
from minihit.show.images import read_image, write_png
from minihit.training import loop, measure, pictures
from minihit.training.run import checkpoint, log
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

DEFAULT = {"preset": tiny(steps=6), "data": "some", "log_every": 2, "sample_every": 2, "measure_every": 3,
           "measure_images": 12, "save_every": 2, "keep": 10, "lanes": 2}
AFTER = {"last weights", "distance at the end"}
TABLE = rows(RunConfig, [
    ("preset", tiny(steps=6), tiny(steps=6, discriminator_rate=2e-3), AFTER),
    ("data", "some", "others", {"images", "distance at the start", "distance of real images"} | AFTER),
    ("seed", 0, 1, {"images", "draws", "first samples", "distance at the start", "distance of real images"} | AFTER),
    ("flip", True, False, {"images", "distance of real images"} | AFTER),
    ("log_every", 2, 4, {"logged"}),
    ("sample_every", 2, 5, {"sampled"}),
    ("measure_every", 3, 4, {"measured"}),
    ("measure_images", 12, 11, {"distance at the start", "distance of real images", "distance at the end"}),
    ("measure", (), ("kid",), {"measured on features"}),
    ("weights", None, "of another network", set()),                        # of measures that are not asked for here
    ("save_every", 2, 4, {"saved"}),
    ("keep", 10, 2, {"saved"}),
    ("lanes", 2, 1, set()),                                                # the same numbers: each micro-batch has one
    ("origin", None, "another run", {"first samples", "distance at the start"} | AFTER),
    ("own", None, "exercises", set()),                                     # which the command puts there
])
OFTEN = [                                                                 # (field, fact, other value, steps of either)
    ("log_every", "logged", 4, ([2, 4, 6], [4, 6])),
    ("sample_every", "sampled", 5, ([0, 2, 4, 6], [0, 5, 6])),
    ("measure_every", "measured", 4, ([0, 3, 6], [0, 4, 6])),
    ("save_every", "saved", 4, ([2, 4, 6], [4, 6])),
    ("keep", "saved", 2, ([2, 4, 6], [4, 6])),
]


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    root = tmp_path_factory.mktemp("settings")
    for seed, name in enumerate(("some", "others")):
        for index, image in enumerate(faces(seed, 0, 30, 16)):
            write_png(root / name / f"{index:02d}.png", image)
    write_run(root / "another run", tiny())
    cached = functools.cache(lambda settings: facts_of(RunFolder(tmp_path_factory.mktemp("run")), root, settings))
    return lambda **settings: cached(RunConfig(**{**DEFAULT, **settings}))


def facts_of(folder, root, config):
    """What a run of six steps saw, drew and left."""
    with pytest.MonkeyPatch.context() as patch, steps.watched() as seen:
        patch.setattr(measure, "sliced_wasserstein", quick_distance)
        for name in ("write_curves", "write_timelapse"):
            patch.setattr(pictures, name, lambda *_: None)
        origin = config.origin and str(checkpoint.newest(RunFolder(root / config.origin).checkpoints)[0])
        loop.train(replace(config, data=str(root / config.data), origin=origin), folder)
    records, newest = log.read(folder.log), checkpoint.newest(folder.checkpoints)
    measured = [record for record in records if "swd" in record]
    last, _ = checkpoint.load(newest[0], steps.create(0, tiny(), np.float32).trees)
    return {"images": [real for real, _ in seen], "draws": [draws for _, draws in seen], "last weights": last,
            "first samples": [read_image(folder.samples / f"{kind}-00000000.png") for kind in ("ema", "raw")],
            "distance at the start": measured[0]["swd"], "distance at the end": measured[-1]["swd"],
            "distance of real images": measured[0]["swd_real"],
            "measured on features": sorted(name for name in measured[0] if "random" in name),
            "logged": [record["step"] for record in records if "r1" in record],
            "measured": [record["step"] for record in measured],
            "sampled": sorted(int(path.stem[4:]) for path in folder.samples.glob("ema-*.png")),
            "saved": sorted(map(checkpoint.step_of, newest))}


def quick_distance(real, other, rng):
    return {"average": float(abs(real - other).mean())}


@pytest.mark.parametrize("field, value, other, expected", TABLE, ids=[row[0] for row in TABLE])
def test_a_setting_changes_what_it_is_for_and_nothing_else(facts, field, value, other, expected):
    assert changes(facts(**{field: value}), facts(**{field: other})) == expected


def test_things_happen_as_often_as_was_said(facts):
    for field, name, other, expected in OFTEN:
        assert (facts(**{field: DEFAULT[field]})[name], facts(**{field: other})[name]) == expected
