"""What a discriminator that compares images asks of batches."""

from minihit.errors import UserError


def require_whole_groups(discriminator, recipe):
    """Raise UserError unless the images of every micro-batch divide into the groups of minibatch stddev."""
    size = recipe.micro_batch or recipe.batch
    for count in {size, recipe.batch % size or size} if discriminator.minibatch_stddev else ():
        if count > 4 and count % 4:
            raise UserError(f"minibatch stddev compares groups of 4 images and {count} come together: "
                            f"choose batch and micro_batch as multiples of 4")
