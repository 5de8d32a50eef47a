"""The source graph of a notebook: what flows into what, without running anything.

``build`` walks the code cells in order like an interpreter that knows no values: every
expression becomes a node, every name stands for the node that last bound it, both sides of a
branch are followed and meet in a ``phi``, what a loop changes flows back into its next round,
and the notebook's own functions are inlined where they are called.

Beside the forms of Python the graph has these operations: ``phi`` (one of several values, with
the test that chose), ``iter`` (one item of an iterable), ``store`` (the new version of a
container after ``d[key] = value`` or ``a.name = value``), ``new`` (an object as its
``__init__`` sees it), ``predict`` (what a trainer hands to ``compute_metrics``). A method that
changes its receiver, such as ``append``, is itself the new version of the variable.

    magics        IPython cell -> Python
    knowledge     what the libraries' names mean
    draft         nodes while they grow
    flow          names, scopes, branches, loops
    recognise     tags, splits and limits
    expressions, calls, statements
    scorings      what is compared with what, and how many rows arrive there
"""

from grader.evidence.source.magics import parse
from grader.evidence.source.scorings import with_scorings
from grader.evidence.source.walk import Walk
from grader.model import Cell, SourceGraph, Submission, Unparsed

__all__ = ["build"]

LONGEST = 1_000_000
"""Characters of a cell beyond which it is not parsed: it holds data, not work."""


def build(submission: Submission) -> SourceGraph:
    """Read the code cells of a notebook as one def-use graph.

    Cells that are not Python are left out and listed in ``unparsed``. Nothing is executed and
    nothing raised, whatever the cells hold.
    """
    walk = Walk()
    unparsed = []
    for cell in submission.code_cells:
        problem = _follow(walk, cell)
        if problem is not None:
            unparsed.append(problem)
    walk.finish_routines()
    return with_scorings(walk.graph(tuple(unparsed)), walk.lengths())


def _follow(walk: Walk, cell: Cell) -> Unparsed | None:
    if len(cell.source) > LONGEST:
        return Unparsed(cell=cell.index, line=1, reason=f"longer than {LONGEST:,} characters")
    try:
        tree = parse(cell.source)
    except SyntaxError as error:
        return Unparsed(cell=cell.index, line=error.lineno or 1, reason=error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return Unparsed(cell=cell.index, line=1, reason=str(error) or type(error).__name__)
    if tree is not None:
        walk.cell_code(cell.index, tree)
    return None
