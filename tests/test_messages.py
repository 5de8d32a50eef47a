"""Findings are told in every language, with the same values in them."""

import re

import pytest

from grader.languages import said
from grader.model import say, say_many
from tests import messages

NAME = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module", params=messages.TRANSLATED)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def names(texts: object) -> list[set[str]]:
    several = texts if isinstance(texts, tuple | list) else [texts]
    return [set(NAME.findall(str(each))) for each in several]


def test_every_sentence_is_translated(language: str) -> None:
    assert messages.missing(language) == []


def test_nothing_is_translated_that_nobody_says(language: str) -> None:
    known = {each if isinstance(each, str) else each[0] for each in messages.messages()}
    entries = [each for each in messages.catalogue(language) if each.id]
    ids = [each.id if isinstance(each.id, str) else each.id[0] for each in entries]
    assert set(ids) - known == set()


def test_a_translation_names_the_values_of_the_sentence(language: str) -> None:
    for each in messages.catalogue(language):
        if each.id:
            wanted = set().union(*names(each.id))
            assert all(found <= wanted for found in names(each.string)), each.id
            assert names(each.string)[-1] >= names(each.id)[-1], each.id


def test_what_is_compiled_is_what_is_written(language: str) -> None:
    compiled = messages.path(language, ".mo").read_bytes()
    assert compiled == messages.compiled(language), "run `make messages`"


def test_counts_are_written_as_the_language_does() -> None:
    wording = say_many("{n} image of {whole}", "{n} images of {whole}", 2000, whole="x {n}")
    assert str(wording) == "2,000 images of x {n}"
    assert said(wording, "fr") == "2\u202f000 images of x {n}"


def test_braces_of_a_notebook_are_left_alone() -> None:
    assert str(say("{code} and {unknown}", code="{n!r} {0}")) == "{n!r} {0} and {unknown}"
