"""Pictures a second: the way reference runs predict beside a loop over single pictures.

``python benchmarks/reference.py`` lets both ways predict from the same pictures in turns, checks
that they predict the same, and prints medians, their ratio (target on a GPU: 20) and the share of
the device's peak that is used. On a CPU that is done with the shipped small models, on a GPU with
the published architectures too; ``--published`` asks for these on a CPU, with few pictures.
``--check`` only compares predictions.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import Any

import click
import numpy as np
import torch
from measuring import facts, write_results
from peaks import TERA, Peak, flops, peak, wait
from predicting import Predictor, batched, loop, next_batch
from subjects import PUBLISHED, TINY, Subject

from grader.errors import AssetError, LabError

TARGET_RATIO_ON_GPU = 20
SEED_LOOP_SECONDS = 0.0214
"""A picture in the loop of seed 003: CLIP ViT-B/32 on a T4."""

_SAME = 1e-3
"""How far two probabilities computed in 32 bits, alone and in a batch, may lie apart."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of it is measured."""

    looped: int
    """Pictures the loop predicts from in each round."""

    pictures: int
    """Pictures predicted from in batches in each round; at least as many."""

    size: int
    """Pictures in a batch."""

    rounds: int


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where it is computed."""

    place: torch.device
    kind: torch.dtype | None
    """What autocast computes in; None for none."""

    peak: Peak


@click.command()
@click.option("--published", is_flag=True, help="The published architectures on a CPU too.")
@click.option("--only", multiple=True, help="Leave out every model but these.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@click.option("--check", is_flag=True, help="Compare predictions, measure nothing.")
def main(published: bool, only: tuple[str, ...], rounds: int, check: bool) -> None:
    """Compare pictures a second."""
    machine = facts()
    device = _device()
    on_gpu = device.place.type == "cuda"
    rows: list[dict[str, Any]] = []
    for subject in _chosen(only, published=published or on_gpu):
        plan = _plan(subject, rounds, on_gpu=on_gpu)
        try:
            rows.append(_compare(subject, device, plan, check_only=check))
        except (AssetError, LabError) as problem:
            click.echo(f"{subject.name} ({subject.profile}) left out: {problem}", err=True)
            continue
        _show(rows[-1], first=len(rows) == 1)
    if not rows:
        raise click.ClickException("Nothing could be compared.")
    if not check:
        click.echo(f"Peak: {device.peak.flops / TERA:.3g} TFLOP/s ({device.peak.source})")
        click.echo(f"Written to {write_results('reference', machine, _figures(device, rows))}")
    if wrong := [row["model"] for row in rows if not row["check_passed"]]:
        raise click.ClickException(f"Not the same predictions both ways: {', '.join(wrong)}.")


def _chosen(only: tuple[str, ...], *, published: bool) -> list[Subject]:
    every = [*TINY, *(PUBLISHED if published else ())]
    names = [subject.name for subject in every]
    if unknown := set(only).difference(names):
        raise click.UsageError(f"Not among {', '.join(names)}: {', '.join(sorted(unknown))}.")
    return [subject for subject in every if not only or subject.name in only]


def _device() -> Device:
    if not torch.cuda.is_available():
        place = torch.device("cpu")
        return Device(place=place, kind=None, peak=peak(place))
    place = torch.device("cuda", torch.cuda.current_device())
    exact = torch.cuda.is_bf16_supported(including_emulation=False)
    kind = torch.bfloat16 if exact else torch.float16
    return Device(place=place, kind=kind, peak=peak(place))


def _plan(subject: Subject, rounds: int, *, on_gpu: bool) -> Plan:
    """Enough to keep a GPU busy for a second; on a CPU what takes seconds."""
    if on_gpu:
        looped, pictures = (32, 512) if subject.writes else (64, 2048)
        return Plan(looped=looped, pictures=pictures, size=128, rounds=rounds)
    if subject.profile == "published":
        return Plan(looped=4, pictures=4, size=4, rounds=min(rounds, 3))
    return Plan(looped=32, pictures=256, size=64, rounds=rounds)


def _compare(subject: Subject, device: Device, plan: Plan, *, check_only: bool) -> dict[str, Any]:
    predictor = subject.build()
    predictor.model.to(device.place)
    pictures = list(islice(cycle(subject.pictures()), plan.pictures))
    row = {"model": subject.name, "profile": subject.profile}
    row |= _check(predictor, pictures[: plan.looped], device, plan)
    if not check_only:
        row |= _measured(predictor, pictures, device, plan)
    return row


def _check(
    predictor: Predictor, pictures: Sequence[bytes], device: Device, plan: Plan
) -> dict[str, Any]:
    """Compare what both ways predict in 32 bits, which also lets every first time pass untimed."""
    # A GPU otherwise convolves with fewer bits, in another order for every size of batch.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        alone = loop(predictor, pictures)
        together = batched(predictor, pictures, plan.size, None)
    quick = batched(predictor, pictures, plan.size, device.kind) if device.kind else None
    apart = np.abs(alone.probabilities - together.probabilities).max(initial=0.0)
    same = _agreement(alone.texts, together.texts)
    return {
        "compared": len(pictures),
        "distinct_predictions": len(set(alone.texts)),
        "same_predictions": same,
        "probabilities_at_most_apart": float(apart),
        "same_predictions_with_autocast": quick and _agreement(alone.texts, quick.texts),
        "check_passed": same == 1 and bool(apart < _SAME),
    }


def _agreement(some: Sequence[str], others: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(some, others, strict=True)) / len(some)


def _measured(
    predictor: Predictor, pictures: Sequence[bytes], device: Device, plan: Plan
) -> dict[str, Any]:
    """Pictures a second of both ways in turns, and of the model with nothing to wait for."""
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "loop": (plan.looped, lambda: loop(predictor, pictures[: plan.looped])),
        "batched": (plan.pictures, lambda: batched(predictor, pictures, plan.size, device.kind)),
    }
    # First, so that a GPU has seen a whole batch before the clock runs.
    each, alone = _of_model(predictor, pictures[: plan.size], device, plan.rounds)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(plan.rounds):
        for name in sorted(ways, reverse=bool(number % 2)):
            count, way = ways[name]
            rates[name].append(count / _seconds(way, device.place))
    once, quick = median(rates["loop"]), median(rates["batched"])
    ratios = [b / a for a, b in zip(rates["loop"], rates["batched"], strict=True)]
    return {
        **{name: getattr(plan, name) for name in ("looped", "pictures", "size", "rounds")},
        "loop_pictures_per_second": _short(once),
        "loop_ms_a_picture": _short(1000 / once),
        "batched_pictures_per_second": _short(quick),
        "ratio": round(median(ratios), 2),
        "ratio_of_each_round": [round(ratio, 2) for ratio in ratios],
        "gigaflop_a_picture": _short(each / 1e9),
        "share_of_peak": round(quick * each / device.peak.flops, 4),
        "model_alone_pictures_per_second": _short(alone),
        "model_alone_share_of_peak": round(alone * each / device.peak.flops, 4),
    }


def _short(value: float) -> float:
    """Four digits are more than the clock can tell."""
    return float(f"{value:.4g}")


def _seconds(way: Callable[[], object], place: torch.device) -> float:
    wait(place)
    began = perf_counter()
    way()
    wait(place)
    return perf_counter() - began


def _of_model(
    predictor: Predictor, pictures: Sequence[bytes], device: Device, rounds: int
) -> tuple[float, float]:
    """Operations for one picture, and pictures a second of a batch that lies on the device."""
    with torch.inference_mode():
        prompts, pixels = predictor.prompts(), next_batch(predictor, pictures)
        each = flops(lambda: predictor.many(pixels, prompts)) / len(pixels)
        with torch.autocast(device.place.type, dtype=device.kind, enabled=device.kind is not None):
            predictor.many(pixels, prompts)
            taken = [
                _seconds(lambda: predictor.many(pixels, prompts), device.place)
                for _ in range(rounds)
            ]
    return each, len(pixels) / median(taken)


def _figures(device: Device, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    on_gpu = device.place.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device.place) if on_gpu else "cpu",
        "threads": torch.get_num_threads(),
        "autocast": str(device.kind) if device.kind else None,
        "peak_teraflop_per_second": _short(device.peak.flops / TERA),
        "peak_source": device.peak.source,
        "ratio_target_on_gpu": TARGET_RATIO_ON_GPU,
        "seed_003_loop_ms_a_picture_on_t4": SEED_LOOP_SECONDS * 1000,
        "models": list(rows),
    }


def _show(row: dict[str, Any], *, first: bool) -> None:
    line = "{:<22}{:<11}{:>6}{:>10}{:>9}{:>11}{:>8}{:>9}{:>13}{:>11}"
    if first:
        head = ("model", "profile", "same", "in 16 bit", "loop/s", "batched/s", "ratio")
        click.echo(line.format(*head, "of peak", "model only/s", "of peak"))
    in_16_bits = row["same_predictions_with_autocast"]
    cells = [row["model"], row["profile"], f"{row['same_predictions']:.0%}"]
    cells.append("-" if in_16_bits is None else f"{in_16_bits:.0%}")
    if "ratio" in row:
        cells.append(f"{row['loop_pictures_per_second']:g}")
        cells.append(f"{row['batched_pictures_per_second']:g}")
        cells.append(f"{row['ratio']:.1f}")
        cells.append(f"{row['share_of_peak']:.1%}")
        cells.append(f"{row['model_alone_pictures_per_second']:g}")
        cells.append(f"{row['model_alone_share_of_peak']:.1%}")
    click.echo(line.format(*cells, *[""] * (10 - len(cells))))


if __name__ == "__main__":
    main()
