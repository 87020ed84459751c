"""What the tests of training share."""

import pytest

from minihit.data.faces.render import faces
from minihit.show.images import write_png
from minihit.training import pictures as drawing


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder of thirty pictures of 16 x 16. Not to be changed."""
    folder = tmp_path_factory.mktemp("pictures")
    for index, image in enumerate(faces(0, 0, 30, 16)):
        write_png(folder / f"{index:02d}.png", image)
    return str(folder)


@pytest.fixture
def curves():
    """Ask for it where a run's curves are to be drawn at its end."""


@pytest.fixture(autouse=True)
def no_curves(request, monkeypatch):
    """Drawing them takes longer than all steps of a small run."""
    if "curves" not in request.fixturenames:
        monkeypatch.setattr(drawing, "write_curves", lambda folder, panels: None)
