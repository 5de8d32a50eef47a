"""Put the five values of every metric side by side, and say what follows.

``reference`` makes the record of the staff's runs, ``checking`` compares records and runs with
one another. They bring numpy and more, so they are imported where they are used.
"""

from grader.compare.present import Present
from grader.compare.table import compare
from grader.compare.verdict import interval, rounds_to

__all__ = ["Present", "compare", "interval", "rounds_to"]
