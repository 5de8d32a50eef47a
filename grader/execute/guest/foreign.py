"""Values of libraries that are reached by name, never imported here."""

from __future__ import annotations

import importlib
import sys
from typing import Any

Foreign = Any
"""Something of another library, or of the student's: nothing about it is known here."""


def library(name: str) -> Foreign:
    """An installed module.

    Raises:
        ImportError: If it is not there, or cannot be imported for whatever reason.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise
    except Exception as error:
        raise ImportError(f"{name} cannot be imported: {error}") from error


def loaded(name: str) -> Foreign:
    """A module that was imported before, or ``None``."""
    return sys.modules.get(name)
