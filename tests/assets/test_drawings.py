"""The drawn worlds: the same every time, balanced, and never twice the same picture."""

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assets import leaves, things
from grader.assets.drawn import DATASETS, Drawn

EVERY_SPLIT = [(source, split) for source in DATASETS for split in source.splits]


@pytest.mark.parametrize(("source", "split"), EVERY_SPLIT, ids=lambda value: str(value)[:24])
def test_drawing_twice_gives_the_same_pixels(source: Drawn, split: str) -> None:
    assert _digest(source, split) == _digest(source, split)


def _digest(source: Drawn, split: str) -> str:
    digest = hashlib.sha256()
    for pixels in itertools.islice(source.pictures(split), 50):
        digest.update(pixels.tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize(("source", "split"), EVERY_SPLIT, ids=lambda value: str(value)[:24])
def test_classes_are_balanced(source: Drawn, split: str) -> None:
    drawn = [source.names.index(name) for name in source.drawn or source.names]
    counts = np.bincount(source.labels(split), minlength=len(source.names))[drawn]

    assert counts.sum() == source.splits[split]
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("source", DATASETS, ids=lambda source: source.id)
def test_no_picture_is_in_two_places(source: Drawn) -> None:
    pictures = [p.tobytes() for split in source.splits for p in source.pictures(split)]

    assert len(set(pictures)) == len(pictures) == sum(source.splits.values())


@given(st.integers(0, 2**32), st.sampled_from(things.NAMES))
@settings(max_examples=50, deadline=None)
def test_any_seed_draws_a_thing(seed: int, name: str) -> None:
    thing = things.draw_thing(name, np.random.default_rng(seed))

    assert thing.pixels.shape == (things.SIZE, things.SIZE, 3)
    assert thing.pixels.dtype == np.uint8
    assert thing.color in things.COLORS


@given(st.integers(0, 2**32), st.sampled_from(leaves.NAMES))
@settings(max_examples=50, deadline=None)
def test_any_seed_draws_a_leaf(seed: int, name: str) -> None:
    pixels = leaves.draw_bean_leaf(name, np.random.default_rng(seed))

    assert pixels.shape == (leaves.SIZE, leaves.SIZE, 3)
    assert pixels.dtype == np.uint8
