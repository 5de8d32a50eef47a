"""Metrics that stand in the outputs of code cells."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.evidence import numbers
from grader.evidence.headings import Line, lines
from grader.evidence.naming import TaskNames
from grader.evidence.printed import Finding, is_table_header, scan
from grader.evidence.readings import Reading, readings
from grader.evidence.tables import Table, columns, html_tables, piped
from grader.model import CellRun, Lab, Output, Reported, Submission

Source = Literal["saved", "rerun"]
