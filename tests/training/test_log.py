import numpy as np

from minihit.training import log


def test_records_come_back(tmp_path):
    path = tmp_path / "log.jsonl"
    log.append(path, {"step": 1, "loss": 0.5})
    log.append(path, {"step": 2, "loss": 0.25})
    assert log.read(path) == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]


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


def test_a_window_averages_and_starts_again():
    window = log.Window()
    window.add({"a": np.float32(1.0)})
    window.add({"a": np.float32(2.0)})
    assert window.means() == {"a": 1.5}
    window.add({"a": np.float32(5.0)})
    assert window.means() == {"a": 5.0}
