"""Draw where one pixel of a generated picture looks, stage by stage, for a trained run.

One row per stage: the picture with the asking pixel marked; the pixels that it attends to, one map for each head group;
how it divides its cross-attention among the latent tokens; and the token that each pixel of the stage asks most.
"""

import argparse
from pathlib import Path

from minihit import sampling
from minihit.models.hit import attention, generator
from minihit.show.figures import figure
from minihit.show.images import to_uint8
from minihit.training.run import weights
from minihit.training.run.folder import called

SEED = 0                                                                  # of the picture, as in minihit sample
PLACE = 0.45, 0.35                                                        # of the pixel: from the top, from the left
BLOCK = 0                                                                 # which self-attention block of a stage
COLUMNS = ("picture", "block", "grid", "tokens", "token asked most")


def main(run, out=None):
    """Returns the path of the picture."""
    config, trained, step = weights.load_generator(called(run))
    config = config.preset.generator
    z = sampling.latents([SEED], config.z_shape)
    image, cache = generator.forward(trained["params"], z, config, trained["averages"])
    out = out or called(run).out / f"attention-{step:08d}.png"
    draw(out, to_uint8(image[0]), config.stages, cache["stages"])
    return out


def asking_pixel(side):
    """Row and column in a map of that side."""
    return tuple(int(share * side) for share in PLACE)


def self_attention(stage, plan):
    """{axis: (H, W)}: the attention that the asking pixel pays to each pixel, the mean over the heads of the group."""
    if not plan.window or not plan.layers:
        return {}
    return {axis: in_image(probs, plan, axis) for axis, probs in attention.self_attention(stage)[BLOCK].items()}


def in_image(probs, plan, axis):
    """probs: (G, N, P, P), windows of pixels, along "block"; (P, N, G, G), places of windows, along "grid"."""
    row, column = asking_pixel(plan.side)
    shares = attention.attended(probs, attention.members(plan, axis), row * plan.side + column)
    return shares.mean(axis=0).reshape(plan.side, plan.side)


def cross_attention(stage, plan):
    """(H, W, T): the attention that each pixel pays to each token, the mean over heads; None where there is none."""
    probs = attention.cross_attention(stage)
    return None if probs is None else probs.mean(axis=0).reshape(plan.side, plan.side, -1)


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
    parser.add_argument("run", type=Path, help="folder that minihit train wrote, or built-in")
    parser.add_argument("out", nargs="?", type=Path, help="PNG to write; default RUN/attention-STEP.png")
    print(main(**vars(parser.parse_args())))
