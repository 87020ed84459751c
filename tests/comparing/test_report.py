import json
import math
import re

import pytest

from minihit.comparing import report
from minihit.comparing.measures import Value
from minihit.comparing.report import Row, Sets

SETS, REAL = Sets(1_000, "samples", 2_000, "real ones"), Sets(500, "real ones", 500, "others of them")
FULL = Row("swd", "distance", Value(26.7479), "patches", SETS, Value(15.0, 0.25), Sets(1_000, "a", 1_000, "b"))
HALF = Row("kid_random", "kernel distance", Value(0.00123456, 1.5e-5), "random", SETS, Value(-0.5), REAL)
PAIRS = Row("psnr", "PSNR", Value(math.inf), "pixels", Sets(3, "c", 3, "d"))
MISSING = Row("ssim", "SSIM", "too small: take larger ones", "pixels", SETS, "one picture has no other half", REAL)


def test_a_line_says_all_that_a_number_depends_on():
    lines = report.table([FULL, HALF, PAIRS, MISSING]).splitlines()
    assert [re.split("  +", line) for line in lines[2:]] == [
        ["distance", "26.75", "15 +- 0.25", "patches", "1,000 samples against 2,000 real ones"],
        ["kernel distance", "0.001235 +- 1.5e-05", "-0.5 (500 each)", "random",
         "1,000 samples against 2,000 real ones"],
        ["PSNR", "inf", "-", "pixels", "3 c against 3 d"],
        ["SSIM", "-", "-", "pixels", "1,000 samples against 2,000 real ones"]]
    assert len({line.index(mark) for line, mark in zip(lines[2:], ("26", "0.0", "inf", "-"), strict=True)}) == 1
    assert re.split("  +", lines[0]) == ["measure", "value", "real against real", "features", "images"]
    assert lines[1] == "-" * len(lines[0])


def test_below_the_table_stand_what_is_missing_and_what_real_is_each_once():
    assert report.text([FULL, HALF, HALF, MISSING, MISSING]).splitlines()[7:] == [
        "missing: too small: take larger ones",
        "no real against real: one picture has no other half",
        "real against real: 1,000 a against 1,000 b",
        "real against real: 500 real ones against 500 others of them, and fewer of them are farther apart"]
    assert report.text([PAIRS]).count("\n") == 2


@pytest.mark.parametrize("value, text", [(0.0, "0"), (1234.5678, "1235"), (9_999.4, "9999"), (1e4, "10,000"),
                                         (10_001.0, "10,001"), (123456.7, "123,457"),
                                         (-20_000.0, "-20,000"), (math.inf, "inf"), (0.000012345, "1.234e-05")])
def test_a_number_has_four_digits(value, text):
    assert report.number(value) == text


def test_json_holds_every_number_and_no_infinity():
    full, half, pairs, missing = json.loads(json.dumps(report.plain([FULL, HALF, PAIRS, MISSING]), allow_nan=False))
    assert full == {"name": "swd", "title": "distance", "value": {"mean": 26.7479}, "features": "patches",
                    "sets": {"count": 1000, "pictures": "samples", "reference_count": 2000, "reference": "real ones"},
                    "real": {"mean": 15.0, "deviation": 0.25},
                    "real_sets": {"count": 1000, "pictures": "a", "reference_count": 1000, "reference": "b"}}
    assert half["value"] == {"mean": 0.00123456, "deviation": 1.5e-5}
    assert pairs["value"] == {"mean": "inf"} and pairs["real"] is None
    assert missing["value"] == "too small: take larger ones" and missing["real"] == "one picture has no other half"


def test_only_fewer_pictures_are_called_so():
    assert HALF.has_fewer and not FULL.has_fewer and not PAIRS.has_fewer and not MISSING.has_fewer
