"""The page of the letters of axes and of every word that a chapter introduces: what it says there, and where."""

import re
from html import escape

from minihit.pages import layout, prose
from minihit.pages.address import of_chapter

LETTERS = (
    ("B", "images of a batch"), ("H, W", "rows and columns of pixels"), ("C, C'", "channels, and those of the output"),
    ("G", "windows that an image is cut into"), ("P", "pixels of a window"), ("N", "heads of attention"),
    ("K", "heads of keys and values, 1 or N; beside Q: how many keys"), ("Q", "queries"),
    ("D", "values of a head, C / N"), ("T", "latent tokens"), ("C0", "channels of the tokens and of the first stage"),
    ("S", "images of a group, in minibatch standard deviation"), ("k", "side of a kernel"),
    ("...", "any axes, each entry of which is treated alike"),
)
STRESS = {"added", "and", "both", "checked", "full", "held fixed", "inside", "is", "itself", "not", "nothing", "one",
          "outside", "read", "sum", "trains", "turned around", "of the batch", "x of the forward pass"}
STRESSED = re.compile(r"(?<![\w*`])\*(?=\S)([^*`]+?)\*(?![\w*])")
BETWEEN = re.compile(r"(?<=[.?])\s+(?=[A-Z*`])")
BODY = """\
<h1>Letters and words</h1>
<h2>Letters of axes</h2>
<p>A shape such as (B, H, W, C) names the axes of an array in order.</p>
<table class="letters">{letters}</table>
<h2>Words</h2>
<p>Each as the chapter says it that introduces it.</p>
<dl>{words}</dl>"""


def page(chapters):
    """({address: HTML}) of the words of [(Chapter, notebook)]."""
    letters = "".join(f"<tr><th scope=\"row\">{letter}</th><td>{means}</td></tr>" for letter, means in LETTERS)
    context = prose.Context({}, lambda formula: [], "", [])
    rows = [f'<dt id="{escape(word.lower().replace(" ", "-"))}">{escape(word)}</dt><dd>{prose.html(says, context)}'
            f'<p class="about"><a href="{of_chapter(chapter)}">chapter {chapter.number}, {chapter.title}</a></p></dd>'
            for word, says, chapter in sorted(introduced(chapters), key=lambda row: row[0].lower())]
    body = BODY.format(letters=letters, words="".join(rows))
    return {"words.html": layout.page("Letters and words - minihit", body, "words.html")}


def introduced(chapters):
    """[(word, sentence, Chapter)]: what is set in italics for the first time, where it is a word and no mere stress."""
    found = {}
    for chapter, notebook in chapters:
        for paragraph in (part for cell in notebook.cells if cell.cell_type == "markdown"
                          for part in cell.source.split("\n\n") if not part.startswith(("    ", "#", "|"))):
            for sentence in BETWEEN.split(" ".join(paragraph.split())):
                for word in STRESSED.findall(sentence):
                    if word.lower() not in STRESS and word[-1] not in ".?":
                        found.setdefault(word.lower(), (word, sentence, chapter))
    return list(found.values())
