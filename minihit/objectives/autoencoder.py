"""What VAE and VQ-VAE share: rates, the terms of the image, curves.

Everything here is of one part of a batch, as in gan.py.
"""

from minihit.models import of
from minihit.objectives import adversary, reconstruction

AVERAGED = ("encoder", "quantizer", "decoder")                            # of which a VAE has two
IMAGE_PANELS = (
    ("differences of pixels", ("pixels", "pyramid", "feature_matching"), "log"),
    ("adversarial losses", ("generator_loss", "real_loss", "fake_loss", "r1"), "linear"),
    ("mean logits", ("real_logits", "fake_logits"), "linear"),
    ("lambda", ("lambda",), "log"),
    ("gradient norms", ("encoder_norm", "decoder_norm", "discriminator_norm"), "log"),
)


def rates(preset):
    """The learning rate of each network."""
    recipe = preset.recipe
    return {name: recipe.rate if name in AVERAGED else recipe.discriminator_rate for name in preset.networks}


def couples(preset):
    """Whether a network compares the images of a micro-batch, beyond batch norm's sums."""
    return preset.recipe.with_discriminator and preset.discriminator.minibatch_stddev


def draw(rng, batch, preset, step):
    """What the terms of the image need beside images."""
    recipe = preset.recipe
    return adversary.draw(rng, batch, preset.size, recipe, step) if recipe.with_discriminator else {}


def decode(networks, z, preset, total):
    """The reconstruction of a latent and the decoder's cache, in training."""
    return of(preset.decoder).forward(networks["decoder"]["params"], z, preset.decoder, total=total)


def image_terms(networks, image, original, pixels, cache, draws, preset, share, total, largest=adversary.LARGEST):
    """(dimage, {"discriminator": its gradients times the share} or {}, metrics): all that a reconstruction is told.

    pixels: the loss of pixels, (image, original) -> loss, dimage; cache: the decoder's; largest: of lambda.
    """
    recipe, metrics, d_grads = preset.recipe, {}, {}
    metrics["pixels"], dimage = pixels(image, original)
    if recipe.pyramid:
        metrics["pyramid"], dpyramid = reconstruction.pyramid_l1(image, original)
        metrics["pyramid"], dimage = recipe.pyramid * metrics["pyramid"], dimage + recipe.pyramid * dpyramid
    if recipe.with_discriminator:
        def last_gradient(dimage):
            return of(preset.decoder).last_gradient(dimage, cache)

        dimage, grads, more = adversary.terms(networks["discriminator"]["params"], image, original, dimage,
                                              last_gradient, draws, preset, share, total, largest)
        d_grads, metrics = {"discriminator": grads}, {**metrics, **more}
    return dimage, d_grads, metrics


def decoder_backward(networks, dimage, cache, preset, share):
    """Returns dz, the decoder's gradients, and its new running averages times the share."""
    decoder = of(preset.decoder)
    dz, grads = decoder.backward(share * dimage, cache)
    return dz, grads, decoder.update_averages(networks["decoder"]["averages"], cache, share)
