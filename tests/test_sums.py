"""Sums over a batch: in a binary tree, so that whoever holds a subtree can add it beforehand."""

import numpy as np
import pytest
from support.helpers import assert_same

from minihit import tree
from minihit.sums import alone, pairwise


def by_levels(terms):
    """The definition: neighbours are added, then neighbours of those; one that is left over goes up as it is."""
    while len(terms) > 1:
        terms = [sum(terms[i:i + 2][1:], terms[i]) for i in range(0, len(terms), 2)]
    return terms[0]


def terms(count):
    return list(np.random.default_rng(count).standard_normal((count, 50)).astype(np.float32) ** 3)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 11, 16])
def test_neighbours_are_added_level_by_level(count):
    assert_same({"sum": pairwise(iter(terms(count)))}, {"sum": by_levels(terms(count))})


@pytest.mark.parametrize("machines", [2, 4, 8])
def test_machines_that_add_whole_subtrees_find_the_same_bits(machines):
    values, each = terms(16), 16 // machines
    partial = [pairwise(values[first:first + each]) for first in range(0, 16, each)]
    assert_same({"sum": pairwise(partial)}, {"sum": pairwise(values)})


def test_from_the_left_it_would_be_other_bits():
    assert not np.array_equal(pairwise(terms(16)), sum(terms(16)[1:], terms(16)[0]))


def test_trees_are_added_leaf_by_leaf_and_left_as_they_were():
    trees = [{"a": [np.full(2, float(i))], "b": i} for i in range(5)]
    copies = tree.map(np.copy, trees)
    assert_same(pairwise(trees), {"a": [np.full(2, 10.0)], "b": 10})
    assert_same(trees, copies)


def test_few_sums_are_held_at_a_time():
    """Of 64 terms no more than log2 + 1, and the one that is being added."""
    alive, most = set(), []

    class Term:
        """Counts those that exist."""

        def __init__(self):
            alive.add(id(self))
            most.append(len(alive))

        def __del__(self):
            alive.discard(id(self))

        def __add__(self, other):
            return Term()

    pairwise(Term() for _ in range(64))
    assert max(most) <= 6 + 3


def test_alone_a_total_is_the_value_itself():
    assert alone(3) == 3
