"""Which values flow where: assignment, rebinding, branches, loops, containers."""

import pytest

from grader.model import Tag
from tests.evidence.source_cases import argument, graph_of, limits, slice_of, tags_of, value_of

RANDOM = "from random import randint\nnoise = randint(0, 9)\n"


@pytest.mark.parametrize(
    "code",
    [
        "x = noise",
        "x: int = noise",
        "x = y = noise",
        "x, other = noise, 1",
        "other, *x = 1, noise, 2",
        "[x, other] = noise, 1",
        "(other, (x, third)) = 1, (noise, 2)",
        "x = 1\nx += noise",
        "print(x := noise)",
        "x = [0]\nx[0] = noise",
        "x = {}\nx['a'] = noise",
        "x = {}\nx['a'] = {}\nx['a']['b'] = noise",
        "x = object()\nx.a = noise",
        "x = []\nx.append(noise)",
        "x = []\nx.extend([noise])",
        "x = {}\nx.update(a=noise)",
        "x = set()\nx.add(noise)",
        "x = []\nx.insert(0, noise)",
        "x = [noise for _ in range(3)]",
        "x = [i for i in [noise]]",
        "x = [i for i in range(3) if i > noise]",
        "x = {i: noise for i in range(3)}",
        "x = {noise}",
        "x = sum(noise for _ in range(3))",
        "x = (lambda: noise)()",
        "f = lambda v: v\nx = f(noise)",
        "x = f'{noise:.2f}'",
        "x = f'{1:{noise}}'",
        "x = -noise",
        "x = not noise",
        "x = 1 if noise else 2",
        "x = 1 < noise",
        "x = 0 or noise",
        "x = [1, 2][noise]",
        "x = [1, 2][:noise]",
        "x = str(noise).strip().split(',')",
        "x = max(1, key=noise)",
        "x = max(*noise, **{})",
        "x = dict(**noise)",
        "x = [*noise]",
        "x = {**noise}",
        "with noise as x: pass",
        "for x in noise: pass",
        "x = 0\nfor i in range(3):\n    x = x + noise",
        "x = 0\nwhile x < 3:\n    x += noise",
        "x = 0\nif other_name:\n    x = noise",
        "if noise:\n    x = 1\nelse:\n    x = 2",
        "try:\n    x = noise\nexcept ValueError:\n    x = 0",
        "try:\n    x = 0\nexcept ValueError:\n    x = noise",
        "try:\n    x = 0\nfinally:\n    x = noise",
        "match noise:\n    case [x]:\n        pass",
        "match 1:\n    case 1:\n        x = noise\n    case _:\n        x = 0",
        "def f():\n    return noise\nx = f()",
        "def f(v):\n    return v\nx = f(noise)",
        "def f(v=noise):\n    return v\nx = f()",
        "def f(*v):\n    return v\nx = f(noise)",
        "def f(**v):\n    return v\nx = f(a=noise)",
        "def f(*, v):\n    return v\nx = f(v=noise)",
        "def f():\n    yield noise\nx = list(f())",
        "async def f():\n    return noise\nx = await f()",
        "def f():\n    def g():\n        return noise\n    return g\nx = f()()",
        "x = 0\ndef f():\n    global x\n    x = noise\nf()",
        "def f():\n    v = 0\n    def g():\n        nonlocal v\n        v = noise\n"
        "    g()\n    return v\nx = f()",
        "def f(v):\n    v.append(noise)\nx = []\nf(x)",
        "class A:\n    def __init__(self, v):\n        self.v = v\nx = A(noise).v",
        "class A:\n    def set(self):\n        self.v = noise\na = A()\na.set()\nx = a.v",
        "class A:\n    v = noise\nx = A.v",
        "class A:\n    v = noise\nx = A().v",
        "class A:\n    @property\n    def v(self):\n        return noise\nx = A().v",
        "class A:\n    @staticmethod\n    def v(a):\n        return a\nx = A().v(noise)",
        "class A:\n    def v(self):\n        return noise\nclass B(A):\n    pass\nx = B().v()",
        "class A:\n    def __call__(self):\n        return noise\na = A()\nx = a()",
        "class A:\n    def __init__(self):\n        self.v = []\n    def run(self):\n"
        "        self.v.append(noise)\na = A()\na.run()\nx = a.v",
        "from functools import partial\ndef f(v):\n    return v\nx = partial(f)(noise)",
        "x = list(map(lambda v: noise, [1]))",
        "x = sorted([1], key=lambda v: noise)",
        "def g(v):\n    return noise\nx = anything(1, callback=g)",
        "pairs = zip([noise], [1])\nfor x, other in pairs: pass",
        "for i, (x, other) in enumerate(zip([noise], [1])): pass",
        "for x in {'a': noise}.values(): pass",
        "for key, x in {'a': noise}.items(): pass",
    ],
)
def test_a_value_flows_through(code: str) -> None:
    assert Tag.RANDOM in tags_of(graph_of(RANDOM + code, "result = x"), "result")


