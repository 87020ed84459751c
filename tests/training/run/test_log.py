import json
import os

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.training.run import log


def test_records_come_back(tmp_path):
    path = tmp_path / "log.jsonl"
    log.append(path, {"step": 1, "loss": 0.5})
    log.append(path, {"step": 2, "loss": 0.25})
    assert log.read(path) == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]


def test_a_record_may_have_a_number_for_each_dimension(tmp_path):
    log.append(tmp_path / "log.jsonl", {"step": 1, "kl_dimensions": [0.5, 0]})
    assert log.read(tmp_path / "log.jsonl") == [{"step": 1, "kl_dimensions": [0.5, 0]}]


def test_a_record_is_on_the_disk_when_append_returns(tmp_path, monkeypatch):
    path, synced = tmp_path / "log.jsonl", []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((os.fstat(file).st_ino, path.read_text())))
    log.append(path, {"step": 1})
    log.append(path, {"step": 2})
    assert synced == [(path.stat().st_ino, '{"step": 1}\n'), (path.stat().st_ino, '{"step": 1}\n{"step": 2}\n')]


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1}\n{"st')
    assert log.read(path) == [{"step": 1}]
    assert log.read(tmp_path / "none.jsonl") == []


def test_cutting_back_drops_later_steps(tmp_path):
    path = tmp_path / "log.jsonl"
    for step in range(5):
        log.append(path, {"step": step})
    log.cut_back(path, 2)
    assert [record["step"] for record in log.read(path)] == [0, 1, 2]


def test_what_is_no_record_is_left_out(tmp_path):
    path, good = tmp_path / "log.jsonl", b'{"step": 1, "loss": 0.5}\n'
    bad = [b"3", b"null", b"[1]", b'{"loss": 1}', b'{"step": "1"}', b'{"step": 1.5}', b'{"step": 2, "loss": [[1]]}',
           b'{"step": 2, "loss": [NaN]}', b'{"step": 2, "loss": {"a": 1}}', b'{"step": 2, "loss": [1, "low"]}',
           b'{"step": 2, "loss": "low"}', b'{"step": 2, "loss": 1e999}', b'{"step": 1' + b"0" * 400 + b"}", b"\xff\xfe",
           b"[" * 100_000]
    path.write_bytes(b"\n".join(bad) + b"\n" + good)
    assert log.read(path) == [{"step": 1, "loss": 0.5}]
    log.cut_back(path, 1)
    assert path.read_bytes() == good


def test_cutting_back_to_the_start_leaves_nothing(tmp_path):
    path = tmp_path / "log.jsonl"
    log.append(path, {"step": 0, "swd": 1.0})
    log.cut_back(path, 0)
    assert path.read_text() == ""


def test_a_folder_in_place_of_a_log_is_no_log(tmp_path):
    assert log.read(tmp_path) == []
    with pytest.raises(UserError, match="cannot write"):
        log.append(tmp_path, {"step": 1})


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a Linux device")
def test_a_full_disk_is_a_sentence():
    with pytest.raises(UserError, match="cannot write /dev/full: No space left on device; cure that and go on with"):
        log.append("/dev/full", {"step": 1})


def test_cutting_back_asks_about_the_records_of_that_step(tmp_path):
    path = tmp_path / "log.jsonl"
    for step, loss in ((1, 0), (2, 0), (2, 1), (3, 1)):
        log.append(path, {"step": step, "loss": loss})
    log.cut_back(path, 2, lambda record: record["loss"])
    assert log.read(path) == [{"step": 1, "loss": 0}, {"step": 2, "loss": 1}]


def test_a_window_averages():
    window = log.Window()
    window.add({"a": np.float32(1.0)})
    window.add({"a": np.float32(2.0)})
    assert window.means() == {"a": 1.5} == window.means()


def test_a_window_goes_on_from_its_facts_to_the_last_bit():
    """In the precision of what is added: a sum of float32 does not become one of float64."""
    values = np.random.default_rng(0).standard_normal(20).astype(np.float32)
    whole, half = log.Window(), log.Window()
    for value in values:
        whole.add({"loss": value, "seconds": float(value)})
    for value in values[:7]:
        half.add({"loss": value, "seconds": float(value)})
    resumed = log.Window(**json.loads(json.dumps(half.facts())))
    for value in values[7:]:
        resumed.add({"loss": value, "seconds": float(value)})
    assert resumed.facts() == whole.facts() and resumed.means() == whole.means()
    assert whole.means()["loss"] != whole.means()["seconds"]
