"""What names resolve to, and IPython syntax."""

import pytest

from tests.evidence.source_cases import graph_of, value_of


@pytest.mark.parametrize(
    "code",
    [
        "import sklearn.metrics\nsklearn.metrics.accuracy_score(a, b)",
        "import sklearn.metrics as m\nm.accuracy_score(a, b)",
        "from sklearn import metrics\nmetrics.accuracy_score(a, b)",
        "from sklearn.metrics import accuracy_score\naccuracy_score(a, b)",
        "from sklearn.metrics import accuracy_score as acc\nacc(a, b)",
        "from sklearn.metrics import *\naccuracy_score(a, b)",
        "from sklearn.metrics import accuracy_score\nf = accuracy_score\nf(a, b)",
        "from sklearn.metrics import accuracy_score\nfor f in [accuracy_score]:\n    f(a, b)",
        "from sklearn.metrics import accuracy_score\n{'a': accuracy_score}['a'](a, b)",
        "from sklearn.metrics import accuracy_score\ndef g(f):\n    f(a, b)\ng(accuracy_score)",
        "from functools import partial\nfrom sklearn.metrics import accuracy_score\n"
        "partial(accuracy_score, normalize=True)(a, b)",
        "try:\n    from sklearn.metrics import accuracy_score\nexcept ImportError:\n"
        "    accuracy_score = None\naccuracy_score(a, b)",
        "def g():\n    from sklearn.metrics import accuracy_score\n    accuracy_score(a, b)\ng()",
    ],
)
def test_a_call_is_known_by_its_imported_name(code: str) -> None:
    assert len(graph_of(code).calls("sklearn.metrics.accuracy_score")) == 1


def test_a_function_of_the_notebook_shadows_an_import() -> None:
    graph = graph_of(
        "from sklearn.metrics import accuracy_score\n"
        "def accuracy_score(a, b):\n    return 0.97\n"
        "accuracy_score(a, b)"
    )
    assert graph.calls("sklearn.metrics.accuracy_score") == ()
    assert len(graph.calls("accuracy_score")) == 1


def test_a_method_is_known_by_its_last_name_and_its_receiver() -> None:
    graph = graph_of(
        "import evaluate\naccuracy = evaluate.load('accuracy')\n"
        "accuracy.compute(predictions=p, references=y)"
    )
    (call,) = graph.calls(".compute")
    assert call.receiver is not None
    assert "evaluate.load" in {node.name for node in graph.slice(call.receiver)}
    assert [argument.name for argument in call.arguments] == ["predictions", "references"]


def test_a_module_nobody_imported_goes_by_its_usual_alias() -> None:
    assert graph_of("np.random.randint(0, 9)").calls("numpy.random.randint")


def test_a_subscript_keeps_its_constant_key() -> None:
    graph = graph_of("k = 'te' + 'st'\nx = d[k]")
    assert graph.nodes[value_of(graph, "x")].value == "test"


@pytest.mark.parametrize(
    "source",
    [
        "!pip install evaluate --quiet\nx = 1",
        "%matplotlib inline\nx = 1",
        "%%time\nx = 1",
        "\n%%capture output\nx = 1",
        "pip install transformers datasets\nx = 1",
        "pip3 install -q evaluate\nx = 1",
        "?help\nx = 1",
        "Trainer?\nx = 1",
        "Trainer.train??\nx = 1",
        "cd /content\nx = 1",
        "!wget https://example.org/a.zip \\\n  -O a.zip\nx = 1",
        "files = !ls *.png\nx = 1",
        "here = %pwd\nx = 1",
        "if True:\n    !mkdir data\n    x = 1",
        "for i in range(3):\n    !echo {i}\nx = 1",
        "  !ls\n  x = 1",
        "s = '''\n!not a command\n'''\n!ls\nx = 1",
        "s = (5\n%3)\n!ls\nx = 1",
        "s = 'it''s' # it's\n!ls\nx = 1",
        "s = 1 + \\\n  2\n!ls\nx = 1",
        "!ls\r\nx = 1",
        "!apt-get install -y libgl1\nx = 1",
        "await something()\nx = 1",
    ],
)
def test_ipython_syntax_is_set_aside(source: str) -> None:
    graph = graph_of(source)
    assert graph.unparsed == ()
    binding = next(binding for binding in graph.bindings if binding.name == "x")
    assert binding.line == source.replace("\r\n", "\n").split("x = 1")[0].count("\n") + 1


@pytest.mark.parametrize("magic", ["bash", "html", "javascript", "writefile a.py", "sh"])
def test_a_cell_in_another_language_is_skipped(magic: str) -> None:
    graph = graph_of(f"%%{magic}\nx = 1")
    assert (graph.nodes, graph.unparsed) == ((), ())


def test_a_string_that_looks_like_a_magic_is_left_alone() -> None:
    graph = graph_of("!ls\nx = '''\n%time\n!ls\n'''")
    assert graph.nodes[value_of(graph, "x")].value == "\n%time\n!ls\n"


def test_a_cell_that_is_not_python_leaves_the_others_readable() -> None:
    graph = graph_of("x = 1", "print 'hello'\n", "y = x", "z = (", "a = \x00")
    assert [unparsed.cell for unparsed in graph.unparsed] == [1, 3, 4]
    assert graph.unparsed[0].line == 1
    assert "parentheses" in graph.unparsed[0].reason
    assert graph.nodes[value_of(graph, "y")].name == "x"


def test_no_cell_gives_an_empty_graph() -> None:
    graph = graph_of("", "# only a comment", "   ")
    assert (graph.nodes, graph.bindings, graph.functions, graph.unparsed) == ((), (), (), ())
