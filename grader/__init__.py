"""Grade ML lab notebooks by what they really evaluated.

A submission passes through seven stages, always in this order:

    intake -> execute -> evidence -> compare -> detect -> score -> report

Each stage is a package of the same name, takes the artifact of the stage
before it, and returns a new frozen artifact. The artifacts are in
``grader.model``; the order is in ``grader.pipeline``.
"""

__version__ = "0.1.0"
