"""What all pages share: head, a line of links with the search, and the way on to the next page."""

from html import escape

from minihit.pages.address import home_of

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="{home}style.css">
<script defer src="{home}search.js" data-home="{home}"></script>
</head>
<body>
<header>
<nav aria-label="Site"><a href="{home}index.html">minihit</a> <a href="{home}words.html">words</a>
<a href="{home}source.html">source</a></nav>
<div class="search" role="search"><input type="search" id="search" placeholder="Search, or press /" aria-label="Search"
 aria-controls="found" autocomplete="off"><ol id="found" hidden></ol></div>
</header>
<main>
{body}
</main>
{onward}
</body>
</html>
"""


def page(title, body, address, before=None, after=None):
    """HTML of a page at an address as from the site's root; before, after: (title, address) of its neighbours."""
    home = home_of(address)
    links = [f'<a rel="{rel}" href="{home}{to[1]}"><span>{word}</span> {escape(to[0])}</a>'
             for rel, word, to in [("prev", "Previous", before), ("next", "Next", after)] if to]
    onward = f'<footer><nav aria-label="Chapters">{"".join(links)}</nav></footer>' if links else ""
    return PAGE.format(title=escape(title), home=home, body=body, onward=onward)
