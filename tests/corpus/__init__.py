"""Notebooks for measuring the detectors: honest ones, and mutants with one planted flaw each.

An honest notebook is written down as ``<lab>/<name>.txt``: YAML about it, then its cells. Text
cells hold no scores but holes for them, e.g. ``{{clip.accuracy:%}}``, so that the text always
says what was printed. ``python -m tests.corpus refresh`` runs it in the sandbox on the tiny
assets and writes ``<name>.ipynb``, the file a student would hand in.

The YAML names pieces of the source, its anchors, that stand in the code once: where the test
data are read (``data``, and ``train`` for the same of the training split), the variables of
labels and predictions, the first line of the metrics (``at``), the call of the model, and so on.
The file handed in shows nothing of them. A mutator of ``mutators`` writes other source in the
place of an anchor, or edits what was saved, and has a proof that its flaw is there: ``stated``
looks at the files, ``measured`` at the numbers that the mutant prints.

The aim is one flaw and no second one by accident:

- A mutant whose code was changed prints other numbers. It carries the outputs of its own run,
  kept in ``outputs/<lab>.json`` (``python -m tests.corpus mutants`` runs what is not known yet),
  and its text is filled with the numbers of those outputs. So nothing in it is stale, neither
  judged as it is nor after a run: the sandbox seeds every run, and a second run prints the same.
- Where that run is not known, it carries no outputs at all and its text makes no claim: sentences
  with a hole are left out. This is a notebook handed in without outputs, and the flaw is in its
  code.
- A mutant whose flaw is in what was saved or written keeps the code. Where it is a saved number,
  the text repeats it. A run then prints the honest number, which is a consequence of the same
  flaw: ``also`` of its mutator names the detectors that may report one.

``mutants()`` gives the same mutants in the same order every time; of each mutator at most
``most``, spread over the notebooks.
"""

from tests.corpus.mutants import Mutant, mutants
from tests.corpus.mutators import MUTATORS, Mutator, Site
from tests.corpus.notebooks import LABS, Cell, Notebook, honest

__all__ = ["LABS", "MUTATORS", "Cell", "Mutant", "Mutator", "Notebook", "Site", "honest", "mutants"]
