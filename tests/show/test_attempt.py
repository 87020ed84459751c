import pytest

from minihit.errors import UserError
from minihit.show.attempt import attempt


def write_faces(error):
    if error:
        raise error


@pytest.mark.parametrize("error", [RuntimeError("no LaTeX\nfound"), ImportError("x"), MemoryError(), KeyError("a")])
def test_a_picture_that_fails_is_one_line(capsys, error):
    attempt(write_faces, error)
    out = capsys.readouterr().out
    assert out.startswith(f"faces could not be drawn and all else goes on ({type(error).__name__}")
    assert out.count("\n") == 1


def test_a_picture_that_is_drawn_is_not_spoken_of(capsys):
    attempt(write_faces, None)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", [UserError("the disk is full"), KeyboardInterrupt()])
def test_what_its_user_can_put_right_is_raised(error):
    with pytest.raises(type(error)):
        attempt(write_faces, error)
