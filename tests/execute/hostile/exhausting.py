"""Notebooks that try to use up the machine, or to stay on it. Every attack is bounded."""

from tests.execute.hostile.notebook import Ending

LEFT = ("next = 'runs'\nprint(next)",)
SHORT: dict[str, float] = {"cell_seconds": 2}

PROCESSES = {
    "daemonise": Ending(
        cells=(
            "import os\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0: os.execvp('sleep', ['sleep', '97531'])\n"
            "    os._exit(0)",
            *LEFT,
        ),
        printed={1: "runs"},
    ),
    "leave zombies": Ending(
        cells=(
            "import os\nfor _ in range(100):\n    if os.fork() == 0: os._exit(0)",
            *LEFT,
        ),
        printed={1: "runs"},
    ),
    "kill process 1": Ending(
        cells=("import os\nfor number in (9, 15, 1): os.kill(1, number)", *LEFT),
        printed={1: "runs"},
    ),
    "kill whoever watches over it": Ending(
        cells=(
            "import os\n"
            "try: os.kill(os.getppid(), 9)\n"
            "except PermissionError as error: print(error)",
            *LEFT,
        ),
        printed={1: "runs"},
    ),
    "start too many threads": Ending(
        cells=(
            "import threading, time\n"
            "for _ in range(3000):\n"
            "    threading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
            *LEFT,
        ),
        errors={0: "can't start new thread"},
        printed={1: "runs"},
    ),
    "let children eat the memory": Ending(
        cells=(
            "import os, time\n"
            "for _ in range(8):\n"
            "    if os.fork() == 0:\n"
            "        hoard = bytearray(b'x' * (200 << 20)); time.sleep(20); os._exit(0)\n"
            "time.sleep(20)",
            *LEFT,
        ),
        outcome="killed",
        message="more than 1500 MiB",
        limits={"memory_mib": 1500},
    ),
}

MEMORY = {
    "keep memory in a file without a name": Ending(
        cells=(
            "import os, time\n"
            "file = os.memfd_create('x')\n"
            "for _ in range(40): os.write(file, b'x' * (64 << 20)); time.sleep(.05)\n"
            "time.sleep(5)",
            *LEFT,
        ),
        outcome="killed",
        message="more than 1500 MiB",
        limits={"memory_mib": 1500},
    ),
    "keep memory in shared memory": Ending(
        cells=(
            "with open('/dev/shm/x', 'wb', buffering=0) as file:\n"
            "    for _ in range(40): file.write(b'x' * (64 << 20))",
            *LEFT,
        ),
        errors={0: "No space left"},
        printed={1: "runs"},
        limits={"memory_mib": 2000},
    ),
    "reserve all addresses": Ending(
        cells=("import numpy\nnumpy.ones(1 << 44)", *LEFT),
        errors={0: "MemoryError"},
        printed={1: "runs"},
    ),
    "open every descriptor": Ending(
        cells=(
            "files = []\n"
            "try:\n"
            "    while len(files) < 100_000: files.append(open('/dev/null'))\n"
            "except OSError as error:\n"
            "    del files\n"
            "    print(error)",
            *LEFT,
        ),
        printed={0: "Too many open files", 1: "runs"},
    ),
}

TIME = {
    "count for ever": Ending(
        cells=("while True: pass", *LEFT),
        outcome="timeout",
        message="Cell 0 was still running after 2 s",
        limits=SHORT,
    ),
    "sleep for ever": Ending(
        cells=("import time\ntime.sleep(1e6)", *LEFT), outcome="timeout", limits=SHORT
    ),
    "wait for itself": Ending(
        cells=(
            "import threading\nlock = threading.Lock(); lock.acquire()\n"
            "threading.Thread(target=lock.acquire).start(); lock.acquire()",
            *LEFT,
        ),
        outcome="timeout",
        limits=SHORT,
    ),
    "swallow every exception": Ending(
        cells=(
            "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
            *LEFT,
        ),
        outcome="timeout",
        limits=SHORT,
    ),
    "keep the interpreter's lock": Ending(
        cells=("import re\nre.match('(a+)+$', 'a' * 40 + 'b')", *LEFT),
        outcome="timeout",
        limits=SHORT,
    ),
    "leave a thread that never ends": Ending(
        cells=(
            "import threading\n"
            "def spin():\n    while True: pass\n"
            "threading.Thread(target=spin).start()",
            *LEFT,
        ),
        printed={1: "runs"},
    ),
    "stop itself": Ending(
        cells=("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", *LEFT),
        outcome="timeout",
        limits=SHORT,
    ),
    "recurse for ever": Ending(
        cells=("def f(): f()\ntry: f()\nexcept RecursionError as error: print(error)", *LEFT),
        printed={0: "maximum recursion depth", 1: "runs"},
    ),
    "overflow the stack": Ending(
        cells=(
            "import sys\nsys.setrecursionlimit(1 << 30)\n"
            "deep = []\nfor _ in range(1_000_000): deep = [deep]\nrepr(deep)",
            *LEFT,
        ),
        outcome="killed",
        message="stopped in cell 0",
    ),
}

OUTPUT = {
    "show ten thousand outputs": Ending(
        cells=("for i in range(10_000): display(i)", *LEFT),
        printed={1: "runs"},
    ),
    "print without an end": Ending(
        cells=("while True: print('x' * 1000)", *LEFT), outcome="timeout", limits=SHORT
    ),
    "print one long line": Ending(
        cells=("print('x' * (40 << 20))", *LEFT),
        printed={1: "runs"},
        limits={"output_bytes": 1 << 20},
    ),
    "write to the terminal": Ending(
        cells=("import os\nfor _ in range(2000): os.write(1, b'::error::x' * 100)", *LEFT),
        printed={1: "runs"},
    ),
}

FILES = {
    "leave pipes and locked and deep folders": Ending(
        cells=(
            "import os\n"
            "for name in ('results.json', 'out', '1-submission.json'): os.mkfifo(name)\n"
            "os.mkdir('locked'); os.mkdir('locked/inner', 0); os.chmod('locked', 0)\n"
            "for _ in range(1500): os.mkdir('d'); os.chdir('d')\n"
            "os.chdir('/tmp')",
            *LEFT,
        ),
        printed={1: "runs"},
    ),
    "leave links to what others own": Ending(
        cells=(
            "import os\n"
            "for name in ('results.json', 'home', '../link', '/tmp/link'):\n"
            "    os.symlink('/etc', name)",
            *LEFT,
        ),
        printed={1: "runs"},
    ),
    "leave ten thousand files": Ending(
        cells=("for i in range(10_000): open(f'f{i}', 'w').close()", *LEFT),
        printed={1: "runs"},
    ),
}

ALL = {**PROCESSES, **MEMORY, **TIME, **OUTPUT, **FILES}
