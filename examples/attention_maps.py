"""Draw where one pixel of a generated picture looks, stage by stage, for a trained run.

One row per stage: the picture with the asking pixel marked; the pixels that it attends to, one map for each head group;
how it divides its cross-attention among the latent tokens; and the token that each pixel of the stage asks most.
"""

import argparse
from pathlib import Path

import numpy as np

from minihit import sampling
from minihit.models.hit import generator
from minihit.ops import window_split
from minihit.show.figures import figure
from minihit.show.images import to_uint8
from minihit.training.run import weights
from minihit.training.run.folder import RunFolder

SEED = 0                                                                  # of the picture, as in minihit sample
PLACE = 0.45, 0.35                                                        # of the pixel: from the top, from the left
BLOCK = 0                                                                 # which self-attention block of a stage
COLUMNS = ("picture", "block", "grid", "tokens", "token asked most")


def main(run, out=None):
    """Returns the path of the picture."""
    config, trained, step = weights.load_generator(RunFolder(run))
    config = config.preset.generator
    z = sampling.latents([SEED], config.z_shape)
    image, cache = generator.forward(trained["params"], z, config, trained["averages"])
    out = out or run / f"attention-{step:08d}.png"
    draw(out, to_uint8(image[0]), config.stages, cache["stages"])
    return out


def asking_pixel(side):
    """Row and column in a map of that side."""
    return tuple(int(share * side) for share in PLACE)


def self_attention(stage, plan):
    """{axis: (H, W)}: the attention that the asking pixel pays to each pixel, the mean over the heads of the group."""
    if not plan.window or not plan.layers:
        return {}
    attention = stage["blocks"][BLOCK]["attention"]
    return {axis: in_image(attention[axis]["probs"][0], plan, axis) for axis in plan.axes}


def in_image(probs, plan, axis):
    """probs: (G, N, P, P), windows of pixels, along "block"; (P, N, G, G), places of windows, along "grid"."""
    numbers = np.arange(plan.side**2).reshape(plan.side, plan.side)
    meeting = window_split.forward(numbers[None, :, :, None], plan.window)[0][0, :, :, 0]   # (G, P)
    meeting = meeting if axis == "block" else meeting.T
    index, asking = np.argwhere(meeting == numbers[asking_pixel(plan.side)])[0]
    shares = np.zeros(plan.side**2)
    shares[meeting[index]] = probs[index].mean(axis=0)[asking]
    return shares.reshape(plan.side, plan.side)


def cross_attention(stage, plan):
    """(H, W, T): the attention that each pixel pays to each token, the mean over heads; None where there is none."""
    if "cross_attention" not in stage:
        return None
    return stage["cross_attention"]["attend"]["probs"][0].mean(axis=0).reshape(plan.side, plan.side, -1)


def draw(path, image, plans, stages):
    with figure(path, 2.4 * len(COLUMNS), 2.5 * len(plans)) as drawn:
        rows = drawn.subplots(len(plans), len(COLUMNS), squeeze=False)
        for axes, plan, stage in zip(rows, plans, stages, strict=True):
            draw_stage(dict(zip(COLUMNS, axes, strict=True)), image, plan, stage)


def draw_stage(axes, image, plan, stage):
    from matplotlib.patches import Rectangle

    row, column = asking_pixel(plan.side)
    axes["picture"].imshow(image, extent=(-0.5, plan.side - 0.5, plan.side - 0.5, -0.5))
    axes["picture"].set_ylabel(f"stage {plan.index}, {plan.side} x {plan.side}")
    panels, tokens = self_attention(stage, plan), cross_attention(stage, plan)
    for axis, shares in panels.items():
        axes[axis].imshow(shares, cmap="magma", vmin=0.0)
    if tokens is not None:
        axes["tokens"].bar(range(tokens.shape[-1]), tokens[row, column])
        axes["token asked most"].imshow(tokens.argmax(axis=-1), cmap="tab20", vmin=0, vmax=tokens.shape[-1] - 1)
    for name, panel in axes.items():
        if not panel.has_data():                                          # no such attention in this stage
            panel.set_axis_off()
            continue
        panel.set_title(name)
        if name != "tokens":
            panel.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, color="lime"))
            panel.set(xticks=[], yticks=[])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder that minihit train wrote")
    parser.add_argument("out", nargs="?", type=Path, help="PNG to write; default RUN/attention-STEP.png")
    print(main(**vars(parser.parse_args())))
