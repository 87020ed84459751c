"""Wrong files of kinds that nobody planted: the verdict names the right leaf, and the right property of the error."""

import pytest
from support.exercises import chapter, edited

from minihit.gradcheck.plants import PLANTS
from minihit.learn import grade
from minihit.learn.plants import PLANTS as OTHERS

WRONG = {
    "a wrong power of x": (
        1, "weight\": (rows.T @ dy)", "weight\": ((rows**2).T @ dy)", "linear", "params/weight", "x is squared"),
    "a minus in a product rule": (
        2, "cdf + x * pdf", "cdf - x * pdf", "gelu", "x", "has the other sign"),
    "a sum over the wrong axis": (
        3, "dy.sum(axis=0, keepdims=True)", "dy.sum(axis=1, keepdims=True)", "position", "params/position",
        "is to be summed over axis 0, not over axis 1"),
    "a wrong power of a deviation": (
        4, "return dx * rstd, grads", "return dx * rstd**2, grads", "layer_norm", "x", "the right one times rstd"),
    "a sum for a mean, inside": (
        4, "x_hat * (dx_hat * x_hat).mean(axis", "x_hat * (dx_hat * x_hat).sum(axis", "layer_norm", "x",
        "the error is x_hat times a number of its own for each index of axes 0, 1 and 2"),
    "channels turned around": (
        4, "(dy * x_hat).sum(axis=batch)", "(dy * x_hat).sum(axis=batch)[::-1]", "layer_norm", "params/scale",
        "turned around along axis 0"),
    "an axis left out of a mean": (
        5, "dx.mean(axis=batch) - x_hat", "dx.mean(axis=(0, 1)) - x_hat", "batch_norm", "x",
        "the error is the same all along axes 0 and 1"),
    "a momentum squared": (
        5, "momentum * averages[name] + (1.0 - momentum)", "momentum**2 * averages[name] + (1.0 - momentum)",
        "batch_norm", "running mean", "-0.0099 times averages/mean"),
    "a weight forgotten in a sum": (
        6, "weighted.sum(axis=-1", "dprobs.sum(axis=-1", "softmax", "scores",
        "the error is probs times a number of its own for each index of axes 0, 1 and 2"),
    "a forgotten head": (
        7, "    return tuple(x.swapaxes", "    dvalue[:, -1] = 0.0\n    return tuple(x.swapaxes", "attend", "value",
        "wrong only at 3 of axis 2, where it is zero"),
    "a scale of D for its root": (
        7, "cache[\"softmax\"]) * query.shape[-1] ** -0.5", "cache[\"softmax\"]) / query.shape[-1]", "attend", "key",
        "0.447214 times the right one, which is 1 / sqrt(5)"),
    "heads and keys exchanged": (
        7, "return tuple(x.swapaxes(-3, -2) for x in (dquery, dkey, dvalue))",
        "return dquery.swapaxes(-3, -2), dkey, dvalue.swapaxes(-3, -2)", "attend", "key", "exchange axes 1 and 2"),
    "a value that is subtracted": (
        9, "        dx = dx + dx_part", "        dx = dx - dx_part if name == 'value' else dx + dx_part",
        "multi_axis_attention", "x", "value/weight has the other sign"),
    "keys less values": (
        10, "dtokens_key + dtokens_value", "dtokens_key - dtokens_value", "cross_attention", "tokens",
        "value/weight has the other sign"),
    "tokens in another order": (
        10, "grads[\"position\"] = dh.sum(axis=0)", "grads[\"position\"] = dh.sum(axis=0)[::-1]", "latent_tokens",
        "params/position", "turned around along axis 2"),
    "half a mean": (
        12, "c).sum(axis=(2, 4))", "c).sum(axis=2).mean(axis=3)", "upsample", "x", "0.5 times the right one"),
    "a row too far": (
        12, "    dx = dy.reshape(", "    dy = dy[:, [-2, -1, *range(dy.shape[1] - 2)]]\n    dx = dy.reshape(",
        "pixel_shuffle", "x", "shifted by 1 along axis 1"),
    "an axis too few": (
        13, "dx.sum(axis=0, keepdims=True)", "dx.sum(axis=0)", "stage, windows", "params/position",
        "give it the shape (1, 8, 8, 4)"),
    "another padding": (
        14, "(p, p), (p, p), (0, 0)))", "(p, p), (p, p), (0, 0)), mode='edge')", "conv2d", "y of the library",
        "wrong only at the border of axes 1 and 2"),
    "a bias summed over two axes of three": (
        14, "dy.sum(axis=(0, 1, 2))", "dy.sum(axis=(0, 1))", "conv2d", "params/bias",
        "to be summed over axes 0, 1 and 2, not over axes 0 and 1"),
    "a pixel too early": (
        15, "padded[1:1 + n]", "padded[2:2 + n]", "blur_downsample", "x", "shifted by -1 along axes 1 and 2"),
    "a bend forgotten": (
        16, "leaky_relu.backward(dh, cache[\"conv1\"])", "dh", "residual_downsample", "params/conv1/weight",
        "conv1/positive is true everywhere"),
    "twice a hinge": (
        17, "sign * inside / len(logits)", "2.0 * sign * inside / len(logits)", "real_loss, hinge", "real_logits",
        "2 times the right one"),
    "seeds without their sign": (
        18, "seeds[:, None]", "abs(seeds)[:, None]", "weight_gradients", "params/weights/1",
        "dy is taken without its sign"),
    "a direction squared": (
        19, "linear.forward(still, t_x)", "linear.forward(still, t_x**2)", "linear, tangent", "tangent",
        "t_x is squared"),
    "a variance for a deviation": (
        20, "centered / std).resh", "centered / std**2).resh", "minibatch_stddev", "x", "std is squared"),
    "half a saturation": (
        21, "dy, draws[\"saturation\"] * 2.0", "dy, draws[\"saturation\"]", "color", "x",
        "draws/saturation is halved"),
    "uphill": (
        22, "params -= rate", "params += rate", "adam", "y of the library", "grads has the other sign"),
    "a learning rate squared": (
        22, "lr * math.sqrt", "lr**2 * math.sqrt", "adam", "y of the library", "lr is squared"),
    "noise squared": (
        25, "0.5 * dz * cache[\"spread\"]", "0.5 * dz * cache[\"spread\"]**2", "gaussian", "log_variance",
        "the right one times spread"),
    "means over another axis": (
        4, "dx = dx_hat - dx_hat.mean(axis=-1", "dx = dx_hat - dx_hat.mean(axis=0", "layer_norm", "x",
        "the error is rstd times a term that is the same all along axis 0 and one along axis 3"),
    "a deviation of a sample": (
        4, "(centered * centered).mean(axis=-1, keepdims=True)", "x.var(axis=-1, keepdims=True, ddof=1)", "layer_norm",
        "y of the library", "apart from params/bias it is 0.935414 times the right one, which is sqrt(7/8)"),
    "EPS outside of the root": (
        4, "((centered * centered).mean(axis=-1, keepdims=True) + EPS) ** -0.5",
        "1 / ((centered * centered).mean(axis=-1, keepdims=True) ** 0.5 + EPS)", "layer_norm", "y of the library",
        "off by 7e-07 of its largest value at most: a small constant, such as EPS"),
    "centred, and not divided": (
        4, "(dy * x_hat).sum(axis=batch)", "(dy * x_hat / rstd).sum(axis=batch)", "layer_norm", "params/scale",
        "x_hat is divided by rstd"),
    "the last image alone": (
        3, "dy.sum(axis=0, keepdims=True)", "dy[-1:]", "position", "params/position", "dy counts at 3 of axis 0 alone"),
    "momenta exchanged": (
        5, "momentum * averages[name] + (1.0 - momentum)", "(1.0 - momentum) * averages[name] + momentum", "batch_norm",
        "running variance", "0.01 averages/variance in place of 0.0101053 variance + 0.99 averages/variance"),
    "powers without their largest": (
        6, "scores - scores.max(axis=-1, keepdims=True)", "scores", "softmax", "y of the library",
        "no number where scores is 10000 times as large"),
    "a use that overwrites the others": (
        9, "dx = dx + dx_part", "dx = dx_part", "multi_axis_attention", "x",
        "query/weight and key/weight are left out"),
    "a kind that is not looked at": (
        17, "hinge_loss(real_logits, -1.0) if kind == \"hinge\" else ", "", "real_loss, hinge", "y of the library",
        "kind is not looked at"),
    "groups side by side": (
        20, "reshape(s, groups, -1).sum(axis=(0, 2))", "reshape(groups, s, -1).sum(axis=(1, 2))",
        "minibatch_stddev, two groups", "x", "in place of"),
    "a step from 0": (
        22, "beta2**step) / (1.0 - beta1**step)", "beta2**(step + 1)) / (1.0 - beta1**(step + 1))", "adam",
        "y of the library", "step is one more"),
    "a mean for a sum of an image": (
        25, ".sum() / count", ".mean()", "kl", "y of the library", "as where a mean over axes 1 and 2 of mean stands"),
    "a mean over images alone": (
        26, "(z - codes) / z.size", "(z - codes) / len(z)", "commitment", "z",
        "15 times the right one, as where a sum over axes 1 and 2"),
}
PLANTED = [plant.says for plant in (*PLANTS.values(), *OTHERS.values())]


@pytest.mark.parametrize("name", WRONG)
def test_the_verdict_names_the_leaf_and_what_is_wrong_with_it(tmp_path, name):
    number, old, new, part, leaf, words = WRONG[name]
    path = tmp_path / "mine.py"
    path.write_text(edited(number, old, new), encoding="utf-8")
    (verdict,) = [each for each in grade.grade(chapter(number), path) if each.part == part]
    told = {row.path: grade.told(row) for row in verdict.rows if not row.share <= 1}
    assert words in told[leaf]
    assert not any(says in told[leaf] for says in PLANTED)
