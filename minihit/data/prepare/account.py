"""What became of every file of a source, in one line, so that nothing is left out silently."""

from collections import Counter

SHOWN = 8  # kinds or reasons in a line, the most frequent ones
CLOSED = 3  # folders in a line
NAMED = 3  # pictures in a line


def account(taken, skipped, passed, closed, listed=""):
    """One line, "" where everything was taken.

    taken: pictures; skipped: the reason of each that cannot be used; passed: kind -> files that were passed over;
    closed: folders that were not gone into, each with the reason; listed: where the skipped ones are named.
    """
    passed = +Counter(passed)
    if not (skipped or passed or closed):
        return ""
    parts = [f"{taken + len(skipped) + passed.total():,} files: {taken:,} taken"]
    parts += [f"{len(skipped):,} cannot be used{listed} ({_reasons(skipped)})"] if skipped else []
    parts += [f"{passed.total():,} passed over ({_kinds(passed)})"] if passed else []
    parts += [f"not looked into: {', '.join(closed[:CLOSED])}" + _more(len(closed) - CLOSED, "more")] if closed else []
    return "; ".join(parts)


def remarks(doubts):
    """Lines on pictures that were taken although they are not as they should be. doubts: (name, words) of each."""
    for words, count in Counter(words for _, words in doubts).most_common():
        names = sorted(name for name, said in doubts if said == words)  # threads found them
        shown = ", ".join(names[:NAMED]) + (" ..." if count > NAMED else "")
        yield f"{count:,} {'picture' if count == 1 else 'pictures'} {words} ({shown})"


def _reasons(skipped):
    common = Counter(skipped).most_common(SHOWN)
    words = [f'{"once" if count == 1 else f"{count:,} times"} "{reason}"' for reason, count in common]
    return ", ".join(words) + _more(len(skipped) - sum(count for _, count in common), "others")


def _kinds(passed):
    common = passed.most_common(SHOWN)
    words = [f"{count:,} {kind}" for kind, count in common]
    return ", ".join(words) + _more(passed.total() - sum(count for _, count in common), "others")


def _more(count, what):
    return f" and {count:,} {what}" if count > 0 else ""
