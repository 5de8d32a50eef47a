"""Shell commands of a notebook that are answered instead of run."""

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from grader.execute.environment import Environment, Surroundings

_PIECE = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^;&|'"\\]|(?<=>)&|&(?=>)|['"\\])+""")
_JOIN = re.compile(r"&&|\|\||[;|&]")
_ASSIGNMENT = re.compile(r"^\w+=")
_PIP = re.compile(r"^(?:.*/)?pip[\d.]*$")
_PYTHON = re.compile(r"^(?:.*/)?python[\d.]*$|^\{?sys\.executable\}?$")
_CREDENTIALS = re.compile(r"//[^/@]*@")
_VARIABLE = re.compile(r"[{}$]")
_WITH_VALUE = frozenset(
    {"-c", "-f", "-i", "-t", "--constraint", "--extra-index-url", "--find-links", "--index-url"}
    | {"--prefix", "--progress-bar", "--root", "--target", "--trusted-host", "--index", "--python"}
)
_CONDA = frozenset({"conda", "mamba", "micromamba"})
_SYSTEM = frozenset({"apt", "apt-get", "add-apt-repository", "brew", "dpkg", "npm", "snap", "yum"})
_FETCHING = frozenset({"aria2c", "curl", "gdown", "kaggle", "wget"})
_FETCHING_PARTS = {
    "git": frozenset({"clone", "fetch", "lfs", "pull", "submodule"}),
    "hf": frozenset({"download", "upload", "login", "auth"}),
    "huggingface-cli": frozenset({"download", "upload", "login"}),
}
_PACKAGES = "packages come with this runner, which has no network"


class Answer(NamedTuple):
    """What stands in the place of a command."""

    printed: str
    """What the cell shows instead; several lines."""

    reason: str
    """What was done instead and why."""


def answered(command: str, here: Surroundings) -> tuple[str, str] | None:
    """A line of shell with commands replaced by what answers them, and the reason.

    Installing packages and reaching the network are answered; so is ``nvidia-smi`` where
    there is no GPU. ``None`` if nothing of the line is.

    Args:
        command: One logical line of shell.
        here: What the notebook finds here.
    """
    pieces = _PIECE.findall(command)
    joins = [each.strip() for each in _PIECE.split(command)]
    answers = [_answer(_words(piece), here) for piece in pieces]
    reasons = [each.reason for each in answers if each is not None]
    if not reasons or not all(_JOIN.fullmatch(join) or not join for join in joins):
        return None
    said = [
        piece.strip() if each is None else f"printf '%s\\n' {_lines(each.printed)}"
        for piece, each in zip(pieces, answers, strict=True)
    ]
    between = [f" {join} " if join else " " for join in joins[1:]]
    line = "".join(part for pair in zip(said, between, strict=True) for part in pair).strip()
    return line, "; ".join(dict.fromkeys(reasons))


def _lines(text: str) -> str:
    """The lines of a text as arguments, so that the command stays on one line."""
    return " ".join(map(shlex.quote, text.split("\n")))


def only_answer(command: str, here: Surroundings) -> Answer | None:
    """The answer to a line that is one command, or ``None`` if there is more to it."""
    pieces = _PIECE.findall(command)
    return _answer(_words(pieces[0]), here) if len(pieces) == 1 else None


def _words(piece: str) -> list[str]:
    try:
        words = shlex.split(piece)
    except ValueError:
        words = piece.split()
    while words and (words[0] in ("sudo", "env") or _ASSIGNMENT.match(words[0])):
        words = words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
    return words


def _answer(words: Sequence[str], here: Surroundings) -> Answer | None:
    if not words:
        return None
    name, rest = words[0], list(words[1:])
    if _PYTHON.match(name) and rest[:2] == ["-m", "pip"]:
        name, rest = "pip", rest[2:]
    elif name == "uv" and rest[:1] == ["pip"]:
        name, rest = "pip", rest[1:]
    if _PIP.match(name):
        return _of_pip(rest, here.environment)
    return _of_others(name, rest, here.device)


def _of_others(name: str, rest: list[str], device: str) -> Answer | None:
    if name in _CONDA or name in _SYSTEM:
        return Answer(f"{name} was not run: {_PACKAGES}.", f"not run: {_PACKAGES}")
    if name in _FETCHING or _FETCHING_PARTS.get(name, frozenset()).intersection(rest[:1]):
        address = next((each for each in rest if "://" in each), "")
        # Nothing else is repeated: tokens and passwords stand on such lines.
        wanted = f" ({_CREDENTIALS.sub('//', address)})" if address else ""
        return Answer(
            f"{name} was not run: this runner has no network{wanted}.",
            "not run: this runner has no network",
        )
    if name == "nvidia-smi" and device == "cpu":
        return Answer("This runner has no NVIDIA GPU.", "answered: this runner has no NVIDIA GPU")
    return None


def _of_pip(rest: list[str], environment: Environment) -> Answer | None:
    options = [each for each in rest if each.startswith("-")]
    command = next((each for each in rest if not each.startswith("-")), "")
    if command == "uninstall":
        said = "Nothing was uninstalled: packages belong to this runner."
        return Answer(said, "not run: packages belong to this runner")
    if command not in ("install", "download", "wheel"):
        return None
    asked = _asked_for(rest[rest.index(command) + 1 :])
    answers = [_requirement(each, environment) for each in asked]
    if not answers or "-r" in options or "--requirement" in options:
        said = f"Nothing was installed: {_PACKAGES}."
        answers.append((said, "requirements were not read"))
    return Answer(
        "\n".join(printed for printed, _ in answers),
        f"not run: {_PACKAGES}; {', '.join(short for _, short in answers)}",
    )


def _asked_for(words: Sequence[str]) -> list[str]:
    asked: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in _WITH_VALUE or word in ("-r", "--requirement"):
            skip = True
        elif word in (">", ">>", "2>", "#") or word.startswith(("#", ">", "2>", "&>")):
            break
        elif not word.startswith("-"):
            asked.append(word)
    return asked


def _requirement(text: str, environment: Environment) -> tuple[str, str]:
    """What is printed about one requirement, and a shorter form for the reason."""
    if _VARIABLE.search(text):
        return f"Not installed: {text}.", f"{text} is not looked up"
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return f"Not installed: {text}, which needs a network.", f"{text} is missing here"
    found = environment.version_of(wanted.name)
    if found is None:
        return f"Not installed: {wanted.name} is missing here.", f"{wanted.name} is missing here"
    if wanted.url or not wanted.specifier.contains(found, prereleases=True):
        said = f"{wanted.name} {found} is here instead of {text}"
        return f"Not installed: {said}.", said
    return f"Requirement already satisfied: {wanted.name}", f"{wanted.name} is here"
