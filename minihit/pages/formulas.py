"""Formulas as they are typed in the chapters, `dx_i = p_i dp_i - sum_j dp_j p_j / s^2`, as MathML, which browsers draw
by themselves.

A formula is a row of factors, each an atom with what hangs on it: subscripts, powers, primes, a bracket right behind a
name. A slash makes a fraction of the two factors at its sides. A name of several letters is a word and stands upright.
"""

import re
from xml.etree import ElementTree

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "epsilon": "ε", "theta": "θ", "lambda": "λ", "mu": "μ", "pi": "π",
         "sigma": "σ", "phi": "φ", "Phi": "Φ", "psi": "ψ"}
SIGNS = {"*": "×", "-": "−", ".": "·", "<-": "←", "->": "→", ">=": "≥", "<=": "≤", "...": "…", "-=": "−=", "|": "∣",
         "x": "×"}
PAIRS = {"(": ")", "[": "]", "|": "|", "<": ">"}
SHOWN = {"<": "⟨", ">": "⟩"}                                              # where they are brackets
TALL = ("mfrac", "munder")                                               # brackets grow around these alone
WORDS = ("std", "max")                                                    # subscripts that are words, not three indices
TOKEN = re.compile(r"""(?P<space>\s+) | (?P<number>\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?)
    | (?P<times>(?<=\d[ ])x(?=[ ]\d)) | (?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*(?:_\{[^}]*\}|'s\b)?)
    | (?P<sign>\.\.\.|<-|->|>=|<=|[+\-]=|.)""", re.VERBOSE)


def math(text):
    """<math> of one formula; its source is what a screen reader says."""
    element = _element("math", *_row(_Tokens(text)))
    element.attrib |= {"displaystyle": "true", "aria-label": text}
    return ElementTree.tostring(element, encoding="unicode", short_empty_elements=False)


class _Tokens(list):
    """[(kind, text, whether a blank stands before it)], the next one last."""

    def __init__(self, text):
        gap, found = False, []
        for match in TOKEN.finditer(text):
            if match.lastgroup != "space":
                found.append((match.lastgroup, match[0], gap))
            gap = match.lastgroup == "space"
        super().__init__(found[::-1])

    def ahead(self, *texts, place=-1):
        """Whether the next token is one of these and touches what is before it."""
        return len(self) >= -place and self[place][1] in texts and not self[place][2]


def _row(tokens, until=None):
    """Elements of all tokens before the bracket `until`, or the end."""
    out = []
    while tokens and tokens[-1][1] != until:
        _, text, gap = tokens[-1]
        if text == "/" and out and out[-1].tag != "mo":
            tokens.pop()
            out[-1] = _element("mfrac", _bare(out[-1]), _bare(_factor(tokens)))
            continue
        made = _factor(tokens)
        if gap and out and out[-1].tag != "mo" != made.tag:
            out.append(_element("mspace", width="0.3em"))
        out.append(made)
    return out


def _factor(tokens):
    if not tokens:
        return _element("mrow")
    kind, text, _ = tokens.pop()
    if kind == "number":
        made = _leaf("mn", text)
        touches = tokens and tokens[-1][0] == "name" and not tokens[-1][2]
        return _element("mrow", made, _factor(tokens)) if touches else _hung(made, tokens)
    if kind == "name":
        return _named(text, tokens)
    if (text in PAIRS and tokens and not tokens[-1][2]) or text in ("(", "["):
        return _hung(_bracket(text, tokens), tokens)
    return _leaf("mo", SIGNS.get(text, text))


def _bracket(text, tokens):
    inner, closed = _element("mrow", *_row(tokens, PAIRS[text])), bool(tokens and tokens.pop())
    signs = [_leaf("mo", SHOWN.get(sign, sign)) for sign in (text, PAIRS[text])][:1 + closed]
    for sign in signs:
        sign.set("stretchy", str(any(part.tag in TALL for part in inner.iter())).lower())
    return _element("mrow", signs[0], inner, *signs[1:])


def _named(text, tokens):
    if text == "sqrt":
        return _element("msqrt", _bare(_factor(tokens)))
    if text == "a" and tokens and re.fullmatch("[a-z]{2,}", tokens[-1][1]):     # an article
        return _leaf("mtext", text)
    base, _, below = text.partition("_")
    if below == "hat":
        return _hung(_element("mover", _identifier(base), _leaf("mo", "^")), tokens)
    if below and not _is_index(base, below, tokens):
        return _hung(_leaf("mi", text), tokens)
    if base == "sum" and below and tokens and tokens[-1][0] != "sign":
        return _element("munder", _leaf("mo", "∑"), _below(below))
    made = _identifier(base)
    return _hung(_element("msub", made, _below(below)) if below else made, tokens)


def _is_index(base, below, tokens):
    """Whether an underscore stands before an index, not in the middle of a word such as log_v and to_rgb(...)."""
    short = len(below) <= 3 and not base.endswith("log") and not tokens.ahead("(")
    return len(base) == 1 or below.startswith("{") or short


def _identifier(base):
    """dx as d and x, beta1 as a letter and its index, anything longer as a word."""
    head, digits = re.fullmatch(r"(.*?)(\d*)", base).groups()
    letters = head[1:] if head[:1] == "d" and (head[1:] in GREEK or len(head) == 2) else head
    if letters not in GREEK and len(letters) != 1:
        return _leaf("mi", base)
    made = _leaf("mi", GREEK.get(letters, letters))
    made = _element("msub", made, _leaf("mn", digits)) if digits else made
    return made if letters == head else _element("mrow", _leaf("mi", "d"), made)


def _below(text):
    """A subscript: a formula in braces, a word, or indices of a letter each."""
    if text.startswith("{"):
        return _element("mrow", *_row(_Tokens(text[1:-1])))
    if len(text) > 3 or text in WORDS:
        return _leaf("mi", text)
    return _element("mrow", *(_leaf("mn" if letter.isdigit() else "mi", letter) for letter in text))


def _hung(made, tokens):
    """An atom with the primes, powers and brackets that touch it."""
    while tokens.ahead("'", "^", "(", "["):
        _, text, _ = tokens.pop()
        if text == "'":
            primes = 1
            while tokens.ahead("'"):
                primes += bool(tokens.pop())
            made = _element("msup", made, _leaf("mo", "′" * primes))
        elif text in PAIRS:
            made = _element("mrow", made, _bracket(text, tokens))
        elif not tokens or tokens[-1][2] or (tokens[-1][0] == "sign" and tokens[-1][1] != "("):
            made = _element("mover", made, _leaf("mo", "^"))
        else:
            made = _element("msup", made, _power(tokens))
    return made


def _power(tokens):
    kind, text, _ = tokens.pop()
    return _bare(_bracket(text, tokens)) if text == "(" else _leaf("mn" if kind == "number" else "mi", text)


def _bare(made):
    """A factor without brackets around it, as the bar of a fraction needs none."""
    return made[1] if made.tag == "mrow" and len(made) == 3 and made[0].text == "(" else made


def _element(tag, *children, **attributes):
    element = ElementTree.Element(tag, attributes)
    element.extend(children)
    return element


def _leaf(tag, text):
    element = ElementTree.Element(tag)
    element.text = text
    return element
