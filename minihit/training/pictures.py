"""What a run shows: sample grids of fixed latents as it goes, and at its end loss curves and a time-lapse."""

import math

import numpy as np
from tqdm import tqdm

from minihit import autoencoding, objectives, sampling
from minihit.errors import UserError
from minihit.show.figures import figure
from minihit.show.images import (
    grid,
    has_video,
    read_image,
    shrink,
    to_float,
    to_uint8,
    upscale,
    write_animation,
    write_png,
)
from minihit.training.run import log

COLUMNS, ROWS, PAIRS = 10, 5, 2                                            # of a sheet; pairs of rows with originals
LEAST, WIDEST = 64, 4_096                                                 # pixels of an image there, and of a row
FRAMES, FRAME = 80, 2_600                                                 # of a time-lapse, and pixels of their width
FIXED, DRAWN, ANIMATED = 130 * 10**6, 50, 4                               # bytes, and for a pixel of a sheet, a frame
_STREAM = 2                                                               # of random numbers, beside those of the steps


def fixed_latents(seed, shape):
    return np.random.default_rng([seed, _STREAM]).standard_normal((COLUMNS * ROWS, *shape), dtype=np.float32)


def write_samples(folder, trees, preset, device, seed, held_out, step):
    """samples/ema-STEP.png and raw-STEP.png, through the moving average and the raw weights: always the same latents,
    and of an autoencoder the same held-out images (uint8) over their reconstructions."""
    for kind, networks in (("ema", trees["ema"]), ("raw", trees["networks"])):
        rows = []
        if "encoder" in preset.networks:
            rows += _rebuilt(networks, preset, device, held_out)
        if objectives.of(preset).SAMPLED:
            rows += [_samples(networks, preset, device, seed, len(rows))]
        write_png(folder.samples / f"{kind}-{step:08d}.png", sheet(np.concatenate(rows)))


def _samples(networks, preset, device, seed, taken):
    name, config = sampling.sampled(preset)
    rows, columns = shape(preset.size)
    z = fixed_latents(seed, config.z_shape)[:columns * max(1, rows - taken)]
    return to_uint8(sampling.samples(networks[name], z, config, device))


def _rebuilt(networks, preset, device, held_out):
    """Rows of originals, each over the row of their reconstructions."""
    count = PAIRS * shape(preset.size)[1]
    originals = held_out[np.resize(np.arange(min(len(held_out), count)), count)]
    rebuilt, _ = autoencoding.reconstruct(networks, to_float(originals), preset, device)
    pairs = zip(np.split(originals, PAIRS), np.split(to_uint8(rebuilt), PAIRS), strict=True)
    return [row for pair in pairs for row in pair]


def write_neighbours(folder, found, step):
    """neighbours.png and samples/neighbours-STEP.png: the samples nearest to a training image over that image, and
    below them, as a yardstick, the same of held-out images."""
    rows = [row for part in found.values() for row in _nearest_pairs(part)]
    picture = sheet(np.concatenate(rows))
    write_png(folder.samples / f"neighbours-{step:08d}.png", picture)
    write_png(folder.path / "neighbours.png", picture)


def _nearest_pairs(part):
    columns = shape(part.images.shape[1])[1]
    order = np.resize(np.argsort(part.distances, kind="stable"), columns)   # repeated where there are fewer
    return part.images[order], part.nearest[order]


def sheet(images):
    """A grid as wide as `shape` says, small images enlarged so that a person can see them."""
    return grid(upscale(images, max(1, LEAST // images.shape[1])), columns=shape(images.shape[1])[1])


def shape(size):
    """(rows, columns) of a sheet of images of that side, fewer of large ones."""
    columns = min(COLUMNS, max(1, WIDEST // size))
    return math.ceil(columns * ROWS / COLUMNS), columns


def memory(size, frames):
    """Bytes of drawing samples and curves, and of a time-lapse of so many frames, in a run with images of that side."""
    rows, columns = shape(size)
    side = max(size, LEAST)
    pixels = rows * columns * side**2
    animated = min(frames, FRAMES) * pixels // math.ceil(columns * side / FRAME) ** 2
    return FIXED + max(DRAWN * pixels, ANIMATED * animated)


def write_timelapse(folder):
    """The EMA grids of the whole run as timelapse.gif, and as timelapse.mp4 where the extra "video" is installed.

    Pictures of another size than the newest do not belong to them; damaged ones are named and left out.
    """
    paths = sorted(folder.samples.glob("ema-*.png"))
    chosen = sorted({round(i) for i in np.linspace(0, len(paths) - 1, FRAMES)}) if paths else []
    frames = list(_readable(paths[i] for i in chosen))
    frames = [frame for frame in frames if frame.shape == frames[-1].shape]
    if not frames:
        return
    frames += [frames[-1]] * (len(frames) // 4)                           # the end stays for a while
    write_animation(folder.path / "timelapse.gif", frames, fps=10)
    if has_video():
        write_animation(folder.path / "timelapse.mp4", frames, fps=10)


def _readable(paths):
    for path in paths:
        try:
            picture = read_image(path)
            yield shrink(picture, math.ceil(picture.shape[1] / FRAME))
        except UserError as error:
            tqdm.write(f"the time-lapse goes without a picture: {error}")


def write_curves(folder, panels):
    """Quantities of the log over the steps: curves.png. panels: (title, names in the log, scale) of each; one of which
    nothing was trained or measured is left out."""
    records = log.read(folder.log)
    panels = [(title, lines, scale) for title, names, scale in panels if (lines := _lines(records, names))]
    if not panels:
        return
    with figure(folder.curves, 10, 3 * len(panels)) as drawn:
        (rows,) = drawn.subplots(len(panels), 1, sharex=True, squeeze=False).T
        for axes, (title, lines, scale) in zip(rows, panels, strict=True):
            for name, points in lines.items():
                axes.plot(*zip(*points, strict=True), label=name, linewidth=1.2)
            axes.set_title(title, loc="left")
            axes.set_yscale(scale)
            axes.grid(alpha=0.3)
            axes.legend(frameon=False)
        rows[-1].set_xlabel("step")


def _lines(records, names):
    """{name: [(step, value)]} of the quantities that are not zero throughout."""
    found = {name: [(record["step"], record[name]) for record in records if name in record] for name in names}
    return {name: points for name, points in found.items() if any(value for _, value in points)}
