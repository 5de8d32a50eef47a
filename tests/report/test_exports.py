"""The files other programs read."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model import Results
from grader.report import results_document, schema
from grader.report.exports import grades_csv, results_json
from tests.report import sample_findings as facts
from tests.report import sample_results as sample

ALL = list(sample.every_outcome().values())


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_results_round_trip() -> None:
    document = results_document(ALL, facts.CONTEXT)
    text = results_json.text(ALL, facts.CONTEXT)
    assert json.loads(text)["schema"] == "grader/results/v1"
    assert Results.model_validate_json(text) == document


def test_unknown_is_null() -> None:
    rows = {
        row["student"]: row
        for row in json.loads(results_json.text(ALL, facts.CONTEXT))["submissions"]
    }
    assert rows["wigeon"]["score"] is None
    assert rows["wigeon"]["waiting"] == 100
    assert rows["heron"]["score"] == 55
    waiting = [each for each in rows["heron"]["criteria"] if each["points"] is None]
    assert {each["verdict"] for each in waiting} == {"needs-review"}


def test_the_schema_describes_what_is_written() -> None:
    described = schema()
    assert {"schema", "lab", "submissions"} <= set(described["properties"])
    written = json.loads(results_json.text(ALL[:1], facts.CONTEXT))
    assert set(written) == set(described["properties"])
    for part, definition in (("findings", "FindingRow"), ("comparisons", "ComparisonRow")):
        row = written["submissions"][0][part][0]
        assert set(row) == set(described["$defs"][definition]["properties"])


def test_the_gradebook_has_one_line_per_submission() -> None:
    text = grades_csv.text(ALL, facts.CONTEXT)
    assert text.endswith("\r\n")
    rows = rows_of(text)
    assert [row["student"] for row in rows] == [result.student for result in ALL]
    heron = rows[0]
    assert heron["score"] == "55"
    assert heron["vit-sample"] == "0"
    assert heron["numbers-agree"] == ""
    assert heron["needs_review"] == "true"
    assert heron["findings"] == "SMP001 OUT003 DAT005"
    unreadable = next(row for row in rows if row["outcome"] == "unreadable")
    assert unreadable["score"] == ""
    assert unreadable["max_score"] == "100"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "=HYPERLINK(a)", '"q",\r\nx'])
def test_a_spreadsheet_runs_no_cell(name: str) -> None:
    rows = rows_of(grades_csv.text([sample.honest(name)], facts.CONTEXT))
    assert len(rows) == 1
    assert not rows[0]["student"].startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=40))
def test_any_name_stays_one_field(name: str) -> None:
    rows = rows_of(grades_csv.text([sample.honest(name)], facts.CONTEXT))
    assert len(rows) == 1
    assert rows[0]["outcome"] == "graded"
    assert not rows[0]["student"].startswith(("=", "+", "-", "@", "\t"))
    assert json.loads(results_json.text([sample.honest(name)], facts.CONTEXT))
