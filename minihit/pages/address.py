"""Which page of the site shows what, as from the site's root."""

import re


def of_chapter(chapter):
    return chapter.file.replace(".py", ".html")


def of_place(place):
    """The page of a source file, at a line."""
    return f"{of_file(place.file)}#L{place.line}"


def of_file(file):
    return f"source/{file}.html"


def home_of(page):
    """The way from a page back to the root."""
    return "../" * page.count("/")


def slug(title, taken=()):
    """An anchor for a heading, unlike those that are taken."""
    base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "part"
    slugs = (base if number == 1 else f"{base}-{number}" for number in range(1, 1000))
    return next(name for name in slugs if name not in taken)
