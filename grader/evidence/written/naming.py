"""Models and datasets a text names, by the shape of their names or as the lab spells them."""

import re
from functools import cache

from msgspec import Struct

from grader.evidence import vocabulary
from grader.model import Lab
from grader.patterns import regex

__all__ = ["Name", "Names"]

_SIZE = r"(?:[-_](?:base|large|small|tiny|huge|giant|[BLSHG])(?![a-z]))?(?:[-/]?patch\d{1,2})?"
_AT = r"(?:@\d{2,4}(?:px)?)?"
_MODELS = (
    rf"[Vv]i[Tt]-[A-Za-z]{{1,2}}[-/]\d{{1,2}}{_AT}",
    rf"(?:ViTs?|[Vv]it){_SIZE}(?:[-/]\d{{1,2}})?{_AT}",
    r"[Vv]ision [Tt]ransformers?",
    r"RN\d{2,3}(?:x\d{1,3})?",
    rf"(?:Open|Med|Bio|Pub[Mm]ed|Si|Chinese-|fine-tuned )?(?:CLIP|GLIP){_SIZE}",
    rf"(?:Instruct)?BLIP(?:-?\d)?{_SIZE}",
    rf"SigLIP(?:-?\d)?{_SIZE}",
    r"(?:Wide|Res)Ne[Xx]?[Tt]-?\d{0,3}(?:-\d{1,2}|x\d{1,2})?",
    r"GPT-?\d(?:\.\d)?(?:[Vvo]|o-mini)?(?:-(?:[Tt]urbo|[Mm]ini))?(?:-?V(?:ision)?)?",
    r"ChatGPT|Claude|Gemini|Flamingo|ALIGN|Florence(?:-\d)?|ALBEF|DALL-?E(?:\s?\d)?",
    r"(?:Open)?LLaVA(?:-?v?\d(?:\.\d)?)?(?:-\d{1,2}[bB])?",
    rf"(?:Distil|Ro|Al|De|Vil|Visual|m)?(?:BERT|BERTa){_SIZE}(?:-(?:un)?cased)?",
    r"(?:Qwen|Llama|LLaMA|Mistral|Phi|PaLI|Kosmos|DINO|CoCa|Idefics)(?:[-v]?\d(?:\.\d)?)?",
    r"EfficientNet(?:-?[BV]\d)?|MobileNet(?:-?[Vv]\d)?|VGG-?\d{0,2}|DenseNet-?\d{0,3}",
    r"Inception(?:-?[Vv]\d)?|AlexNet|ConvNe[Xx]t(?:-\w{1,5})?|Swin(?:-\w{1,5})?|DeiT|BEiT|YOLOv?\d?",
    r"[\w.-]{1,40}/[\w.-]{0,40}(?:vit|clip|blip|bert|resnet|llava|gpt)[\w.-]{0,60}",
)
_DATASETS = (
    r"CIFAR[-\s]?100?",
    r"(?:Fashion[-\s]?|E)?MNIST",
    r"(?:Tiny[-\s]?)?ImageNet(?:-?(?:\d{1,2}k|1K|V2|A|R|Sketch))?",
    r"(?:MS[-\s]?)?COCO(?:[-\s]?(?:20\d\d|[Kk]arpathy))?",
    r"Flickr-?\d{1,2}[kK]",
    r"Food-?101|ROCO(?:v2)?|STL-?10|SVHN|CelebA|EuroSAT|GQA|SQuAD|IMDB|Visual Genome",
    r"VQA[-\s]?v?\d(?:\.0)?|Oxford(?:-IIIT)?[-\s]Pets?|Caltech-?\d{3}|LAION-\d{1,3}[BM]",
    r"[Bb]eans(?=\s(?:data|test|valid|train))",
)
_JOINED = regex(r"[\s-]{0,2}\(?|\s(?:with|avec|mit|con)\s")
_LONGEST = 80


class Name(Struct, frozen=True, kw_only=True):
    """A model or dataset a text names."""

    start: int
    """Offset of its first character."""

    end: int
    """Offset behind its last."""

    text: str
    """As written."""


class Names:
    """Finds names of models and datasets in text."""

    def __init__(self, lab: Lab) -> None:
        self._models, self._datasets = _patterns(lab.id, _ids(lab, "models"), _ids(lab, "datasets"))

    def models(self, text: str) -> tuple[Name, ...]:
        """Models named, in order; ``CLIP ViT-B/32`` is one."""
        found: list[Name] = []
        for match in self._models.finditer(text):
            name = Name(start=match.start(), end=match.end(), text=match[0])
            if found and _JOINED.fullmatch(text, found[-1].end, name.start):
                joined = _joined(text, found[-1], name)
                if joined is not None:
                    found[-1] = joined
                    continue
            found.append(name)
        return tuple(found)

    def datasets(self, text: str) -> tuple[Name, ...]:
        """Datasets named, in order."""
        return tuple(
            Name(start=match.start(), end=match.end(), text=match[0])
            for match in self._datasets.finditer(text)
        )

    def model(self, text: str) -> str | None:
        """The model a text names, when it names exactly one."""
        return _only(self.models(text))

    def dataset(self, text: str) -> str | None:
        """The dataset a text names, when it names exactly one."""
        return _only(self.datasets(text))


def _only(found: tuple[Name, ...]) -> str | None:
    named = {each.text.lower(): each.text for each in found}
    return next(iter(named.values())) if len(named) == 1 else None


def _joined(text: str, first: Name, second: Name) -> Name | None:
    """A family with its size, ``CLIP (ViT-B/32)``; two models side by side are none."""
    sized = re.search(r"\d", second.text) is not None and not re.search(r"\d", first.text)
    if not sized or second.end - first.start > _LONGEST:
        return None
    closed = "(" in text[first.end : second.start] and text[second.end : second.end + 1] == ")"
    end = second.end + 1 if closed else second.end
    return Name(start=first.start, end=end, text=text[first.start : end])


def _ids(lab: Lab, field: str) -> tuple[str, ...]:
    listed = [each for task in lab.tasks for each in getattr(task, field)]
    aliases = [name for asset in lab.assets if asset.id in listed for name in asset.aliases]
    tails = [each.rpartition("/")[2] for each in listed]
    return tuple(dict.fromkeys([*listed, *aliases, *tails]))


@cache
def _patterns(
    lab: str, models: tuple[str, ...], datasets: tuple[str, ...]
) -> tuple[re.Pattern[str], re.Pattern[str]]:
    del lab  # part of the key, so that labs do not share an entry by accident
    return _pattern((*_exact(models), *_MODELS)), _pattern((*_exact(datasets), *_DATASETS))


def _exact(names: tuple[str, ...]) -> list[str]:
    return [f"(?i:{re.escape(name)})" for name in sorted(names, key=len, reverse=True)]


def _pattern(parts: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(parts)
    return re.compile(
        rf"(?<!{vocabulary.LETTER_OR_DIGIT})(?:{either})(?!{vocabulary.LETTER_OR_DIGIT})"
    )
