"""The written answers a lab asks for, recognised by their headings."""

import re

from grader.evidence.naming import number_of
from grader.evidence.per_lab import PerLab
from grader.model import Answer, Lab


class WantedAnswers:
    """Finds out which written answer a heading opens."""

    def __init__(self, lab: Lab) -> None:
        self._tasks = tuple(task.id for task in lab.tasks)
        self._keywords = {
            answer.id: tuple(_all_of(entry) for entry in answer.keywords) for answer in lab.answers
        }
        self._owners = {answer.id: self._owner(answer) for answer in lab.answers}

    def headed(self, heading: str) -> str | None:
        """Id of the answer this heading opens; ``None`` when none or several match."""
        matching = [answer for answer in self._keywords if self._matches(answer, heading)]
        specific = [answer for answer in matching if self._owners[answer] is not None]
        found = specific or matching
        return found[0] if len(found) == 1 else None

    def of_task(self, task: str) -> str | None:
        """Id of the answer about one task, when the lab asks for exactly one."""
        found = [answer for answer, owner in self._owners.items() if owner == task]
        return found[0] if len(found) == 1 else None

    def owner(self, answer: str) -> str | None:
        """Task an answer is about; ``None`` for an answer about all of them."""
        return self._owners[answer]

    def _owner(self, answer: Answer) -> str | None:
        owners = [task for task in self._tasks if answer.id.startswith(f"{task}-")]
        return max(owners, key=len, default=None)

    def _matches(self, answer: str, heading: str) -> bool:
        if self._owners[answer] is None and self._is_evaluation(heading):
            return False
        return any(all(word.search(heading) for word in entry) for entry in self._keywords[answer])

    def _is_evaluation(self, heading: str) -> bool:
        """Whether the heading carries the number of a task, not of a written answer."""
        number = number_of(heading)
        return number is not None and number <= len(self._tasks)


wanted_answers = PerLab(WantedAnswers)
"""The written answers a lab asks for, prepared once."""


def _all_of(entry: str) -> tuple[re.Pattern[str], ...]:
    return tuple(_word(word.strip()) for word in entry.split("+"))


def _word(word: str) -> re.Pattern[str]:
    """Matches a keyword; long ones with any ending, so that plurals match."""
    ending = r"(?!\d)" if word[-1:].isdigit() else r"\w*" if len(word) >= 5 else r"s?(?![^\W_])"
    spelled = r"[\s_-]+".join(map(re.escape, word.split()))
    return re.compile(rf"(?<![^\W_]){spelled}{ending}", re.IGNORECASE)
