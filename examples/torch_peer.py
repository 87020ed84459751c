"""The same networks and the same step in PyTorch, so that minihit's times can be told beside it. Needs PyTorch.

A port of minihit's own definitions, eager, without compilation: the weights come out of a minihit tree, and all losses
and every gradient are compared before anything is timed. "torch" is what one writes; "torch, tuned" goes round what is
slow in it on a CPU. The same as `minihit bench --peer examples/torch_peer.py`, which has more options.

Shapes: images (B, S, S, 3) as in minihit, seen by the discriminator as (B, 3, S, S) in channels-last memory; weights of
linear layers (out, in), of convolutions (out, in, k, k).
"""

import argparse
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from minihit import parallel, tree
from minihit.backend import tf32_allowed, to_host
from minihit.bench import memory, peer
from minihit.errors import UserError
from minihit.layers import batch_norm, layer_norm
from minihit.memory import keep_memory
from minihit.ops import augment, blur_downsample, leaky_relu
from minihit.optim import EMA_START, EPS
from minihit.training import step

try:
    import torch
    from torch.nn import functional as F
except ImportError:
    torch = None

STOCK, TUNED = CONTESTANTS = ("torch", "torch, tuned")
PRESET, ROUNDS = "celeba-64", 5
CONVOLUTIONS = ("stem", "conv", "conv1", "conv2", "skip")
TOLERANCE = {"float64": 1e-9, "float32": 2e-2}                            # of a leaf; rounding flips leaky ReLUs
OPS = SimpleNamespace()                                                   # linear, conv2d, leaky_relu: stock or tuned


# What minihit bench asks for


def check(case, chosen=peer.TASKS):
    """Raise AssertionError where images, logits, or losses, gradients and averages of a step are not minihit's, in
    either dtype."""
    for dtype in TOLERANCE:
        here = peer.cast(case, dtype)
        expected = {task: results(here, task) for task in chosen}
        for name in CONTESTANTS:
            there, where = Peer(here, name), f"{name}, {dtype}"
            for task in chosen:
                if task == "step":
                    check_step(there, expected[task], where)
                else:
                    require_close(where, {task: getattr(there, task)()}, {task: expected[task]})


def results(here, task):
    """What minihit computes: images, logits, or of a step (gradients, averages, metrics)."""
    if task != "step":
        return np.concatenate(peer.ours(here)[task]())
    return step.gradients(here.training.networks, here.real, here.draws, here.preset)


def check_step(there, expected, where):
    grads, averages, metrics = expected
    losses = there.gradients()                                            # zero where minihit has none
    off = np.zeros_like(metrics["real_loss"])
    require_close(f"{where}, loss", losses, {loss: metrics.get(loss, off) for loss in losses})
    for network in ("generator", "discriminator"):
        found = to_minihit(tree.map(lambda leaf: leaf.grad, getattr(there, network)), grads[network])
        require_close(f"{where}, gradient", found, grads[network])
    require_close(f"{where}, average", to_minihit(there.state, averages["generator"]), averages["generator"])


def tasks(case, name):
    """{task: function}, each of which waits for the device."""
    there = Peer(case, name)
    return {"images": there.images, "logits": there.logits, "step": there.step}


def peak(case):
    """Bytes of the process, or of PyTorch's memory on the device."""
    return memory.peak() if case.device == "cpu" else torch.cuda.max_memory_allocated()


def require_close(where, found, expected):
    """Trees of the same keys; a leaf that is all rounding is measured by the largest leaf."""
    found, expected = dict(tree.items(found)), dict(tree.items(expected))
    largest = max(float(abs(leaf).max()) for leaf in expected.values()) if expected else 0.0
    for path, leaf in expected.items():
        error = float(abs(np.asarray(found[path]) - leaf).max())
        allowed = TOLERANCE[str(leaf.dtype)] * max(float(abs(leaf).max()), 1e-3 * largest)
        assert error <= allowed, f"{where} {path} is off by {error:.2g}, allowed are {allowed:.2g}"


# From minihit's trees to tensors and back


