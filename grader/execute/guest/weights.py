"""Whether models still have the weights they were loaded with.

A few elements of every parameter are compared, which a step of any optimiser changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import ref

from .foreign import Foreign, library
from .recorder import Recorder

_SAMPLED = 8
"""Elements of one parameter, evenly spread."""
_MAX_MODELS = 50
_MAX_PARAMETERS = 2000


@dataclass
class _Loaded:
    """A model as it was loaded."""

    model: ref[Foreign]
    name: str
    sample: Foreign
    kinds: tuple[Foreign, ...]
    """Type of each parameter's elements."""


def install(recorder: Recorder) -> None:
    """Sample the weights of models when they are loaded, and again in cells that use them."""
    torch = library("torch")
    loaded: list[_Loaded] = []
    parameters: Callable[[Foreign], Foreign] = torch.nn.Module.parameters

    def at_load(model: Foreign, name: str) -> None:
        with recorder.quietly("weights"):
            sampled, kinds = _sample(torch, parameters(model))
            loaded.append(_Loaded(ref(model), name, sampled, kinds))
            del loaded[:-_MAX_MODELS]

    def at_end() -> None:
        with recorder.quietly("weights"):
            for name in sorted(recorder.touched):
                known = [each for each in loaded if each.name == name and each.model() is not None]
                changes = [_has_changed(torch, parameters(each.model()), each) for each in known]
                if changes:
                    recorder.emit("weights", model=name[:300], changed=any(changes))

    recorder.at_load.append(at_load)
    recorder.at_cell_end.append(at_end)


def _has_changed(torch: Foreign, parameters: Foreign, loaded: _Loaded) -> bool:
    now, kinds = _sample(torch, parameters)
    if now.shape != loaded.sample.shape or len(kinds) != len(loaded.kinds):
        return True
    before = loaded.sample
    if kinds != loaded.kinds:
        # Made half as exact, say, they are still the same weights.
        before = _rounded(torch, before, kinds)
        now = _rounded(torch, now, loaded.kinds)
    return not torch.equal(now, before)


def _rounded(torch: Foreign, sample: Foreign, kinds: tuple[Foreign, ...]) -> Foreign:
    """A sample as it is after its elements were of these types."""
    pieces = sample.split(_SAMPLED)
    return torch.cat([piece.to(kind).float() for piece, kind in zip(pieces, kinds)])


def _sample(torch: Foreign, parameters: Foreign) -> tuple[Foreign, tuple[Foreign, ...]]:
    """Elements of every parameter, as floats of 32 bits in main memory, and their types."""
    pieces, kinds = [], []
    for number, each in enumerate(parameters):
        if number == _MAX_PARAMETERS:
            break
        flat = _flat(torch, each)
        if flat is not None:
            pieces.append(flat)
            kinds.append(each.dtype)
    if not pieces:
        return torch.zeros(0), ()
    places = {piece.device for piece in pieces}
    if len(places) == 1:
        return torch.stack(pieces).flatten().cpu(), tuple(kinds)
    return torch.cat([piece.cpu() for piece in pieces]), tuple(kinds)


def _flat(torch: Foreign, parameter: Foreign) -> Foreign:
    """As many elements as are sampled; ``None`` where they cannot be read in order."""
    size = parameter.numel()
    if not size or parameter.is_meta or not parameter.is_floating_point():
        return None
    if str(parameter.layout) != "torch.strided" or not parameter.is_contiguous():
        return None
    flat = parameter.detach().view(-1)[:: max(1, size // _SAMPLED)][:_SAMPLED].float()
    return torch.nn.functional.pad(flat, (0, _SAMPLED - flat.numel()))
