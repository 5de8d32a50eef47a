"""Captions and answers scored in a wrong way."""

import re

from tests.corpus.mutators.api import Mutator, Site, added, differs, in_code
from tests.corpus.notebooks import AnchorError, Notebook, Numbers

CAPTIONS = frozenset({"captioning"})
ANSWERS = frozenset({"vqa"})


def _rewritten(site: Site, streams: str, per_image: str, tokens: str) -> Notebook:
    """References made anew before they are scored; ``R`` and ``H`` are the variables."""
    chosen = {"streams": streams, "per_image": per_image, "tokens": tokens}[site["layout"]]
    words = {"R": site["refs"], "H": site["hyp"]}
    line = re.sub(r"\b[RH]\b", lambda match: words[match[0]], chosen)
    return site.notebook.before(site["at"], line)


def _own_captions(site: Site) -> Notebook:
    return _rewritten(
        site, "R = [list(H)] * 5", "R = [[h] * 5 for h in H]", "R = [[h.split()] * 5 for h in H]"
    )


def _one_reference(site: Site) -> Notebook:
    return _rewritten(site, "R = R[:1]", "R = [r[:1] for r in R]", "R = [r[:1] for r in R]")


def _turned(site: Site) -> Notebook:
    """References listed by picture where the library wants them listed by annotator."""
    if site["layout"] == "tokens":
        raise AnchorError("this library wants them listed by picture")
    return in_code(
        site,
        r"(\.corpus_score\(\w+, )(?:[^()]|\([^()]*(?:\([^()]*\))?[^()]*\))+\)",
        rf"\1{_by_picture(site)})",
    )


def _by_picture(site: Site) -> str:
    refs = site["refs"]
    return refs if site["layout"] == "per_image" else f"list(map(list, zip(*{refs})))"


def _letters(site: Site) -> Notebook:
    """Strings where lists of words are wanted."""
    return site.notebook.edited(site["tokens"], "tokens = hyps")


def _one_order(site: Site) -> Notebook:
    """BLEU-1 printed under all four names."""
    new = re.sub(r"max_ngram_order=\w+", "max_ngram_order=1", site["bleu"])
    new = re.sub(r"weights=\w+", "weights=(1,)", new)
    return site.notebook.edited(site["bleu"], new)


def _substring(site: Site) -> Notebook:
    new = re.sub(r"^(\w+) == (\w+) for", r"\1 in \2 or \2 in \1 for", site["match"])
    return site.notebook.edited(site["match"], new)


def _told(site: Site) -> Notebook:
    """The usual answer stands in the question."""
    ask = site["ask"]
    rows = re.fullmatch(r"(\w+)\[['\"]question['\"]\]", ask)
    if rows is None:
        new = '[row["question"] + " answer: " + row["multiple_choice_answer"] for row in rows]'
    elif rows[1] in ("row", "item", "zeile"):
        new = f'{rows[1]}["question"] + " answer: " + {rows[1]}["multiple_choice_answer"]'
    else:
        pairs = f'zip({rows[1]}["question"], {rows[1]}["multiple_choice_answer"])'
        new = f'[q + " answer: " + a for q, a in {pairs}]'
    return site.notebook.edited(ask, new)


def _bleu(site: Site, numbers: Numbers) -> float:
    return float(numbers["captioning.bleu4"])


MUTATORS = (
    Mutator(
        name="captions-are-references",
        plants=("reference-is-hypothesis",),
        also=("labels-from-predictions",),
        kinds=CAPTIONS,
        change=_own_captions,
        stated=differs,
        measured=lambda site, numbers: _bleu(site, numbers) in (1.0, 100.0),
    ),
    Mutator(
        name="one-reference",
        plants=("single-reference-captioning",),
        kinds=CAPTIONS,
        change=_one_reference,
        stated=differs,
        measured=lambda site, numbers: _bleu(site, numbers) < site.number("bleu4"),
    ),
    Mutator(
        name="references-turned",
        plants=("bleu-implementation-error",),
        kinds=CAPTIONS,
        change=_turned,
        stated=differs,
        measured=lambda site, numbers: _bleu(site, numbers) != site.number("bleu4"),
    ),
    Mutator(
        name="bleu-of-letters",
        plants=("bleu-implementation-error",),
        kinds=CAPTIONS,
        change=_letters,
        stated=added("tokens = hyps"),
        measured=lambda site, numbers: _bleu(site, numbers) != site.number("bleu4"),
    ),
    Mutator(
        name="bleu-one-called-bleu-four",
        plants=("bleu-implementation-error",),
        kinds=CAPTIONS,
        change=_one_order,
        stated=lambda site, mutant: site["bleu"] not in mutant.code,
        measured=lambda site, numbers: numbers["captioning.bleu4"] == numbers["captioning.bleu1"],
    ),
    Mutator(
        name="answers-match-in-part",
        plants=("vqa-nonstandard-scoring",),
        kinds=ANSWERS,
        change=_substring,
        stated=lambda site, mutant: site["match"] not in mutant.code,
        measured=lambda site, numbers: (
            float(numbers["vqa.exact_match"]) >= site.number("exact_match")
        ),
    ),
    Mutator(
        name="answer-in-the-question",
        plants=("answer-leak-in-prompt",),
        also=("label-derived-predictions", "predictions-depend-on-labels"),
        kinds=ANSWERS,
        change=_told,
        stated=added(" answer: "),
    ),
)
"""Every mutator of this family."""
