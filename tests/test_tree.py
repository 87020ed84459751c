import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, normal, seeds

from minihit import tree

keys = st.sampled_from(["weight", "bias", "query", "norm"])
shapes = st.lists(st.integers(1, 3), max_size=3).map(tuple)
leaves = st.tuples(shapes, seeds).map(lambda drawn: normal(drawn[1], *drawn[0]))
trees = st.recursive(leaves, lambda children: st.dictionaries(keys, children, min_size=1)
                     | st.lists(children, min_size=1), max_leaves=8)

EXAMPLE = {"start": {"weight": np.ones((2, 3)), "bias": np.zeros(3)}, "stages": [{"position": np.ones((1, 4))}]}


def test_a_path_names_every_leaf():
    assert [path for path, _ in tree.items(EXAMPLE)] == ["start/weight", "start/bias", "stages/0/position"]
    assert tree.size(EXAMPLE) == 6 + 3 + 4


@given(trees)
def test_map_keeps_the_keys(arrays):
    doubled = dict(tree.items(tree.map(lambda leaf: 2 * leaf, arrays)))
    assert_same(doubled, {path: 2 * leaf for path, leaf in tree.items(arrays)})


@given(trees)
def test_add_goes_leaf_by_leaf_and_modifies_nothing(arrays):
    before = tree.map(np.copy, arrays)
    assert_same(tree.add(arrays, arrays, arrays), tree.map(lambda leaf: leaf + leaf + leaf, arrays))
    assert_same(arrays, before)


def test_trees_are_matched_by_key_and_not_by_order():
    turned = {"stages": EXAMPLE["stages"], "start": dict(reversed(EXAMPLE["start"].items()))}
    assert_same(tree.add(EXAMPLE, turned), tree.map(lambda leaf: 2 * leaf, EXAMPLE))


def test_a_missing_key_is_an_error():
    with pytest.raises(KeyError, match="bias"):
        tree.add(EXAMPLE, {**EXAMPLE, "start": {"weight": np.ones((2, 3))}})


@given(trees)
def test_packed_leaves_are_views_of_one_buffer(arrays):
    buffer, packed = tree.pack(arrays, np)
    assert_same(packed, arrays)
    assert buffer.shape == (tree.size(arrays),)
    assert all(np.shares_memory(leaf, buffer) for _, leaf in tree.items(packed))
    buffer += 1.0
    assert_same(packed, tree.map(lambda leaf: leaf + 1.0, arrays))


@given(trees)
def test_gather_writes_in_the_order_of_the_other_tree(arrays):
    buffer, _ = tree.pack(arrays, np)
    out = np.empty_like(buffer)
    assert tree.gather(arrays, arrays, out) is out
    np.testing.assert_array_equal(out, buffer)


def test_gather_matches_by_key():
    turned = {"stages": EXAMPLE["stages"], "start": dict(reversed(EXAMPLE["start"].items()))}
    out = tree.gather(turned, EXAMPLE, np.empty(13))
    np.testing.assert_array_equal(out, np.concatenate([leaf.ravel() for _, leaf in tree.items(EXAMPLE)]))
