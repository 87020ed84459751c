"""Of a notebook only its JSON is read, and of its code only what is Python is kept, line by line."""

import json

import pytest

from minihit.errors import UserError
from minihit.gradcheck.notebook import code_cells, python


def test_code_cells_are_found_in_their_order_and_others_left_out():
    cells = [{"cell_type": "code", "source": ["a = 1\n", "b = 2"], "outputs": [{"data": "x"}], "execution_count": None},
             {"cell_type": "markdown", "source": "# text"}, {"cell_type": "raw", "source": "raw"},
             {"cell_type": "code", "source": "c = 3"}, {"cell_type": "code", "source": []}]
    assert code_cells(json.dumps({"cells": cells}).encode(), "it") == ["a = 1\nb = 2", "c = 3", ""]


@pytest.mark.parametrize("content", [
    b"", b"not JSON", b"[]", b"3", b"null", b"{}", b'{"worksheets": []}', b'{"cells": 3}', b'{"cells": [3]}',
    b'{"cells": [{"cell_type": "code"}]}', b'{"cells": [{"cell_type": "code", "source": 3}]}',
    b'{"cells": [{"cell_type": "code", "source": [3]}]}', b"\xff\xff\xff", b"[" * 100_000,
])
def test_what_is_no_notebook_is_one_sentence(content):
    with pytest.raises(UserError, match=r"^it.ipynb is no notebook in Jupyter's format 4: save it"):
        code_cells(content, "it.ipynb")


@pytest.mark.parametrize("source, kept", [
    ("", ""),
    ("x = 1\n\ny = 2", "x = 1\n\ny = 2"),
    ("%matplotlib inline\nx = 1", "pass\nx = 1"),
    ("!pip install numpy\nx = 1", "pass\nx = 1"),
    ("!pip install \\\n  numpy \\\n  scipy\nx = 1", "pass\n\n\nx = 1"),
    ("!pip install \\", "pass"),
    ("x = 1\nx?", "x = 1\npass"),
    ("?print", "pass"),
    ("files = !ls\nt = %timeit -o f(x)", "pass\npass"),
    ("for i in x:\n    %time f(i)\n    !echo 'it", "for i in x:\n    pass\n    pass"),
    ("y = (7\n     % 4)\n%time y", "y = (7\n     % 4)\npass"),
    ('text = """\n%time\n"""', 'text = """\n%time\n"""'),
    ("%%time\nx = 1", "\nx = 1"),
    ("\n%%timeit -n 3\nx = 1\n%time x", "\n\nx = 1\npass"),
    ("%%capture out\nx = 1", "\nx = 1"),
    ("%%bash\nls | wc", ""),
    ("%%writefile mine.py\nx = 1", ""),
    ("# only words", "# only words"),
])
def test_magics_and_shell_lines_do_nothing(source, kept):
    assert python(source) == kept
    compile(kept, "cell", "exec")


@pytest.mark.parametrize("source", ["def f(:\n    pass", "x = (1\n\n2", "%time x\n  y = 1\n z = 2"])
def test_what_is_wrong_stays_wrong_at_its_line(source):
    kept = python(source)
    assert len(kept.splitlines()) == len(source.splitlines())
    with pytest.raises(SyntaxError):
        compile(kept, "cell", "exec")