def tensors(arrays, device, trained=False):
    """A tree of tensors from one of arrays; trained ones collect gradients."""
    leaves = {path: _tensor(path, to_host(leaf)).to(device) for path, leaf in tree.items(arrays)}
    return tree.from_paths({path: leaf.requires_grad_(trained) for path, leaf in leaves.items()}, arrays)


def to_minihit(values, like):
    """{path: array} of a tree of tensors, in the shapes of the arrays of like."""
    shapes = dict(tree.items(like))
    return {path: _array(path, leaf.detach()).reshape(shapes[path].shape) for path, leaf in tree.items(values)}


def leaves(values):
    return [leaf for _, leaf in tree.items(values)]


def _tensor(path, leaf):
    *_, layer, name = ("", *path.split("/"))
    x = torch.tensor(leaf)
    if name == "bias":
        return x.flatten()
    if name != "weight":
        return x
    if layer in CONVOLUTIONS:
        return x.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    reads_many_axes = layer in ("out", "dense")                           # (N, D, C), (4, 4, C, C)
    return (x.flatten(0, -2) if reads_many_axes else x.flatten(1)).t().contiguous()


def _array(path, x):
    *_, layer, name = ("", *path.split("/"))
    if name == "weight":
        x = x.permute(2, 3, 1, 0) if layer in CONVOLUTIONS else x.t()
    return x.contiguous().cpu().numpy()


# The generator


def linear(p, x):
    return OPS.linear(x, p["weight"], p["bias"])


def norm(p, x, state, config, training):
    if config.norm == "layer":
        return F.layer_norm(x, x.shape[-1:], p["scale"], p["bias"], layer_norm.EPS)
    y = F.batch_norm(x.reshape(-1, x.shape[-1]), state["mean"], state["variance"], p["scale"], p["bias"], training,
                     1.0 - batch_norm.MOMENTUM, batch_norm.EPS)           # running averages are updated in place
    return y.view(x.shape)


