"""Patterns are compiled late: a malformed one would show in front of a student, not here."""

import gc
import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

import grader
from grader.patterns import _Later, regex


def test_every_pattern_there_is_can_be_compiled() -> None:
    for module in walk_packages(grader.__path__, "grader."):
        if not module.name.startswith(("grader.execute.guest", "grader.__main__")):
            import_module(module.name)
    patterns = [each for each in gc.get_objects() if type(each) is _Later]
    assert len(patterns) > 400
    for pattern in patterns:
        assert isinstance(pattern.flags, int)


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    found = regex(r"(?P<word>[a-z]+)", re.IGNORECASE)
    assert found.pattern == r"(?P<word>[a-z]+)"
    assert [each["word"] for each in found.finditer("One two")] == ["One", "two"]
    assert found.sub("-", "a b", count=1) == "- b"
    assert found.fullmatch("a1") is None


def test_a_malformed_pattern_is_found_out_at_its_first_use() -> None:
    malformed = regex("(")
    with pytest.raises(re.error):
        malformed.search("")
