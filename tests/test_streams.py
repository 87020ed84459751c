import errno
import io
import os
import sys
from contextlib import suppress

import pytest
from tqdm import tqdm

from minihit.streams import lasting


class Refusing(io.RawIOBase):
    """A file that takes nothing, for want of space."""

    def writable(self):
        return True

    def write(self, content):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("say", [lambda: print("a", flush=True), lambda: print("a" * 100_000), lambda: tqdm.write("a"),
                                 lambda: list(tqdm(range(3))), lambda: print("a", file=sys.stderr)],
                         ids=["print", "long", "write", "bar", "stderr"])
def test_what_a_stream_refuses_is_kept_and_not_raised(monkeypatch, say):
    refusing = io.TextIOWrapper(io.BufferedWriter(Refusing()), encoding="utf-8", line_buffering=True)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, refusing)
    with lasting() as out:
        err = sys.stderr
        for _ in range(3):
            say()
    assert errno.ENOSPC in {getattr(stream.refusal, "errno", None) for stream in (out, err)}
    assert sys.stdout is refusing
    with suppress(OSError):
        refusing.close()


@pytest.mark.parametrize("say", [lambda: print("a"), lambda: tqdm.write("a"), lambda: list(tqdm(range(3)))])
def test_a_stream_that_is_not_there_takes_everything(monkeypatch, say):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with lasting() as out:
        say()
    assert out.refusal is None and sys.stdout is None


def test_a_stream_that_was_closed_takes_everything(monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    with lasting() as out:
        print("a")
    assert isinstance(out.refusal, ValueError)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_characters_that_an_encoding_lacks_are_spelt_out(monkeypatch, encoding):
    bytes_ = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_, encoding=encoding))
    with lasting():
        print("kaputt_\udcfc", "写" if encoding != "utf-8" else "\\u5199")
    assert bytes_.getvalue().decode(encoding).split() == ["kaputt_\\udcfc", "\\u5199"]


def test_what_is_said_still_arrives(capsys):
    with lasting(), lasting():
        print("out")
        print("err", file=sys.stderr)
        tqdm.write("bar")
    assert capsys.readouterr() == ("out\nbar\n", "err\n")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_file_gets_the_number_of_a_closed_stream(number, tmp_path):
    kept = os.dup(number)
    try:
        os.close(number)
        with lasting(), open(tmp_path / "file", "w") as file:
            assert file.fileno() > 2
    finally:
        os.dup2(kept, number)
        os.close(kept)