@pytest.mark.parametrize(
    "code",
    [
        "x = noise\nx = 1",
        "x, other = 1, noise",
        "x = [noise]\nx = []\nx.append(1)",
        "d = {'a': noise, 'b': 1}\nx = d['b']",
        "d = {'a': noise, 'b': 1}\nx = d.get('b')",
        "d = {}\nd['a'] = noise\nd['b'] = 1\nx = d['b']",
        "def f():\n    return noise, 1\nother, x = f()",
        "pairs = zip([noise], [1])\nfor other, x in pairs: pass",
        "x = [i for i, j in zip([1], [noise])][0]\nx = 2",
        "if noise:\n    pass\nx = 1",
        "x = 1\ndef f():\n    x = noise\n    return x\nf()",
        "x = 1\nother = [x for x in [noise]]",
        "class A:\n    def __init__(self):\n        self.a = noise\n        self.b = 1\nx = A().b",
        "x = 1\ny = x\ny = noise",
        "def f(v):\n    return v\nf(noise)\nx = f(1)",
        "if True:\n    x = 1\nelse:\n    x = noise",
        "def f():\n    if 1 > 2:\n        return 1\n    return 2\n    return noise\nx = f()",
        "for i in range(3):\n    x = noise\n    x = 1",
        "x = noise\nfor i in range(3):\n    x = 1",
        "x = 1\nrandom.seed(0)\nimport random",
    ],
)
def test_a_value_does_not_flow_where_it_was_replaced(code: str) -> None:
    assert Tag.RANDOM not in tags_of(graph_of(RANDOM + code, "result = x"), "result")


def test_cells_are_read_in_order() -> None:
    graph = graph_of(RANDOM, "x = noise", "noise = 1")
    assert Tag.RANDOM in tags_of(graph, "x")
    assert Tag.RANDOM not in tags_of(graph, "noise")


def test_a_counter_depends_on_what_every_round_adds() -> None:
    graph = graph_of(
        "from datasets import load_dataset\n"
        "test = load_dataset('uoft-cs/cifar10', split='test')\n"
        "correct = 0\n"
        "for batch in test:\n"
        "    pred = guess(batch['img'])\n"
        "    correct += (pred == batch['label']).sum().item()\n"
        "accuracy = correct / len(test)\n"
    )
    names = {node.name for node in slice_of(graph, "accuracy")}
    assert {"guess", "Eq", "phi"} <= names
    assert {Tag.LABELS, Tag.METRIC, Tag.DATASET} <= tags_of(graph, "accuracy")


def test_the_value_of_an_earlier_round_flows_into_the_next() -> None:
    graph = graph_of(
        "from random import random\nlast = 0\nfor i in range(3):\n    x = last\n    last = random()"
    )
    assert Tag.RANDOM in tags_of(graph, "x")


def test_a_loop_that_breaks_keeps_the_value_it_broke_with() -> None:
    graph = graph_of(
        RANDOM
        + "for i in range(3):\n    x = 1\n    if i:\n        x = noise\n        break\n    x = 2\n"
        "result = x"
    )
    assert Tag.RANDOM in tags_of(graph, "result")


def test_both_sides_of_a_branch_meet_in_a_phi_with_its_test() -> None:
    graph = graph_of("if flag:\n    x = 'yes'\nelse:\n    x = 'no'\ny = x")
    slice_ = slice_of(graph, "y")
    phi = next(node for node in slice_ if node.name == "phi")
    assert {"yes", "no"} <= {node.value for node in slice_}
    assert "flag" in {graph.nodes[dep].name for dep in phi.deps}


def test_every_node_says_in_which_block_it_stands() -> None:
    graph = graph_of(
        "a = 1\nif a:\n    b = 2\nelse:\n    c = 3\nfor i in a:\n    d = 4\n"
        "try:\n    e = 5\nexcept Exception:\n    f = 6\n"
        "if __name__ == '__main__':\n    g = 7\n"
    )
    branches = {name: graph.nodes[value_of(graph, name)].branch for name in "abcdefg"}
    assert branches == {
        "a": None,
        "b": "if",
        "c": "else",
        "d": "loop",
        "e": None,
        "f": "except",
        "g": None,
    }


def test_a_function_called_in_a_handler_stands_in_the_handler() -> None:
    graph = graph_of(
        "import random\ndef fake():\n    return random.random()\n"
        "try:\n    x = load()\nexcept Exception:\n    x = fake()\n"
    )
    drawn = graph.calls("random.random")[0]
    assert (drawn.branch, drawn.function, drawn.line) == ("except", "fake", 3)


def test_a_line_is_known_across_several_lines() -> None:
    node = graph_of("x = f(\n    1,\n    2,\n)").calls("f")[0]
    assert (node.line, node.end_line) == (1, 4)


def test_bindings_name_attributes_and_the_variable_of_an_item() -> None:
    graph = graph_of("a.b.c = 1\nd['k'] = 2\ne = [3]")
    assert [(b.name, graph.nodes[b.node].value) for b in graph.bindings[:2]] == [
        ("a.b.c", 1),
        ("d", 2),
    ]
    assert graph.bindings[2].name == "e"


def test_a_demo_is_a_separate_path_from_the_evaluation() -> None:
    graph = graph_of(
        "from datasets import load_dataset\nfrom transformers import Trainer\n"
        "ds = load_dataset('beans')\n"
        "sample = ds['train'].select(range(2))\n"
        "for row in sample:\n    display(row['image'])\n",
        "sample = ds['test']\npred = model.predict(sample)",
    )
    assert limits(graph.slice(argument(graph, ".predict"))) == set()
    assert limits(graph.slice(argument(graph, "display"))) == {2}
