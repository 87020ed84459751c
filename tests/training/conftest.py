"""What the tests of training share."""

import pytest

from minihit.data.faces.render import faces
from minihit.show.images import write_png


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder of thirty pictures of 16 x 16. Not to be changed."""
    folder = tmp_path_factory.mktemp("pictures")
    for index, image in enumerate(faces(0, 0, 30, 16)):
        write_png(folder / f"{index:02d}.png", image)
    return str(folder)
