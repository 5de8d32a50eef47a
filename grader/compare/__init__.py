"""Put the five values of every metric side by side, and say what follows."""

from grader.compare.reference import record
from grader.compare.table import compare
from grader.compare.verdict import interval, rounds_to

__all__ = ["compare", "interval", "record", "rounds_to"]
