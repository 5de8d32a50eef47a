"""Fit hooks to libraries that the notebook imports itself."""

from __future__ import annotations

from collections.abc import Callable

from .later import after_import
from .recorder import Recorder


def fit_later(recorder: Recorder, module: str, fit: Callable[[], None]) -> None:
    """Call ``fit`` once a module was imported; a version that is made otherwise is reported."""
    fitted: list[str] = []

    def then() -> None:
        if fitted:
            return
        fitted.append(module)
        try:
            fit()
        except Exception as error:  # noqa: BLE001 - a version that is made otherwise
            hook = module.partition(".")[0]
            recorder.unhooked.append((hook, type(error).__name__))
            recorder.emit("unhooked", hook=hook, error=type(error).__name__)

    after_import(module, then)
