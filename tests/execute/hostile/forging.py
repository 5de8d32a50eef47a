"""Notebooks that try to be graded on what did not happen."""

from tests.execute.hostile.notebook import Forgery

EVENTS_PIPE = (
    "import fcntl, os, stat\n"
    "pipes = [fd for fd in range(3, 200) if os.path.exists(f'/proc/self/fd/{fd}')\n"
    "    and stat.S_ISFIFO(os.fstat(fd).st_mode)\n"
    "    and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY]\n"
)
PREPARED = (
    "from sklearn.metrics import accuracy_score\n"
    "import sklearn.metrics, torch\n"
    "labels = [0] * 43 + [1] * 43 + [2] * 42\n"
)
"""The labels of the test split, which any notebook can read."""

SEARCH = (
    "import functools, types\n"
    "def leads(thing):\n"
    "    if isinstance(thing, types.FrameType): return [thing.f_locals, thing.f_globals]\n"
    "    if isinstance(thing, types.FunctionType):\n"
    "        return [thing.__closure__, thing.__globals__, thing.__defaults__, vars(thing)]\n"
    "    if isinstance(thing, types.MethodType): return [thing.__func__, thing.__self__]\n"
    "    if isinstance(thing, types.CellType): return [thing.cell_contents]\n"
    "    if isinstance(thing, functools.partial): return [thing.func, thing.args]\n"
    "    if isinstance(thing, dict): return list(thing.values())\n"
    "    if isinstance(thing, (tuple, list)): return list(thing)\n"
    "    if type(thing).__module__.startswith('grader'): return [vars(type(thing))]\n"
    "    return [getattr(thing, '__callback__', None)] if 'weakref' in repr(type(thing)) else []\n"
    "def search(things):\n"
    "    seen, found = {}, []\n"
    "    for _ in range(8):\n"
    "        after = []\n"
    "        for thing in things:\n"
    "            if id(thing) in seen: continue\n"
    "            seen[id(thing)] = thing\n"
    "            if type(thing).__name__ in ('Recorder', 'Hooks', 'Watch', 'Memory'):\n"
    "                found.append(thing)\n"
    "            after += leads(thing)\n"
    "        things = after\n"
    "    return found\n"
)

FORGED = (
    "import json\n"
    "fields = {'event': 'metric', 'library': 'sklearn', 'function': 'accuracy_score',\n"
    "    'y_true': {'id': 'a', 'n': 128, 'values': labels}, 'y_pred': {'id': 'a', 'n': 128},\n"
    "    'value': 1.0}\n"
    "line = json.dumps(fields).encode() + b'\\n'\n"
)

ALONE = {
    "write events of its own": Forgery(
        cells=(EVENTS_PIPE + FORGED + "for fd in pipes: os.write(fd, line)",),
        reported=frozenset({"forged"}),
    ),
    "write events with a number and a digest": Forgery(
        cells=(
            EVENTS_PIPE + FORGED + "for fd in pipes: os.write(fd, b'0123456789abcdef 3 ' + line)",
        ),
        reported=frozenset({"forged"}),
    ),
    "begin the recording anew": Forgery(
        cells=(
            EVENTS_PIPE + FORGED + "import hashlib\nkey = bytes(16)\n"
            "def sign(n, text):\n"
            "    body = str(n).encode() + b' ' + text\n"
            "    mac = hashlib.blake2b(body, key=key, digest_size=8).hexdigest()\n"
            "    return mac.encode() + b' ' + body\n"
            "start = sign(0, json.dumps({'event': 'start', 'key': key.hex()}).encode()) + b'\\n'\n"
            "for fd in pipes: os.write(fd, start + sign(1, line))",
        ),
        reported=frozenset({"forged"}),
    ),
    "close the recorder's descriptor": Forgery(
        cells=(EVENTS_PIPE + "for fd in pipes: os.close(fd)", "accuracy_score(labels, labels)"),
        reported=frozenset({"lost"}),
    ),
    "put a file in the place of the recorder's descriptor": Forgery(
        cells=(
            EVENTS_PIPE + "null = os.open('/dev/null', os.O_WRONLY)\n"
            "for fd in pipes: os.dup2(null, fd)",
            "accuracy_score(labels, labels)",
        ),
        reported=frozenset({"lost"}),
    ),
    "read the recorder's pipe": Forgery(
        cells=(
            EVENTS_PIPE + "stolen = b''\n"
            "for fd in pipes:\n"
            "    try: own = os.open(f'/proc/self/fd/{fd}', os.O_RDONLY | os.O_NONBLOCK)\n"
            "    except OSError: continue\n"
            "    accuracy_score(labels, labels)\n"
            "    try: stolen += os.read(own, 1 << 20)\n"
            "    except OSError: pass\n"
            "print('KEY' if b'\"key\"' in stolen else 'no key')",
        ),
        printed="no key",
    ),
    "take the recorder's cell event away": Forgery(
        cells=("get_ipython().events.callbacks['post_run_cell'].clear()", "1"),
        reported=frozenset({"lost"}),
    ),
    "trigger no events": Forgery(
        cells=("get_ipython().events.trigger = lambda *args, **kwargs: None", "1"),
        reported=frozenset({"lost"}),
    ),
    "change what runs a cell": Forgery(
        cells=(
            "shell = type(get_ipython())\nkept = shell.run_cell_async\n"
            "def run_cell_async(self, *args, **kwargs): return kept(self, *args, **kwargs)\n"
            "shell.run_cell_async = run_cell_async",
            "1",
        ),
        reported=frozenset({"replaced"}),
    ),
    "replace what libraries write with": Forgery(
        cells=(
            "import os, json, hashlib, threading\n"
            "os.write = os.getpid = hashlib.blake2b = lambda *a, **k: 0\n"
            "json.JSONEncoder.encode = lambda *a: '{}'",
            "accuracy_score(labels, labels)",
        ),
        complete=False,
    ),
}
"""Each in a kernel of its own, because it may silence the recorder."""