def attend(query, key, value, heads):
    """query (R, Q, N D); key, value (R, K, N D), or (R, K, D) where all heads share one."""
    rows, count, width = query.shape
    if key.shape[-1] < width:                                             # heads are only more queries
        return softmax_attention(query.reshape(rows, -1, key.shape[-1]), key, value).view(rows, count, width)
    each = [x.reshape(rows, -1, heads, width // heads).transpose(1, 2).flatten(0, 1) for x in (query, key, value)]
    return softmax_attention(*each).view(rows, heads, count, -1).transpose(1, 2).reshape(rows, count, width)


def softmax_attention(query, key, value):
    if query.is_cuda:
        return F.scaled_dot_product_attention(query, key, value)
    scores = torch.bmm(query * query.shape[-1] ** -0.5, key.transpose(1, 2))
    return torch.bmm(scores.softmax(-1), value)                           # quicker on a CPU for so few keys


def keys_and_values(p, x):
    """Both by one product."""
    weight, bias = (torch.cat((p["key"][name], p["value"][name])) for name in ("weight", "bias"))
    return OPS.linear(x, weight, bias).chunk(2, -1)


def cross_attention(p, x, tokens, heads):
    query = linear(p["query"], x).flatten(1, -2)                          # (B, pixels, C)
    out = attend(query, *keys_and_values(p, tokens), heads)
    return linear(p["out"], out.view(x.shape))


def multi_axis_attention(p, x, heads):
    """x (B, G, P, C): half of the heads attends along P, half along G."""
    def attended(axis, y):
        return y if axis == 0 else y.transpose(1, 2)

    pairs = keys_and_values(p, x)
    multi_head = pairs[0].shape[-1] == x.shape[-1]                        # then each half has its own
    pairs = [y.chunk(2, -1) if multi_head else (y, y) for y in pairs]
    outs = []
    for axis, (weight, bias) in enumerate(zip(p["query"]["weight"].chunk(2), p["query"]["bias"].chunk(2), strict=True)):
        parts = [attended(axis, y) for y in (OPS.linear(x, weight, bias), pairs[0][axis], pairs[1][axis])]
        out = attend(*(y.flatten(0, 1) for y in parts), heads // 2)
        outs.append(attended(axis, out.view(parts[0].shape)))
    return linear(p["out"], torch.cat(outs, -1))


def mlp(p, x, state, config, training):
    h = linear(p["expand"], norm(p["norm"], x, state["norm"], config, training))
    return x + linear(p["contract"], F.gelu(h))


def attention_block(p, x, heads, state, config, training):
    x = x + multi_axis_attention(p["attention"], norm(p["norm"], x, state["norm"], config, training), heads)
    return mlp(p["mlp"], x, state["mlp"], config, training)


def stage(p, x, tokens, image, state, plan, config, training):
    """image is (B, 3, S, S)."""
    x = x + p["position"]
    h = norm(p["cross_norm"], x, state["cross_norm"], config, training)
    x = x + cross_attention(p["cross_attention"], h, tokens, plan.heads)
    x = mlp(p["cross_mlp"], x, state["cross_mlp"], config, training)
    if plan.window:
        x = split(x, *plan.window)
    for block, averages in zip(p["blocks"], state["blocks"], strict=True):
        if plan.window:
            x = attention_block(block, x, plan.heads, averages, config, training)
        else:
            x = mlp(block, x, averages, config, training)
    if plan.window:
        x = merge(x, *plan.window, plan.side)
    if plan.rgb:
        rgb = linear(p["to_rgb"]["linear"], norm(p["to_rgb"]["norm"], x, state["to_rgb"]["norm"], config, training))
        rgb = rgb.permute(0, 3, 1, 2)
        image = rgb if image is None else rgb + F.interpolate(image, scale_factor=2, mode="nearest")
    if plan.next_channels is None:
        return None, image
    x = pixel_shuffle(x)
    return linear(p["widen"], x) if "widen" in p else x, image


def generator(p, z, state, config, training=True):
    """Images (B, S, S, 3)."""
    side, c = config.stages[0].side, config.channels[0]
    x, image = linear(p["start"], z).view(-1, side, side, c), None
    tokens = linear(p["tokens"]["linear"], z).view(-1, config.tokens, c) + p["tokens"]["position"][0]
    tokens = norm(p["tokens"]["norm"], tokens, state["tokens"]["norm"], config, training)
    for plan, here, averages in zip(config.stages, p["stages"], state["stages"], strict=True):
        x, image = stage(here, x, tokens, image, averages, plan, config, training)
    return image.permute(0, 2, 3, 1)


def split(x, height, width):
    b, h, w, c = x.shape
    x = x.view(b, h // height, height, w // width, width, c).transpose(2, 3)
    return x.reshape(b, -1, height * width, c)


def merge(x, height, width, side):
    x = x.view(len(x), side // height, side // width, height, width, -1).transpose(2, 3)
    return x.reshape(len(x), side, side, -1)


def pixel_shuffle(x):
    b, h, w, c = x.shape
    return x.view(b, h, w, 2, 2, c // 4).transpose(2, 3).reshape(b, 2 * h, 2 * w, c // 4)


# The discriminator


def discriminator(p, images):
    """Logits (B,) of images (B, S, S, 3)."""
    x = OPS.leaky_relu(convolve(p["stem"], images.permute(0, 3, 1, 2)))
    for block in p["blocks"]:
        h = blur(OPS.leaky_relu(convolve(block["conv1"], x)))
        main = OPS.leaky_relu(convolve(block["conv2"], h))
        x = (main + convolve(block["skip"], blur(x))) * math.sqrt(0.5)
    x = OPS.leaky_relu(convolve(p["conv"], x)).permute(0, 2, 3, 1).flatten(1)
    x = OPS.leaky_relu(F.linear(x, p["dense"]["weight"], p["dense"]["bias"]))
    return F.linear(x, p["logit"]["weight"], p["logit"]["bias"])[:, 0]


def convolve(p, x):
    return OPS.conv2d(x, p["weight"], p.get("bias"), 1, p["weight"].shape[-1] // 2, 1, 1)


def blur(x):
    taps, c = torch.tensor(blur_downsample.TAPS, dtype=x.dtype, device=x.device), x.shape[1]
    return OPS.conv2d(x, torch.outer(taps, taps).expand(c, 1, 4, 4), None, 2, 1, 1, c)


# One training step


class Peer:
    """Both networks with Adam and the moving average, from the weights, images and draws of a case."""

    def __init__(self, case, name):
        require_supported(case.preset)
        use(name)
        self.preset, device = case.preset, "cpu" if case.device == "cpu" else "cuda"
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32_allowed()
        networks, ema = case.training.networks, case.training.trees["ema"]["generator"]
        self.generator, self.discriminator = (tensors(networks[which]["params"], device, trained=True)
                                              for which in ("generator", "discriminator"))
        self.state = tensors(networks["generator"]["averages"], device)
        self.ema = {name: tensors(ema[name], device) for name in ("params", "averages")}
        self.real = torch.tensor(to_host(case.real), device=device)
        self.z = torch.tensor(to_host(case.draws["z"]), device=device)
        self.draws = to_host(case.draws.get("consistency", {}))
        recipe = self.preset.recipe
        self.optimisers = [torch.optim.Adam(leaves(params), rate, (recipe.beta1, recipe.beta2), fused=True)
                           for params, rate in ((self.generator, recipe.generator_rate),
                                                (self.discriminator, recipe.discriminator_rate))]
        self.number = 0

    def images(self):
        with torch.no_grad():
            return self.done(generator(self.ema["params"], self.z, self.ema["averages"], self.preset.generator, False))

    def logits(self):
        with torch.no_grad():
            return self.done(discriminator(self.discriminator, self.real))

    def step(self):
        self.gradients()
        self.update()
        self.done(None)

    def done(self, result):
        if self.z.is_cuda:
            torch.cuda.synchronize()
        return result

    def gradients(self):
        """Leave the gradient of every parameter in its grad; returns the losses. Real images first, then their graph is
        gone before the fakes are made."""
        for leaf in leaves([self.generator, self.discriminator]):
            leaf.grad = None
        losses = self.real_terms()
        fake = generator(self.generator, self.z, self.state, self.preset.generator)
        fake_losses, dfake = self.fake_terms(fake.detach().requires_grad_())
        fake.backward(dfake)
        return {**losses, **fake_losses, "consistency": losses["consistency"] + fake_losses["consistency"]}

    def real_terms(self):
        recipe, zero = self.preset.recipe, self.real.new_zeros(())
        real = self.real.clone().requires_grad_(bool(recipe.r1))
        logits = discriminator(self.discriminator, real)
        losses = {"real_loss": F.softplus(-logits).mean(), "r1": zero, "consistency": zero}
        if recipe.r1:
            gradient, = torch.autograd.grad(logits.sum(), real, create_graph=True)
            losses["r1"] = recipe.r1 * gradient.square().sum((1, 2, 3)).mean()
        if recipe.consistency:
            other = discriminator(self.discriminator, diff_augment(self.real, self.draws["real"]))
            losses["consistency"] = recipe.consistency * (logits - other).square().mean()
        torch.autograd.backward(sum(losses.values()), inputs=leaves(self.discriminator))
        return {name: loss.detach() for name, loss in losses.items()}

    def fake_terms(self, fake):
        """The losses and the gradient of the generator's loss by the images.

        Seen from the images, the losses of both networks differ by one number per image, their slope at its logit: one
        backward pass with the discriminator's slopes serves both.
        """
        recipe, params = self.preset.recipe, leaves(self.discriminator)
        outs, zero = [discriminator(self.discriminator, fake)], fake.new_zeros(())
        if recipe.consistency:
            outs.append(discriminator(self.discriminator, diff_augment(fake.detach(), self.draws["fake"])))
        logits, *others = points = [out.detach().requires_grad_() for out in outs]
        g_loss, losses = F.softplus(-logits).mean(), {"fake_loss": F.softplus(logits).mean(), "consistency": zero}
        if others:
            losses["consistency"] = recipe.consistency * (logits - others[0]).square().mean()
        slopes = torch.autograd.grad(sum(losses.values()), points)
        g_slope, = torch.autograd.grad(g_loss, logits)
        if bool((slopes[0].abs() > 1e-20).all()):
            torch.autograd.backward(outs, slopes, inputs=[*params, fake])
            dfake = fake.grad * (g_slope / slopes[0]).view(-1, 1, 1, 1)
        else:                                                             # nothing to scale: a pass for each
            dfake, = torch.autograd.grad(outs[0], fake, g_slope, retain_graph=True)
            torch.autograd.backward(outs, slopes, inputs=params)
        losses["generator_loss"] = g_loss
        return {name: loss.detach() for name, loss in losses.items()}, dfake

    def update(self):
        """Adam as Keras writes it, whose epsilon stands beside the square root before that is corrected; EMA."""
        recipe, self.number = self.preset.recipe, self.number + 1
        for optimiser in self.optimisers:
            optimiser.param_groups[0]["eps"] = EPS / math.sqrt(1.0 - recipe.beta2**self.number)
            optimiser.step()
        average, values = leaves([self.ema["params"], self.ema["averages"]]), leaves([self.generator, self.state])
        with torch.no_grad():
            if self.number <= EMA_START:
                torch._foreach_copy_(average, values)
            else:
                torch._foreach_lerp_(average, values, 1.0 - recipe.ema_decay)


def diff_augment(x, draws):
    """Colour, translation and cutout of images (B, S, S, 3) by the draws of minihit/ops/augment.py; no gradient."""
    side = x.shape[1]
    with torch.no_grad():
        brightness, saturation, contrast = (torch.tensor(draws[name], dtype=x.dtype, device=x.device).view(-1, 1, 1, 1)
                                            for name in ("brightness", "saturation", "contrast"))
        x = x + (brightness - 0.5)
        mean = x.mean(3, keepdim=True)
        x = mean + (x - mean) * (2.0 * saturation)
        mean = x.mean((1, 2, 3), keepdim=True)
        x = mean + (x - mean) * (contrast + 0.5)
        border, cut = augment.side_of(side, 0.125), augment.side_of(side, 0.5)
        padded = F.pad(x, (0, 0, border, border, border, border))
        x = torch.stack([padded[i, border + down:border + down + side, border + right:border + right + side]
                         for i, (down, right) in enumerate(zip(draws["shift_h"], draws["shift_w"], strict=True))])
        for i, (row, column) in enumerate(zip(draws["cut_h"] - cut // 2, draws["cut_w"] - cut // 2, strict=True)):
            x[i, max(0, row):max(0, row + cut), max(0, column):max(0, column + cut)] = 0.0
    return x


def require_supported(preset):
    """Raise UserError for what no preset uses and this port leaves out."""
    g, d, recipe = preset.generator, preset.discriminator, preset.recipe
    if g.kind != "hit":
        raise UserError(f"the PyTorch port has HiT's generator and no {g.kind}: compare a preset of HiT's")
    left_out = {"attention other than multi_axis": g.attention != "multi_axis", "a grid of latents": g.spatial,
                "no cross-attention": not g.cross_attention, "average downsampling": d.downsample != "blur",
                "equalised": d.equalized, "minibatch stddev": d.minibatch_stddev,
                "hinge": recipe.loss != "non_saturating", "WGAN-GP": recipe.wgan_gp,
                "DiffAugment of all images": recipe.augment, "clipping": recipe.clip}
    found = [name for name, on in left_out.items() if on]
    if found:
        raise UserError(f"the PyTorch port has no {', '.join(found)}: compare a preset without it")


# Stock and tuned


def use(name):
    """Choose the operations of this process. Raises UserError without PyTorch."""
    if torch is None:
        raise UserError("PyTorch is not installed: pip install torch brings it")
    torch.set_num_threads(parallel.cores())
    if name == STOCK:
        vars(OPS).update(linear=F.linear, conv2d=F.conv2d, leaky_relu=lambda x: F.leaky_relu(x, leaky_relu.SLOPE))
    else:
        keep_memory()                                                     # glibc keeps what PyTorch frees
        vars(OPS).update(tuned_operations())


def tuned_operations():
    """oneDNN's product instead of BLAS's, and second derivatives that run the convolutions they are.

    A graph of a backward pass is made for R1 alone, which asks for the gradient of the images and not of the weights.
    """
    product, back, slope = torch.ops.mkldnn._linear_pointwise, torch.ops.aten.convolution_backward, leaky_relu.SLOPE

    class Linear(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, bias):
            ctx.save_for_backward(x, weight)
            return product(x, weight, bias, "none", [], "")

        @staticmethod
        def backward(ctx, dy):
            x, weight = ctx.saved_tensors
            rows = dy.reshape(-1, dy.shape[-1])
            dx = product(rows, weight.t(), None, "none", [], "").view(x.shape) if ctx.needs_input_grad[0] else None
            return dx, rows.t() @ x.reshape(-1, x.shape[-1]), rows.sum(0)

    def gradients(dy, x, weight, stride, padding, dilation, groups, wanted):
        stride, padding, dilation = [stride] * 2, [padding] * 2, [dilation] * 2
        return back(dy, x, weight, [len(weight)], stride, padding, dilation, False, [0, 0], groups, wanted)

    class Convolution(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, bias, *geometry):
            ctx.save_for_backward(x, weight)
            ctx.geometry = geometry
            return torch.conv2d(x, weight, bias, *geometry)

        @staticmethod
        def backward(ctx, dy):
            x, weight = ctx.saved_tensors
            if torch.is_grad_enabled():
                return InputGradient.apply(dy, weight, x.detach(), *ctx.geometry), *[None] * 6
            return *gradients(dy, x, weight, *ctx.geometry, ctx.needs_input_grad[:3]), *[None] * 4

    class InputGradient(torch.autograd.Function):
        @staticmethod
        def forward(ctx, dy, weight, x, *geometry):
            ctx.save_for_backward(dy, weight)
            ctx.geometry = geometry
            return gradients(dy, x, weight, *geometry, (True, False, False))[0]

        @staticmethod
        def backward(ctx, t_x):
            dy, weight = ctx.saved_tensors
            wanted = (False, ctx.needs_input_grad[1], False)
            dweight = gradients(dy, t_x, weight, *ctx.geometry, wanted)[1] if wanted[1] else None
            return torch.conv2d(t_x, weight, None, *ctx.geometry), dweight, *[None] * 5

    class LeakyReLU(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = F.leaky_relu(x, slope)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, dy):
            return LeakyReLUGradient.apply(dy, ctx.saved_tensors[0].detach())

    class LeakyReLUGradient(torch.autograd.Function):
        """Its own derivative along dy; by y there is none."""

        @staticmethod
        def forward(ctx, dy, y):
            ctx.save_for_backward(y)
            return torch.ops.aten.leaky_relu_backward(dy, y, slope, True)

        @staticmethod
        def backward(ctx, t_y):
            return torch.ops.aten.leaky_relu_backward(t_y, ctx.saved_tensors[0], slope, True), None

    def linear(x, weight, bias):
        fast = x.dtype == torch.float32 and not x.is_cuda
        return (Linear.apply if fast else F.linear)(x, weight, bias)

    return {"linear": linear, "conv2d": Convolution.apply, "leaky_relu": LeakyReLU.apply}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", nargs="?", default=PRESET, help="default %(default)s")
    parser.add_argument("--batch", type=int, default=16, help="default %(default)s")
    parser.add_argument("--out", type=Path, help="JSON to write")
    given = parser.parse_args()
    argv = ["bench", "--peer", __file__, "--preset", given.preset, "--batch", given.batch, "--steps", ROUNDS]
    argv += ["--out", given.out] if given.out else []
    return subprocess.run([sys.executable, "-m", "minihit", *map(str, argv)]).returncode   # minihit without PyTorch


if __name__ == "__main__":
    raise SystemExit(main())
