"""A learner's layers in the place of the library's: found, graded, put there, and taken away again."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.exercises import EXERCISES, HOLES, SOLUTIONS, chapter, edited, solved
from support.runs import TINY, TINY_VAE, TINY_VQVAE

from minihit import objectives, tree
from minihit.errors import UserError
from minihit.gradcheck.user_file import InFile
from minihit.layers import linear
from minihit.learn import grade, own
from minihit.learn.replacing import using
from minihit.ops import augment, feed_forward, gelu, join, quantize
from minihit.training import state, step

OF_ADVERSARIES = {
    "linear", "gelu", "leaky_relu", "layer_norm", "batch_norm", "softmax", "attend", "multi_axis_attention",
    "cross_attention", "latent_tokens", "attention_block", "pixel_shuffle", "upsample", "stage", "conv2d",
    "blur_downsample", "residual_downsample", "generator_loss", "real_loss", "fake_loss", "r1", "minibatch_stddev",
    "color", "adam", "ema", "clip"}
OF_AUTOENCODERS = {"gaussian", "kl", "quantize", "commitment", "codebook"}
EVERYTHING = replace(
    TINY, recipe=replace(TINY.recipe, micro_batch=0, clip=1.0, augment=("color", "translation"), consistency=2.0))
LAYER_NORM = replace(EVERYTHING, generator=replace(EVERYTHING.generator, norm="layer", windows=(None, None)))
COUPLED = replace(EVERYTHING, discriminator=replace(EVERYTHING.discriminator, minibatch_stddev=True))
PRESETS = {"GAN": EVERYTHING, "GAN, layer norm": LAYER_NORM, "GAN, stddev": COUPLED,
           "VAE": replace(TINY_VAE, recipe=replace(TINY_VAE.recipe, micro_batch=0)),
           "VQ-VAE": replace(TINY_VQVAE, recipe=replace(TINY_VQVAE.recipe, micro_batch=0))}


@pytest.fixture(scope="module")
def solutions():
    """{name: Own} of all solutions, which test_grade.py grades."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "grade", lambda chapter, path: [grade.Verdict(part, []) for part in chapter.exercise])
        owns, left_out = own.checked(SOLUTIONS)
    assert left_out == []
    return owns


@pytest.fixture(scope="module")
def functions(solutions):
    """{name: {function: callable}} of them."""
    return {name: each.functions for name, each in solutions.items()}


@pytest.fixture
def folder(tmp_path):
    """folder(name=source, ...): a folder with these files."""
    def write(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name.removeprefix('_')}.py").write_text(source)
        return tmp_path
    return write


def stepped(preset, number=20):
    """(gradients, metrics, state) after one step of training in float32."""
    rng = np.random.default_rng(0)
    training = state.create(0, preset)
    real = rng.standard_normal((4, preset.size, preset.size, 3)).astype("float32")
    draws = objectives.of(preset).draw(rng, 4, preset, number)
    grads, averages, metrics = step.gradients(training.networks, real, draws, preset)
    state.apply(training, grads, averages, number, preset)
    return grads, metrics, training


def test_every_part_of_the_library_that_an_exercise_writes_can_be_a_learners(solutions):
    assert set(solutions) == OF_ADVERSARIES | OF_AUTOENCODERS
    assert set(solutions["linear"].functions) == {"forward", "backward", "tangent"}
    assert solutions["attend"].path.name == "08_many_heads_one_key.py"


@pytest.mark.parametrize("name", PRESETS)
def test_a_whole_step_is_the_same_with_a_learners_layers(functions, name):
    """In float32, which their float64 results are rounded to."""
    expected = stepped(PRESETS[name])
    with using(functions):
        found = stepped(PRESETS[name])
    for part, (here, there) in enumerate(zip(found, expected, strict=True)):
        here, there = (dict(tree.items(one.trees if part == 2 else one)) for one in (here, there))
        largest = max(float(abs(leaf).max()) for leaf in there.values())
        assert here.keys() == there.keys()
        for path, leaf in there.items():
            np.testing.assert_allclose(here[path], leaf, rtol=2e-3, atol=2e-5 * largest, err_msg=path)
    assert {leaf.dtype for _, leaf in tree.items(found[0])} == {np.dtype("float32")}


@pytest.mark.parametrize("names, presets", [
    (OF_ADVERSARIES, ("GAN", "GAN, layer norm", "GAN, stddev")), (OF_AUTOENCODERS, ("VAE", "VQ-VAE"))])
def test_each_of_their_functions_is_called(functions, names, presets):
    """Nothing goes past them, not even a tuned twin that knows how GELU or softmax is made."""
    calls = Counter()

    def counted(name, function, each):
        def call(*args, **options):
            calls[name, each] += 1
            return function(*args, **options)
        call.__wrapped__ = function                                        # for its signature
        return call

    counting = {name: {each: counted(name, function, each) for each, function in own.items()}
                for name, own in functions.items() if name in names}
    with using(counting):
        for name in presets:
            stepped(PRESETS[name])
    uncalled = {(name, each) for name, own in counting.items() for each in own} - calls.keys()
    assert uncalled <= {("residual_downsample", "backward"), ("stage", "forward")}