TOGETHER = {
    "find the recorder among all objects": Forgery(
        cells=(
            "import gc\n"
            "print([type(o).__name__ for o in gc.get_objects() if type(o).__name__ == 'Recorder'])",
        ),
        reported=frozenset({"gc"}),
    ),
    "look into a hook": Forgery(
        cells=(
            "import gc\n"
            "for cell in accuracy_score.__closure__: print(gc.get_referents(cell.cell_contents))",
        ),
        reported=frozenset({"gc"}),
    ),
    "look into a hook from a thread": Forgery(
        cells=(
            "import gc, threading\n"
            "thread = threading.Thread(target=gc.get_objects); thread.start(); thread.join()",
        ),
        reported=frozenset({"gc"}),
    ),
    "make an object of an address": Forgery(
        cells=(
            "import _ctypes\n"
            "print(_ctypes.PyObj_FromPtr(id(accuracy_score.__closure__[0].cell_contents)))",
        ),
        reported=frozenset({"ctypes"}),
    ),
    "call the interpreter from C": Forgery(
        cells=("import ctypes\nctypes.pythonapi.PyEval_GetFrame",),
        reported=frozenset({"ctypes"}),
    ),
    "look at the frames of other threads": Forgery(
        cells=("import sys\nlen(sys._current_frames())",), reported=frozenset({"frames"})
    ),
    "write its own memory": Forgery(
        cells=("open('/proc/self/mem', 'rb').close()",), reported=frozenset({"memory"})
    ),
    "trace every call": Forgery(
        cells=("import sys\nsys.settrace(lambda *a: None); sys.settrace(None)",),
        reported=frozenset({"trace"}),
    ),
    "profile every call": Forgery(
        cells=("import sys\nsys.setprofile(lambda *a: None); sys.setprofile(None)",),
        reported=frozenset({"trace"}),
    ),
    "hear every audit event": Forgery(
        cells=("import sys\nsys.addaudithook(lambda *a: None)",), reported=frozenset({"audit"})
    ),
    "import the recorder": Forgery(
        cells=("try: import grader_guest.recorder\nexcept ImportError as error: print(error)",),
        reported=frozenset({"import"}),
    ),
    "delete the recorder's modules": Forgery(
        cells=(
            "import sys\n"
            "found = [n for n in sys.modules if 'grader' in n or n.endswith('recorder')]\n"
            "for n in found: del sys.modules[n]\n"
            "print(found)",
        ),
        complete=True,
        printed=r"\[\]",
    ),
    "search the frames for the recorder": Forgery(
        cells=(SEARCH + "import inspect\nprint(search([each.frame for each in inspect.stack()]))",),
        complete=True,
        printed=r"\[\]",
    ),
    "search a hook for the recorder": Forgery(
        cells=(SEARCH + "print(search([accuracy_score, torch.nn.Module.__call__]))",),
        complete=True,
        printed=r"\[\]",
    ),
    "search the frames while a metric is computed": Forgery(
        cells=(
            SEARCH + "import inspect, numpy\nfound = []\n"
            "class Labels:\n"
            "    def __len__(self): return 2\n"
            "    def __array__(self, *a, **k):\n"
            "        found.extend(search([each.frame for each in inspect.stack()]))\n"
            "        return numpy.array([0, 1])\n"
            "accuracy_score(Labels(), Labels())\n"
            "print(found)",
        ),
        complete=True,
        printed=r"\[\]",
    ),
    "search the frames of an error": Forgery(
        cells=(
            SEARCH + "import traceback\n"
            "try: accuracy_score([1], 'x')\n"
            "except Exception as error:\n"
            "    print(search([frame for frame, _ in traceback.walk_tb(error.__traceback__)]))",
        ),
        complete=True,
        printed=r"\[\]",
    ),
    "search the weak references to a model": Forgery(
        cells=(
            SEARCH + "import weakref\nmodel = torch.nn.Identity(); model(torch.rand(1, 3, 8, 8))\n"
            "print(search(weakref.getweakrefs(model)))",
        ),
        complete=True,
        printed=r"\[\]",
    ),
    "search a dataset that is read for the recorder": Forgery(
        cells=(
            SEARCH + "from datasets import load_dataset\n"
            "rows = iter(load_dataset('beans', split='test'))\nnext(rows)\n"
            "print(search([rows.gi_frame, type(rows), load_dataset]))",
        ),
        complete=True,
        printed=r"\[\]",
    ),
    "hide the steps of an optimiser": Forgery(
        cells=(
            "from torch.optim.optimizer import _global_optimizer_post_hooks\n"
            "_global_optimizer_post_hooks.clear()",
        ),
        reported=frozenset({"replaced"}),
    ),
    "take an exception that was never raised": Forgery(
        cells=("import sys\nfor place in (0, -1, 'x', None): sys.audit('notebook.except', place)",),
        complete=True,
    ),
    "call what a hook calls": Forgery(
        cells=(
            "for cell in accuracy_score.__closure__:\n"
            "    try: cell.cell_contents((True, (labels, labels), {}), True, 1.0)\n"
            "    except Exception as error: print(error)",
        ),
        reported=frozenset({"called"}),
    ),
    "call what ends a cell": Forgery(
        cells=("for each in get_ipython().events.callbacks['post_run_cell']: each()",),
        reported=frozenset({"called"}),
    ),
    "make a hook of its own from a hook's code": Forgery(
        cells=(
            "import types\n"
            "f = sklearn.metrics.f1_score\n"
            "made = types.FunctionType(f.__code__, f.__globals__, 'f', None, f.__closure__)",
        ),
        reported=frozenset({"copied"}),
    ),
    "replace a metric": Forgery(
        cells=("sklearn.metrics.precision_score = lambda *args, **kwargs: 1.0",),
        reported=frozenset({"replaced"}),
    ),
    "replace a metric of evaluate": Forgery(
        cells=("import evaluate\nevaluate.EvaluationModule.compute = lambda self, **k: {'a': 1}",),
        reported=frozenset({"replaced"}),
    ),
    "replace what every model is called through": Forgery(
        cells=("torch.nn.Module.__call__ = lambda self, *a, **k: self.forward(*a, **k)",),
        reported=frozenset({"replaced"}),
    ),
    "replace how a dataset is loaded": Forgery(
        cells=("import datasets\ndatasets.load_dataset = lambda *a, **k: None",),
        reported=frozenset({"replaced"}),
    ),
    "replace how an error is shown": Forgery(
        cells=(
            "from IPython.core.interactiveshell import InteractiveShell\n"
            "InteractiveShell.showtraceback = lambda *args, **kwargs: None\n"
            "type(get_ipython())._showtraceback = lambda *args, **kwargs: None",
        ),
        reported=frozenset({"replaced"}),
    ),
    "change what a hook calls": Forgery(
        cells=(
            "for cell in sklearn.metrics.recall_score.__closure__:\n"
            "    cell.cell_contents = lambda *args, **kwargs: None",
        ),
        reported=frozenset({"changed"}),
    ),
    "change the code of a hook": Forgery(
        cells=(
            "def outer(a, b, c):\n"
            "    def f(*args, **kwargs): a, b, c; return 1.0\n"
            "    return f\n"
            "sklearn.metrics.hamming_loss.__code__ = outer(1, 2, 3).__code__",
        ),
        reported=frozenset({"changed"}),
    ),
    "compare equal to everything": Forgery(
        cells=(
            "class Yes(int):\n"
            "    def __eq__(self, other): return True\n"
            "    __hash__ = int.__hash__\n"
            "print(accuracy_score([Yes(0)] * 128, [Yes(1)] * 128))",
        ),
        complete=True,
    ),
    "be a word that equals everything": Forgery(
        cells=(
            "class Any(str):\n"
            "    def __eq__(self, other): return True\n"
            "    __hash__ = str.__hash__\n"
            "print(accuracy_score([Any('a')] * 128, [Any('b')] * 128))",
        ),
        complete=True,
    ),
    "score in a child": Forgery(
        cells=(
            "import os\n"
            "if os.fork() == 0:\n"
            "    accuracy_score(labels, labels); os._exit(0)\n"
            "os.wait()",
        ),
        complete=True,
    ),
    "be called like a test item": Forgery(
        cells=(
            "import numpy\n"
            "class Always(numpy.ndarray):\n"
            "    def __eq__(self, other): return numpy.ones(len(self), bool)\n"
            "a = numpy.zeros(128, int).view(Always)\n"
            "print(accuracy_score(a, numpy.ones(128, int)))",
        ),
        complete=True,
    ),
}
"""One after another in one kernel; what is reported names its cell."""
