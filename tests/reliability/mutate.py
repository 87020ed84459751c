"""Damage, drawn by Hypothesis: to the bytes of a file, to the members of an archive, to the values of JSON."""

import io
import json
import zipfile

import numpy as np
from hypothesis import strategies as st


def damaged(content):
    """Bytes of any kind, or these with some of them changed, cut out, put in or said twice."""
    changed = st.lists(_edits(), min_size=1, max_size=4).map(lambda edits: _apply(edits, content))
    return changed | st.binary(max_size=200)


def _edits():
    place = st.floats(0, 1)
    return st.one_of(
        st.tuples(st.just(_flip), place, st.integers(0, 7)),
        st.tuples(st.just(_cut), place, st.integers(1, 400)),
        st.tuples(st.just(_end), place, st.none()),
        st.tuples(st.just(_insert), place, st.binary(min_size=1, max_size=20)),
        st.tuples(st.just(_overwrite), place, st.binary(min_size=1, max_size=20)),
        st.tuples(st.just(_repeat), place, st.integers(1, 400)),
    )


def _apply(edits, content):
    for edit, place, what in edits:
        content = edit(content, int(place * len(content)), what)
    return content


def _flip(content, at, bit):
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1:] if at < len(content) else content


def _cut(content, at, count):
    return content[:at] + content[at + count:]


def _end(content, at, _):
    return content[:at]


def _insert(content, at, new):
    return content[:at] + new + content[at:]


def _overwrite(content, at, new):
    return content[:at] + new + content[at + len(new):]


def _repeat(content, at, count):
    return content[:at + count] + content[at:]


@st.composite
def archives(draw, content):
    """The bytes of an .npz file whose members were exchanged, renamed, doubled, packed or given other arrays."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info), zipfile.ZIP_STORED) for info in archive.infolist()]
    for _ in range(draw(st.integers(1, 3))):
        members = draw(st.sampled_from(_RECASTS))(draw, members)
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, array, method in members:
            archive.writestr(name, array, method)
    return changed.getvalue()


def _places(draw, members, count=1):
    return [draw(st.integers(0, len(members) - 1)) for _ in range(count)]


def _exchange(draw, members):
    i, j = _places(draw, members, 2)
    (a, *first), (b, *second) = members[i], members[j]
    return _with(_with(members, i, (a, *second)), j, (b, *first))


def _rename(draw, members):
    i, = _places(draw, members)
    _, array, method = members[i]
    name = draw(st.sampled_from(["../x.npy", "/x.npy", "C:\\x.npy", "x", "header.npy", members[0][0], "a/" * 99]))
    return _with(members, i, (name, array, method))


def _double(draw, members):
    return [*members, members[_places(draw, members)[0]]]


def _drop(draw, members):
    i, = _places(draw, members)
    return members[:i] + members[i + 1:] or members


def _pack(draw, members):
    i, = _places(draw, members)
    return _with(members, i, (*members[i][:2], draw(st.sampled_from([8, 12, 14]))))     # deflate, bzip2, LZMA


def _bomb(draw, members):
    i, = _places(draw, members)
    zeros = with_header(bytes(2**25), "<f4", (2**23,))
    return _with(members, i, (members[i][0], zeros, zipfile.ZIP_DEFLATED))


def _claim(draw, members):
    """A header that promises another array than what follows it."""
    i, = _places(draw, members)
    shape = draw(st.sampled_from([(10**6, 10**6), (-1,), (0,), (), (2**62, 4), (1.5,), "x", None]))
    kind = draw(st.sampled_from(["<f4", "|O", "<U400000000", "|V9", "<M8[s]", ">f4", "<f8", "nonsense", ["<f4"], None]))
    return _with(members, i, (members[i][0], with_header(members[i][1][128:], kind, shape), members[i][2]))


def _array(draw, members):
    i, = _places(draw, members)
    array, content = draw(st.sampled_from(_ARRAYS)), io.BytesIO()
    np.save(content, array)
    return _with(members, i, (members[i][0], content.getvalue(), members[i][2]))


def _damage(draw, members):
    i, = _places(draw, members)
    return _with(members, i, (members[i][0], draw(damaged(members[i][1])), members[i][2]))


_RECASTS = (_exchange, _rename, _double, _drop, _pack, _bomb, _claim, _array, _damage)
_ARRAYS = (np.zeros(3), np.float32(1), np.array([{}, None]), np.array("{}"), np.array("[" * 99_999),
           np.array("1" * 9999), np.array('{"format": "minihit checkpoint 1", "step": -1}'), np.zeros((0, 5), "f4"))


def _with(members, i, member):
    return [*members[:i], member, *members[i + 1:]]


def with_header(data, kind, shape):
    """The bytes of a .npy file with this header."""
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 70), st.sampled_from([2**31, 2**63, 10**12, 10**400]), st.floats(),
    st.text(max_size=5), st.sampled_from(["layer", "grid", "faces", "../..", "\0", "x" * 300]),
    st.lists(st.integers(-1, 9) | st.none() | st.text(max_size=2), max_size=4),
    st.builds(dict), st.builds(lambda: [[[]]]),  # new ones: they are changed
)


@st.composite
def json_texts(draw, text):
    """JSON with some values exchanged, dropped or added, or damaged as bytes."""
    if draw(st.booleans()):
        return draw(damaged(text.encode()))
    values = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        _change(draw, values)
    return json.dumps(values).encode()


def _change(draw, values):
    parent = values
    while True:
        keys = list(parent) if isinstance(parent, dict) else range(len(parent))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        if not isinstance(parent[key], (dict, list)) or draw(st.booleans()):
            break
        parent = parent[key]
    match draw(st.sampled_from(["exchange", "drop", "add"])):
        case "exchange":
            parent[key] = draw(_VALUES)
        case "drop":
            del parent[key]
        case "add" if isinstance(parent, dict):
            parent[draw(st.text(max_size=3))] = draw(_VALUES)
