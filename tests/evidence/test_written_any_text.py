"""The reader of text takes any text: offsets hold, nothing is raised, time grows with length."""

from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.written import Written, written
from tests import build

PIECES = st.sampled_from(
    [
        "accuracy", "Genauigkeit", "rappel", "准确率", "F1", " of ", "为", " de ", "0.8895",
        "88,95 %",
        "10 000 images", "2-3", " min", "|", "\n", "\n\n", "- ", "# ", "ViT", "CLIP ", ", ", "(~",
        "\uff18%", "\t0.5", "\t", '"', "“", "«", "'", "$", "`", "```\n", "<b>", "</b>",
        "[[1, 2], [3, 4]]", "±", " and ", "n = ", "1e-5", "…", "\ud800", "百分之", "²", "٣",
    ]
)  # fmt: skip
SENTENCES = {
    "en": "The accuracy of {model} is {value} % (n = {n}).",
    "fr": "L'exactitude de {model} est de {value} % (n = {n}).",
    "es": "La exactitud de {model} es del {value} % (n = {n}).",
    "de": "Die Genauigkeit von {model} beträgt {value} % (n = {n}).",
    "zh": "{model} 的准确率为 {value}%（n = {n}）。",  # noqa: RUF001 - as people write it
}
GROUPING = {"en": ",", "fr": "\u202f", "es": ".", "de": ".", "zh": ""}
MODELS = ("CLIP", "ViT", "ViT-B/32", "RN50x4", "BLIP-2", "ResNet-50", "GPT-4V", "LLaVA")


def read(text: str) -> Written:
    made = build.submission().model_copy(update={"cells": (build.text(0, text),)})
    return written(made, build.lab(), {})


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
def test_places_index_what_was_read(text: str) -> None:
    found = read(text)
    for figure in found.figures:
        assert text[figure.place.start : figure.place.end] == figure.printed
        assert figure.place.line == text.count("\n", 0, figure.place.start) + 1
        assert figure.digits >= 1
        assert 0 < len(figure.name) <= 80
    for quotation in found.quotations:
        assert text[quotation.place.start : quotation.place.end] == quotation.text
    for matrix in found.matrices:
        assert len({len(row) for row in matrix.values}) == 1
    assert found.coverage.understood + len(found.coverage.missed) == found.coverage.numbers


@given(
    st.sampled_from(sorted(SENTENCES)),
    st.sampled_from(MODELS),
    st.integers(1, 9999),
    st.integers(1, 99_999),
)
def test_a_claim_comes_back_in_every_language(
    language: str, model: str, hundredths: int, n: int
) -> None:
    point = "." if language in {"en", "zh"} else ","
    value = f"{hundredths / 100:.2f}".replace(".", point)
    grouped = f"{n:,}".replace(",", GROUPING[language])
    text = SENTENCES[language].format(model=model, value=value, n=grouped)
    (score,) = [each for each in read(text).figures if each.kind == "score"]
    assert (score.metric, score.n, score.model) == ("accuracy", n, model)
    assert score.value == pytest.approx(hundredths / 10000)
    assert score.decimals == 4


@pytest.mark.parametrize(
    "piece",
    [
        "a ", "1", "1 ", "0.1,", "accuracy, ", "| 1 ", "| 1 |\n", "<!--", "[", "[[1,", '"', "“a",
        "$", "`", "\n", "- 1\n", "1\t2\n", "«", "准", "CLIP", "a-", "May 1 ", "1/", "ViT-B/32 ",
        "# 1\n", "<sup>", "2 of 3 images ", "'a",
    ],
)  # fmt: skip
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    start = monotonic()
    read(text)
    assert monotonic() - start < 4, "linear: well under a second where nothing else runs"
