"""The one table of chapters: what each derives, and what its exercise grades, in an order in which each needs only
those before it.

Chapter 4 is tutorials/04_layer_norm.py, and its exercise, where it has one, tutorials/exercises/04_layer_norm.py.
"""

from typing import NamedTuple


class Chapter(NamedTuple):
    """derives: names of ops, layers, losses, penalties and optimisers, an op and a layer of one name together.

    exercise: what is graded, by the names of `minihit gradcheck --list` and of exercises.py; None where there is none.
    """

    number: int
    name: str
    title: str
    derives: tuple = ()
    exercise: tuple | None = None

    @property
    def file(self):
        return f"{self.number:02}_{self.name}.py"


CHAPTERS = (
    Chapter(0, "nudge_a_number", "Nudge a number", (), ("numerical_gradient", "find the bug")),
    Chapter(1, "linear", "Linear", ("linear", "column_sum"), ("linear", "linear, heads")),
    Chapter(2, "one_value_at_a_time", "One value at a time", ("gelu", "leaky_relu"), ("gelu", "leaky_relu")),
    Chapter(3, "where_gradients_add", "Where gradients add", ("add",), ("position", "skip")),
    Chapter(4, "layer_norm", "Layer norm", ("layer_norm", "normalize"), ("layer_norm",)),
    Chapter(5, "batch_norm", "Batch norm", ("batch_norm", "standardize", "norm", "blend"),
            ("batch_norm", "batch_norm, evaluation")),
    Chapter(6, "softmax", "Softmax", ("softmax",), ("softmax",)),
    Chapter(7, "attention", "Attention", ("attend",), ("attend",)),
    Chapter(8, "many_heads_one_key", "Many heads, one key", (), ("attend, shared",)),
    Chapter(9, "windows_and_grids", "Windows and grids", ("window_split", "window_merge", "multi_axis_attention"),
            ("multi_axis_attention", "multi_axis_attention, multi-head")),
    Chapter(10, "cross_attention", "Cross-attention to tokens", ("cross_attention", "latent_tokens"),
            ("cross_attention", "latent_tokens", "latent_tokens, of a grid")),
    Chapter(11, "a_transformer_block", "A transformer block", ("mlp", "feed_forward", "attention_block"),
            ("attention_block",)),
    Chapter(12, "moving_pixels", "Moving pixels", ("pixel_shuffle", "upsample"), ("pixel_shuffle", "upsample")),
    Chapter(13, "the_generator", "The generator", ("to_rgb",), ("stage, windows", "stage, colours")),
    Chapter(14, "convolution", "Convolution", ("conv2d",), ("conv2d", "conv2d, 1 x 1")),
    Chapter(15, "blur_and_halve", "Blur and halve", ("blur_downsample", "average_downsample"),
            ("blur_downsample", "blur_downsample, odd")),
    Chapter(16, "the_discriminator", "The discriminator", ("residual_downsample", "join"),
            ("residual_downsample", "residual_downsample, average")),
    Chapter(17, "the_game", "The game",
            ("generator_loss", "real_loss", "fake_loss", "softplus_loss", "hinge_loss"),
            tuple(f"{name}, {kind}" for name in ("generator_loss", "real_loss", "fake_loss")
                  for kind in ("non_saturating", "hinge"))),
    Chapter(18, "one_backward_for_all_losses", "One backward for all losses", (), ("weight_gradients",)),
    Chapter(19, "r1", "R1 without double backprop", ("r1",), ("linear, tangent", "conv2d, tangent", "r1")),
    Chapter(20, "when_images_talk", "When images talk", ("minibatch_stddev", "wgan_gp"),
            ("minibatch_stddev", "minibatch_stddev, two groups", "minibatch_stddev, twice")),
    Chapter(21, "augment_and_agree", "Augment and agree", ("augment", "consistency"), ("color",)),
    Chapter(22, "adam_and_ema", "Adam, EMA", ("adam", "ema", "clip"), ("adam", "ema", "clip")),
    Chapter(23, "train_on_faces", "Train on faces"),
    Chapter(24, "break_it", "Break it"),
    Chapter(25, "a_picture_as_64_numbers", "A picture as 64 numbers",
            ("gaussian", "kl", "l1", "l2", "gaussian_nll", "laplace_nll", "blur", "laplacian_pyramid", "pyramid_l1",
             "feature_matching", "strided_conv2d", "transposed_conv2d", "upsampling_conv2d", "residual_block"),
            ("gaussian", "kl")),
    Chapter(26, "a_picture_as_64_words", "A picture as 64 words", ("quantize", "rotation", "commitment", "codebook"),
            ("quantize", "quantize, backward", "commitment", "codebook")),
    Chapter(27, "a_style_for_every_map", "A style for every map",
            ("pixel_norm", "modulated_conv2d", "blur_upsample", "smooth", "noisy_relu", "styled_conv2d", "styled_rgb")),
    Chapter(28, "less_work_than_a_tape", "Less work than a tape"),
    Chapter(29, "winograd", "Winograd"),
    Chapter(30, "on_a_gpu", "On a GPU"),
    Chapter(31, "a_batch_in_parts", "A batch in parts"),
)