def test_afterwards_all_is_the_librarys_again(functions):
    before = {each: getattr(module, each) for module, each in (
        (gelu, "forward"), (linear, "tangent"), (augment, "POLICIES"), (feed_forward, "forward"))}
    with pytest.raises(ZeroDivisionError), using(functions):
        assert gelu.forward is not before["forward"]
        raise ZeroDivisionError
    assert gelu.forward(np.ones(3))[1].keys() == {"slope"}
    assert linear.tangent is before["tangent"] and augment.POLICIES is before["POLICIES"]
    assert feed_forward.forward is before["forward"]


def test_holes_other_files_and_files_named_after_an_op_are_told_apart(folder):
    half = edited(2, "    return dy * cache[\"slope\"]\n", "    raise NotImplementedError\n")
    here = folder(_02_one_value_at_a_time=half,
                  _04_layer_norm=(HOLES / chapter(4).file).read_text(), notes="print('not run')\n", softmax=solved(6))
    owns, left_out = own.checked(here)
    assert {name: one.path.name for name, one in owns.items()} == {
        "gelu": "02_one_value_at_a_time.py", "softmax": "softmax.py"}
    assert left_out == ["02_one_value_at_a_time.py: leaky_relu is not written yet",
                        "04_layer_norm.py: layer_norm is not written yet",
                        "notes.py is named after no exercise, op or layer"]


@pytest.mark.parametrize("name, number, sentence", [
    ("_04_layer_norm", 4, "layer_norm is wrong, and nobody should train with it: minihit learn check 4 "),
    ("layer_norm", 4, "layer_norm is wrong, and nobody should train with it: minihit gradcheck "),
])
def test_a_wrong_layer_is_refused(folder, name, number, sentence):
    with pytest.raises(UserError) as refusal:
        own.checked(folder(**{name: edited(number, "return dx * rstd", "return dx / rstd")}))
    assert sentence in str(refusal.value)


def test_what_fits_its_exercise_but_not_the_networks_is_left_out(folder):
    """Heads with a key each, where the networks share one; and axes written down, where the networks have fewer."""
    here = folder(_06_softmax=solved(6), _07_attention=solved(7), _05_batch_norm=edited(
        5, "batch = tuple(range(x.ndim - 1))", "batch = (0, 1, 2)"))
    owns, left_out = own.checked(here)
    assert list(owns) == ["softmax"]
    assert left_out == [f"{file}: {name} is right for the shapes of the exercise, but not for all that the networks "
                        f"have" for file, name in (("05_batch_norm.py", "batch_norm"), ("07_attention.py", "attend"))]


def test_a_folder_without_a_layer_is_refused(folder, tmp_path):
    with pytest.raises(UserError, match=r"holds no layer that could be trained with: write one of the exercises there"):
        own.checked(folder(_00_nudge_a_number=solved(0), notes=""))
    with pytest.raises(UserError, match=r"gone is no folder: give the one that holds your layers"):
        own.checked(tmp_path / "gone")


def test_an_exception_while_training_is_told_with_its_line(folder):
    here = folder(gelu="def forward(x):\n    return x / 0, {}\n\ndef backward(dy, cache):\n    return 1 / 0\n")
    path = here / "gelu.py"
    functions = own._functions(own.chapter_of(path), path, "gelu")
    with using({"gelu": functions}), np.errstate(all="ignore"):
        _, cache = gelu.forward(np.ones(3))
        with pytest.raises(InFile, match=r"gelu.py, line 5: ZeroDivisionError"):
            gelu.backward(np.ones(3), cache)


def test_an_option_that_a_learners_forward_does_not_take_is_refused(functions):
    with using({"quantize": functions["quantize"]}):
        quantize.forward(np.ones((2, 3)), np.ones((4, 3)), False)
        with pytest.raises(UserError, match=r"quantize: this training hands its forward rotate, too, and yours does"):
            quantize.forward(np.ones((2, 3)), np.ones((4, 3)), True)


@pytest.mark.parametrize("name, number, function", [("minibatch_stddev", 20, "tangent"), ("batch_norm", 5, "fold")])
def test_a_file_without_a_function_that_training_calls_is_left_out(folder, name, number, function):
    here = folder(softmax=solved(6), **{name: edited(number, f"def {function}(", f"def {function}_of_mine(")})
    owns, left_out = own.checked(here)
    assert list(owns) == ["softmax"] and left_out == [f"{name}.py: {name} is not written yet"]


def test_a_second_branch_that_is_called_skip_is_an_input_and_not_something_to_be_added():
    main, skip = np.ones(3), np.full(3, 2.0)
    own = {"forward": lambda main, skip: ((main + skip) / 2, {}), "backward": lambda dy, cache: (dy / 2, dy / 2)}
    with using({"join": own}):
        y, cache = join.forward(main, skip)
        np.testing.assert_array_equal(y, 1.5)
        np.testing.assert_array_equal(join.backward(y, cache), 0.75)
        np.testing.assert_array_equal(join.tangent(main, skip, cache), 1.5)


def test_a_file_belongs_to_the_exercise_op_or_layer_of_its_name(tmp_path):
    assert own.chapter_of(tmp_path / "04_layer_norm.ipynb") is chapter(4)
    assert own.chapter_of(tmp_path / "linear.py").exercise == ("linear", "linear, heads")
    for name in ("column_sum", "r1", "generator", "mine", "find the bug"):
        assert own.chapter_of(tmp_path / f"{name}.py") is None
    assert all(own.chapter_of(tmp_path / each.file) is each for each in EXERCISES)
