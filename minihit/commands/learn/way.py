"""minihit learn: a line for each chapter, with the state of its exercise."""

from minihit.errors import UserError
from minihit.learn import grade
from minihit.learn.syllabus import CHAPTERS

ROW = "{:>2}  {:<33} {}"


def show():
    """Print the way, each exercise graded as it stands, and what comes next."""
    following = None
    for chapter in CHAPTERS:
        found = grade.file_of(chapter) if chapter.exercise else None
        state = state_of(chapter, found)
        print(ROW.format(chapter.number, chapter.title, state).rstrip(), flush=True)
        if following is None and found and state != "right":
            following = chapter, found
    print("\n" + next_step(following))
    return 0


def state_of(chapter, path):
    """How far an exercise is, in words."""
    if chapter.exercise is None:
        return ""
    if path is None:
        return "no exercise here"
    try:
        verdicts = grade.grade(chapter, path)
    except UserError as refusal:
        return f"cannot be run: {refusal}"
    right = sum(verdict.right for verdict in verdicts)
    if right == len(verdicts):
        return "right"
    written = sum(not verdict.unwritten for verdict in verdicts)
    return f"{right} of {len(verdicts)} parts right" if written else "not begun"


def next_step(following):
    if following is None and not any(grade.file_of(chapter) for chapter in CHAPTERS if chapter.exercise):
        return "The exercises are in tutorials/exercises/ of minihit's repository: go there to begin."
    if following is None:
        return "All exercises are right. Train on faces with your own layers: minihit learn train"
    chapter, path = following
    return f"Next: read tutorials/{chapter.file}, write {path}, then minihit learn check {chapter.number}"
