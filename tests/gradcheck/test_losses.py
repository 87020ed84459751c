from support.helpers import assert_same, normal

from minihit.gradcheck import losses
from minihit.objectives.losses import consistency


def test_a_loss_is_a_layer_whose_gradients_are_scaled():
    logits, augmented = normal(0, 5), normal(1, 5)
    layer = losses.layer(consistency)
    value, cache = layer.forward(logits, augmented, cost=3.0)
    expected, *gradients = consistency(logits, augmented, 3.0)
    assert value == expected
    assert_same(list(layer.backward(2.0, cache)), [2.0 * gradient for gradient in gradients])
