"""Tests of metrics and statistics."""

from hypothesis import settings

LAWS = settings(max_examples=40, deadline=None)
"""Examples for a law; the first one may import a library for seconds."""
