"""What the sandbox promises, each promise with the test that would fail if it were broken.

After Firecracker's specification: a number without a test is printed as pending.
"""

from msgspec import Struct


class Promise(Struct, frozen=True, kw_only=True):
    """One sentence and what shows it."""

    what: str
    """What holds."""

    number: str
    """How much."""

    test: str | None = None
    """File and function of the test, from the root of the repository; ``None`` is pending."""


_HOSTILE = "tests/execute/hostile/test_conformance.py::"
_WALLS = "tests/execute/test_walls.py::"

PROMISES = (
    Promise(
        what="Attacks of the hostile notebooks that get through at the level full",
        number="0",
        test=_HOSTILE + "test_cannot",
    ),
    Promise(
        what="Attacks that get through at the level landlock and that doctor does not name",
        number="0",
        test=_HOSTILE + "test_cannot_at_landlock",
    ),
    Promise(
        what="The same walls for root and for an ordinary user",
        number="all",
        test=_WALLS + "test_an_ordinary_user_gets_every_wall",
    ),
    Promise(
        what="Hostile notebooks whose outcome is a fault of the harness",
        number="0",
        test=_HOSTILE + "test_ends_as_its_own_outcome",
    ),
    Promise(
        what="Forged evidence that earns points",
        number="0",
        test=_HOSTILE + "test_no_forgery_earns_a_point",
    ),
    Promise(
        what="A cell is stopped after its limit, whatever it handles",
        number="2 s",
        test=_HOSTILE + "test_is_stopped_within_two_seconds_of_its_limit",
    ),
    Promise(
        what="Everything is gone after the last cell: daemons, shared memory, files",
        number="5 s",
        test=_HOSTILE + "test_everything_is_gone_within_five_seconds",
    ),
    Promise(
        what="Memory over the limit before the kill; polled, children and memory files counted",
        number="512 MiB",
        test=_HOSTILE + "test_memory_is_stopped_near_its_limit",
    ),
    Promise(
        what="Processes of one notebook", number="256", test=_WALLS + "test_a_fork_bomb_is_killed"
    ),
    Promise(
        what="Tasks with threads, held by the kernel; for root from Linux 6.14 on",
        number="768",
        test=_WALLS + "test_tasks_are_limited_by_the_kernel",
    ),
    Promise(
        what="Descriptors and core files of one process",
        number="4,096 and 0",
        test=_HOSTILE + "test_cannot",
    ),
    Promise(what="One file a notebook writes", number="2 GiB", test=_HOSTILE + "test_cannot"),
    Promise(
        what="All files a notebook writes together, at the level full",
        number="2 GiB",
        test="tests/execute/test_limits.py::test_a_full_disk_is_the_students_outcome",
    ),
    Promise(
        what="Output kept of one cell, and number of outputs",
        number="1 MiB and 1,000",
        test=_HOSTILE + "test_outputs_stay_within_their_limits",
    ),
    Promise(
        what="Output kept of one notebook",
        number="10 MiB",
        test="tests/execute/test_limits.py::test_the_whole_notebook_has_an_output_limit",
    ),
    Promise(
        what="Unpacked archive is refused beyond",
        number="200 MB, ratio 100, 1,000 entries",
        test="tests/intake/test_zip.py::test_a_bomb_is_refused_by_its_ratio",
    ),
    Promise(
        what="Size of a page, however large the notebook or the class",
        number="5 MB",
        test="tests/report/test_escaping.py::test_a_huge_notebook_stays_a_small_page",
    ),
    Promise(
        what="Points a fault of the machine costs",
        number="0",
        test="tests/test_pipeline.py::test_a_lasting_fault_costs_no_points",
    ),
    Promise(
        what="Equal results after kill -9 at random moments",
        number="25 moments",
        test="tests/test_resume.py::test_killed_many_times_the_class_ends_as_if_it_had_not_been",
    ),
)
"""In the order in which ``grader doctor`` prints them."""
