"""The arrays and the facts in a .npz file, of which nothing is believed before it is looked at: no pickles, no
compression, no more memory than the file is long.

    with zipfile.ZipFile(path) as archive:
        found = members(archive)
        facts, weights = read_facts(archive, found), read(archive, found.get("weights"), fits)

What is wrong with a file makes zipfile and NumPy raise nearly anything: whoever opens it says what that means.
"""

import json
import math
import zipfile

import numpy as np

HEADER = "header"                                                         # the array that holds facts as JSON
_FACTS = 2**20                                                            # bytes that a header never has


def header(facts):
    """Facts that JSON can hold as the array that read_facts takes them from."""
    return np.array(json.dumps(facts))


def members(archive):
    """{array's name: ZipInfo}. Raises ValueError for what savez does not write, a name twice or compression."""
    infos = archive.infolist()
    found = {info.filename.removesuffix(".npy"): info for info in infos}
    if len(found) < len(infos) or any(info.compress_type != zipfile.ZIP_STORED for info in infos):
        raise ValueError("savez writes every name once and does not compress")
    return found


def read_facts(archive, found):
    """What the header says; None where there is no header, as in a foreign archive."""
    text = read(archive, found.get(HEADER),
                lambda shape, dtype: not shape and dtype.kind == "U" and dtype.itemsize < _FACTS)
    return None if text is None else json.loads(text.item())


def read(archive, member, fits):
    """The array of a member, read-only; None where there is none or fits(shape, dtype), asked before it is read, says
    no."""
    if member is None:
        return None
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("savez does not write such a header here")
        shape, turned, dtype = np.lib.format.read_array_header_1_0(file)
        if not fits(shape, dtype):
            return None
        content = file.read(math.prod(shape) * dtype.itemsize + 1)        # to the end, where the checksum is compared
    return np.frombuffer(content, dtype).reshape(shape, order="F" if turned else "C")
