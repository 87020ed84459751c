"""Do all links of a folder of pages lead somewhere? Files and anchors; what is on the network is not asked."""

import re
from collections import Counter
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

TAG = re.compile(r"<\w[^>]*>")                                           # in text, a "<" is written otherwise
ATTRIBUTE = re.compile(r' (href|src|id)="([^"]*)"')


class _Page(NamedTuple):
    """What a page points to, and the places in it, each as often as it is there."""

    targets: list
    anchors: Counter


def _read(path):
    found = [(name, unescape(value)) for tag in TAG.findall(path.read_text(encoding="utf-8"))
             for name, value in ATTRIBUTE.findall(tag)]
    anchors = Counter(value for name, value in found if name == "id")
    return _Page([value for name, value in found if name != "id"], anchors)


def broken(folder):
    """(how many links there are, ["PAGE: TARGET, why"]) of the pages below a folder."""
    folder = Path(folder).resolve()
    pages = {path: _read(path) for path in sorted(folder.rglob("*.html"))}
    faults = [f"{path.relative_to(folder)}: {target}, {why}" for path, page in pages.items()
              for target in page.targets for why in [_fault(path, target, folder, pages)] if why]
    faults += [f"{path.relative_to(folder)}: #{anchor}, twice" for path, page in pages.items()
               for anchor, count in page.anchors.items() if count > 1]
    return sum(len(page.targets) for page in pages.values()), faults


def _fault(path, target, folder, pages):
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return "leads out of the site"
    file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not file.is_relative_to(folder) or not file.is_file():
        return "no such file"
    if parts.fragment and file in pages and unquote(parts.fragment) not in pages[file].anchors:
        return "no such place in it"
    return None
