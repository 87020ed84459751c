"""Rows of two sets: their numbers, how many, and what real against real is."""

import numpy as np
import pytest

from minihit.comparing import compare
from minihit.comparing.compare import Sides, of_pairs, of_sets
from minihit.comparing.measures import Value
from minihit.comparing.names import Name
from minihit.comparing.report import Sets

A, B, C = np.arange(8.0)[:, None], 10 + np.arange(8.0)[:, None], 30 + np.arange(5.0)[:, None]
WORDS = "samples", "held-out ones", "training ones"


def apart(pictures, reference, rng):
    return {"means": Value(float(reference.mean() - pictures.mean()), rng), "neighbour": "none"}


def rows(sides, ending=""):
    return [*of_sets(apart, sides, (1, 2), lambda key: Name(f"log {key}", f"title {key}", "numbers"), ending)]


def test_real_against_real_is_that_of_others_against_as_many_references():
    row, _ = rows(Sides(A, B, C, WORDS))
    assert row.name == "log means" and row.title == "title means" and row.features == "numbers"
    assert row.value == (10.0, 1) and row.sets == Sets(8, "samples", 8, "held-out ones")
    assert row.real == (12.0 - 32.0, 2) and row.real_sets == Sets(5, "training ones", 5, "held-out ones")
    row, _ = rows(Sides(A, B[:3], C, WORDS))
    assert row.real == (11.0 - 31.0, 2) and row.real_sets.count == row.real_sets.reference_count == 3


def test_without_others_it_is_that_of_every_other_reference_against_those_between():
    for count in (6, 7):
        row, _ = rows(Sides(A, B[:count], None, WORDS))
        assert row.real == (12.0 - 13.0, 2)
        assert row.real_sets == Sets(3, "held-out ones", 3, "others of them")


def test_one_reference_has_no_other_half_and_this_is_said():
    row, other = rows(Sides(A, B[:1], None, WORDS))
    assert row.value.mean == 6.5 and row.real == other.real == "one picture has no other half"


def test_what_is_missing_is_a_sentence_and_an_ending_ends_the_name():
    _, row = rows(Sides(A, B, C, WORDS), "_rebuilt")
    assert (row.name, row.title, row.value, row.real) == ("log neighbour_rebuilt", "title neighbour", "none", "none")


def test_a_measure_that_looks_at_the_first_alone_counts_them(monkeypatch):
    assert compare.MOST == {"neighbour": 100}
    monkeypatch.setitem(compare.MOST, "neighbour", 4)
    means, neighbour = rows(Sides(A, B, C, WORDS))
    assert neighbour.sets == Sets(4, "samples", 8, "held-out ones") and means.sets.count == 8
    assert neighbour.real_sets == Sets(4, "training ones", 5, "held-out ones")


def test_a_column_and_a_device_change_arrays_and_nothing_else():
    wide = Sides(np.tile(A, 3), np.tile(B, 3), None, WORDS)
    sides = wide.columns(slice(2)).on("cpu")
    assert (sides.pictures.shape, sides.reference.shape, sides.others, sides.words) == ((8, 2), (8, 2), None, WORDS)


def test_pairs_have_no_yardstick():
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)
    psnr, ssim = of_pairs(images, images[::-1], ("these", "those"))
    assert (psnr.name, ssim.name) == ("psnr", "ssim") and psnr.sets == Sets(5, "these", 5, "those")
    assert psnr.real is psnr.real_sets is None and psnr.value == (np.inf, None)
    assert ssim.value.mean == pytest.approx(0.2, abs=0.1)
    assert (psnr.title, psnr.features) == ("PSNR (dB)", "pixels")
