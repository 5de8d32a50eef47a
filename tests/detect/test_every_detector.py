"""What must be true of every detector, however many there are."""

import re
from pathlib import Path

import pytest

from grader.detect import Detector, detect, load_detectors
from grader.detect import rules as rules_package
from grader.detect.api import FAMILIES
from grader.languages import in_language
from grader.model import SEVERITIES, EvidenceKind
from tests.detect import spec

SPECS = Path(__file__).parent / "specs"
SECTION = re.compile(r"^## (?P<title>.+?)\n(?P<body>.*?)(?=^## |\Z)", re.M | re.S)
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
SECTIONS = ["Why it matters", "Example", "Use instead", "Verdict", "Known limits", "Source"]
ALL = pytest.mark.parametrize("each", load_detectors(), ids=lambda each: each.name)


def sections(each: Detector) -> dict[str, str]:
    return {found["title"]: found["body"].strip() for found in SECTION.finditer(each.explanation)}


def codes_found_in(text: str, each: Detector) -> set[str]:
    example = spec.read(text)
    assert example.cells, f"{each.name}: the example holds no cell"
    detection = detect(example.case(), [each])
    assert [one.reason for one in detection.unassessed if "Error:" in one.reason] == []
    return {finding.code for finding in detection.findings}


def without_headings_in_fences(text: str) -> str:
    return FENCE.sub(lambda found: found[0].replace("\n#", "\n "), text)


def test_every_rule_file_holds_one_detector() -> None:
    files = {path.stem for path in Path(rules_package.__path__[0]).glob("*.py")} - {"__init__"}
    assert {each.name.replace("-", "_") for each in load_detectors()} == files


def test_codes_and_names_are_unique() -> None:
    detectors = load_detectors()
    assert len({each.code for each in detectors}) == len(detectors)
    assert len({each.name for each in detectors}) == len(detectors)


@ALL
def test_code_and_name_are_spelled_alike(each: Detector) -> None:
    assert re.fullmatch(r"[A-Z]{3}\d{3}", each.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", each.name)


@ALL
def test_explains_itself(each: Detector) -> None:
    found = sections(each)
    assert list(found) == SECTIONS
    assert all(found.values())
    assert each.summary.endswith(".")
    assert each.why


@ALL
def test_has_the_facts_it_is_listed_with(each: Detector) -> None:
    assert each.severity in SEVERITIES
    assert each.family in FAMILIES.values()
    assert each.follows <= {other.name for other in load_detectors()} - {each.name}


@ALL
def test_what_it_says_can_be_said_in_other_languages(each: Detector) -> None:
    found = detect(spec.read(sections(each)["Example"]).case(), [each]).findings
    assert found
    for one in found:
        assert {name for name, _ in one.wordings} == {"message", "measured", "remedy", "sure"}
        for language in ("fr", "zh"):
            told = in_language(one, language)
            assert told.message != one.message
            assert told.remedy != one.remedy


@ALL
def test_asks_for_evidence(each: Detector) -> None:
    assert each.requires
    assert each.missing(frozenset(EvidenceKind)) == frozenset()


@ALL
def test_spec_shows_it_speaking_and_silent(each: Detector) -> None:
    text = (SPECS / f"{each.name}.md").read_text(encoding="utf-8")
    cases = SECTION.findall(without_headings_in_fences(text))
    speaking = [title for title, body in cases if f"finding: {each.code}" in body]
    assert 0 < len(speaking) < len(cases)


@ALL
def test_documented_example_is_found(each: Detector) -> None:
    assert codes_found_in(sections(each)["Example"], each) == {each.code}


@ALL
def test_documented_cure_is_silent(each: Detector) -> None:
    assert codes_found_in(sections(each)["Use instead"], each) == set()
