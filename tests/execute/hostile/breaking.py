"""Notebooks that try to confuse the supervisor: whatever happens is theirs, never its fault."""

from tests.execute.hostile.notebook import Ending

LEFT = ("print('runs')",)
ANY = "completed killed timeout"
SHORT: dict[str, float] = {"cell_seconds": 4}
KERNEL = "kernel = get_ipython().kernel\n"

ALL = {
    "show JSON nested 900 deep": Ending(
        cells=(
            "deep = {}\nfor _ in range(900): deep = {'a': deep}\n"
            "display({'application/json': deep}, raw=True)",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "send a stream without text": Ending(
        cells=(
            KERNEL + "kernel.session.send(kernel.iopub_socket, 'stream', {'name': 7}, "
            "parent=kernel.get_parent())",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "send an error of the wrong types": Ending(
        cells=(
            KERNEL + "kernel.session.send(kernel.iopub_socket, 'error', {'ename': [], 'evalue': {},"
            " 'traceback': 3}, parent=kernel.get_parent())",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "send a message of an unknown type": Ending(
        cells=(
            KERNEL + "kernel.session.send(kernel.iopub_socket, 'x' * 1000, {}, "
            "parent=kernel.get_parent())",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "send a message larger than accepted": Ending(
        cells=(
            KERNEL + "kernel.session.send(kernel.iopub_socket, 'stream', {'name': 'stdout', "
            "'text': 'x' * (80 << 20)}, parent=kernel.get_parent())",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "replace json.dumps": Ending(
        cells=("import json\njson.dumps = lambda *a, **k: '{}'", *LEFT), outcome=ANY, limits=SHORT
    ),
    "change the key of the messages": Ending(
        cells=(KERNEL + "kernel.session.key = b'other'", *LEFT), outcome=ANY, limits=SHORT
    ),
    "close the sockets of the kernel": Ending(
        cells=(
            "import gc, zmq\n"
            "for each in gc.get_objects():\n"
            "    if isinstance(each, zmq.Socket): each.close(0)",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "close every descriptor": Ending(
        cells=("import os\nos.closerange(0, 500)", *LEFT), outcome=ANY, limits=SHORT
    ),
    "say that it is idle while it runs": Ending(
        cells=(
            KERNEL + "kernel.session.send(kernel.iopub_socket, 'status', "
            "{'execution_state': 'idle'}, parent=kernel.get_parent())\n"
            "import time; time.sleep(1); print('still here')",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "answer for the kernel": Ending(
        cells=(
            KERNEL + "parent = kernel.get_parent()\n"
            "kernel.session.send(kernel.shell_stream, 'execute_reply', {'status': 'ok', "
            "'execution_count': 1}, parent=parent, ident=parent.get('identities', [b'x']))\n"
            "1 / 0",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "answer for every later cell": Ending(
        cells=(
            KERNEL + "async def nothing(*a, **k): return {'status': 'ok', 'execution_count': 0, "
            "'payload': [], 'user_expressions': {}}\nkernel.do_execute = nothing",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "ask for input": Ending(
        cells=("input('your name? ')", *LEFT),
        errors={0: "StdinNotImplementedError"},
        printed={1: "runs"},
    ),
    "leave by sys.exit": Ending(cells=("import sys\nsys.exit(3)", *LEFT), outcome=ANY),
    "shut the kernel down": Ending(
        cells=("get_ipython().kernel.do_shutdown(False)\nexit()", *LEFT), outcome=ANY, limits=SHORT
    ),
    "ask for a restart": Ending(
        cells=("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", *LEFT), outcome=ANY
    ),
    "end half-way through a message": Ending(
        cells=("import os\nprint('half', flush=True)\nos.abort()", *LEFT),
        outcome="killed",
        message="stopped in cell 0",
    ),
    "open ten thousand comms": Ending(
        cells=(
            "from comm import create_comm\n"
            "for i in range(10_000): create_comm(target_name='x', data={'i': i})",
            *LEFT,
        ),
        outcome=ANY,
        printed={1: "runs"},
    ),
    "write nonsense into every pipe": Ending(
        cells=(
            "import os, stat\n"
            "for fd in range(3, 100):\n"
            "    try:\n"
            "        if stat.S_ISFIFO(os.fstat(fd).st_mode): os.set_blocking(fd, False); "
            "os.write(fd, b'\\xff\\x00{' * 1000)\n"
            "    except OSError: pass",
            *LEFT,
        ),
        outcome=ANY,
        limits=SHORT,
    ),
    "make printing fail": Ending(
        cells=("import sys\nsys.stdout.write = None\nprint = None", "sys.displayhook = 3\n1"),
        outcome=ANY,
        limits=SHORT,
    ),
}
