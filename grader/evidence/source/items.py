"""Attributes, items, collections and iteration."""

import ast
from collections.abc import Sequence

from msgspec.structs import replace

from grader.evidence.source import knowledge, parts
from grader.evidence.source.draft import NOTHING, Constant, Draft, Fact, Role, Routine, Scope
from grader.evidence.source.flow import Flow
from grader.evidence.source.knowledge import split_of
from grader.evidence.source.recognise import LIMIT, Meaning, label_tags, limited, whole
from grader.evidence.source.splits import mask_split

TYPED_ROWS = 30
"""Rows of a table typed into a loop's header whose columns are kept apart."""

TYPED_IN = 1000
"""Constants of one list that become nodes; the others are like them."""


class Items(Flow):
    """Expressions that take a value apart or put one together."""

    # --- attributes --------------------------------------------------------------------

    def attribute(self, code: ast.expr) -> int:
        """``value.name``."""
        if not isinstance(code, ast.Attribute):
            return self.other(code)
        path = self.path(code)
        if path is not None:
            return self.put(code, Draft("name", path, fact=Fact(path=path)))
        return self.attribute_of(code, self.evaluate(code.value), code.attr)

    def attribute_of(self, code: ast.AST, base: int, name: str) -> int:
        """An attribute of a node."""
        draft = Draft("attribute", f".{name}", [base], receiver=base)
        member = self.member(base, name)
        if member is not None:
            draft.deps, draft.fact = [member], self.fact(member)
            return self.put(code, draft)
        routine = self.method(self.fact(base), name)
        if routine is not None:
            return self.bound_method(code, draft, routine, base)
        self.apply(draft, parts.attribute(name, self.drafts[base]))
        if draft.fact.role & Role.SCHEMA:
            # Names of classes and columns say nothing of the rows they describe.
            draft.deps = []
        metrics = self.fact(base).metrics
        if name == "metrics" and metrics is not None:
            draft.deps.append(metrics)
        if name == "label_ids":
            draft.deps = self.labelled(base)
        if name in knowledge.OUTPUT_FIELDS:
            draft.deps = self.without_labels(base)
        return self.put(code, draft)

    def bound_method(self, code: ast.AST, draft: Draft, routine: Routine, base: int) -> int:
        """A method taken from an object; a property is called at once."""
        draft.fact = Fact(routine=routine, owner=base)
        if "property" in routine.decorators:
            result = self.read_property(routine, base)
            draft.deps += [] if result is None else [result]
            draft.fact = NOTHING if result is None else self.fact(result)
        return self.put(code, draft)

    def labelled(self, prediction: int) -> list[int]:
        """What the labels of a prediction depend on: the dataset, not the model."""
        evaluated = self.fact(prediction).evaluated
        return [prediction if evaluated is None else evaluated]

    def without_labels(self, output: int) -> list[int]:
        """What flows into the outputs of a model, which computes its loss alone from labels."""
        origin = self.fact(output).origin
        call = None if origin is None else self.drafts[origin]
        if call is None or all(name != "labels" for name, _ in call.arguments):
            return [output]
        labels = {node for name, node in call.arguments if name == "labels"}
        return [dep for dep in call.deps if dep not in labels]

    def method(self, fact: Fact, name: str) -> Routine | None:
        """A method of an object of a class of the notebook."""
        if fact.template is None:
            return None
        return fact.template.methods.get(name)

    def apply(self, draft: Draft, meaning: Meaning) -> None:
        """Put what was recognised on a draft."""
        draft.tags |= meaning.tags
        draft.split = meaning.split
        draft.limit = meaning.limit
        if meaning.role or meaning.bound is not None or meaning.splits is not None:
            draft.fact = replace(
                draft.fact,
                role=draft.fact.role | meaning.role,
                bound=meaning.bound,
                splits=meaning.splits or draft.fact.splits,
            )

    # --- items -------------------------------------------------------------------------

    def subscript(self, code: ast.expr) -> int:
        """``value[key]``."""
        if not isinstance(code, ast.Subscript):
            return self.other(code)
        base = self.evaluate(code.value)
        if isinstance(code.slice, ast.Slice):
            return self._slice(code, base, code.slice)
        key = self.evaluate(code.slice)
        constant = self.fact(key).const
        node = self.item(code, base, constant, key)
        self._chosen_rows(self.drafts[node], base, key)
        return node

    def _chosen_rows(self, draft: Draft, base: int, key: int) -> None:
        """``table[table["split"] == "test"]``, also with a column behind ``.loc``."""
        pair = self.fact(key).fields if self.drafts[key].name == "Tuple" else None
        mask = pair.get(0, key) if pair else key
        draft.split = draft.split or mask_split(self.drafts, mask)
        column = self.fact(pair[1]).const if pair and 1 in pair else None
        if isinstance(column, str):
            draft.tags |= label_tags(column, self.drafts[base])
            draft.reach |= draft.tags

    def item(self, code: ast.AST, base: int, constant: Constant, key: int | None = None) -> int:
        """An item of a node under a key."""
        draft = Draft("subscript", "", [base], receiver=base, value=constant)
        fact = self.fact(base)
        known = self._looked_up(draft, fact, constant)
        if not known:
            self.apply(draft, parts.item(self._draft(key), constant, self.drafts[base]))
        if constant is None and key is not None:
            draft.deps.append(key)
        if fact.role & Role.PREDICTION:
            self._prediction_part(draft, base, constant)
        self._split_part(draft, base, constant)
        return self.put(code, draft)

    def _looked_up(self, draft: Draft, fact: Fact, constant: Constant) -> bool:
        """Whether a container is known to hold this very item, which the draft then stands for."""
        known = _field(fact.fields, constant) if isinstance(constant, int | str) else None
        column = self._column_of(fact, constant)
        if known is not None:
            draft.deps, draft.fact = [known], self.fact(known)
        elif column is not None:
            draft.deps = [column]
            draft.fact = Fact(role=self.fact(column).role | Role.ROWS)
        elif fact.rest is not None and isinstance(constant, str) and not split_of(constant):
            draft.deps = [fact.rest]
        elif fact.items is not None:
            items = self.fact(fact.items)
            draft.fact = Fact(role=items.role, routine=items.routine, path=items.path)
        return known is not None

    def _column_of(self, fact: Fact, key: Constant) -> int | None:
        """A column of a table made of dicts: the value every row has under a key."""
        if not isinstance(key, str) or fact.items is None:
            return None
        return _field(self.fact(fact.items).fields, key)

    def _prediction_part(self, draft: Draft, base: int, constant: Constant) -> None:
        metrics = self.fact(base).metrics
        if constant == 1:
            draft.deps = self.labelled(base)
        elif constant == 2 and metrics is not None:
            draft.deps.append(metrics)

    def _draft(self, node: int | None) -> Draft | None:
        return None if node is None else self.drafts[node]

    def _split_part(self, draft: Draft, base: int, constant: Constant) -> None:
        origin = self.fact(base).origin
        if origin is None or not isinstance(constant, int) or constant < 0:
            return
        call = self.drafts[origin]
        given = [node for name, node in call.arguments if name is None]
        if call.name in knowledge.PAIR_SPLITTERS and constant < 2 * len(given):
            part = given[constant // 2]
            draft.deps, draft.split = [part], ("train", "test")[constant % 2]
            draft.fact = Fact(role=self.fact(part).role)
        elif call.name in knowledge.SPLITTERS and len(given) > 1:
            self._sized_part(draft, given, constant)

    def _sized_part(self, draft: Draft, given: list[int], constant: int) -> None:
        sizes = self.fact(given[1]).fields or {}
        size = sizes.get(constant)
        meaning = Meaning(role=self.fact(given[0]).role)
        limited(meaning, None if size is None else whole(self.drafts[size]))
        self.apply(draft, meaning)

    def _slice(self, code: ast.AST, base: int, part: ast.Slice) -> int:
        lower, upper, step = (
            None if end is None else self.evaluate(end)
            for end in (part.lower, part.upper, part.step)
        )
        ends = [end for end in (lower, upper, step) if end is not None]
        draft = Draft("subscript", "Slice", [base, *ends], receiver=base)
        start, stop = self._span(lower, upper)
        if step is None and not self._window(lower, upper):
            self.apply(draft, parts.slice_item(start, stop, self.drafts[base]))
        else:
            draft.fact = Fact(role=self.fact(base).role & ~Role.MATCHES)
        return self.put(code, draft)

    def _window(self, lower: int | None, upper: int | None) -> bool:
        """Whether a slice is one of several that together keep every row, or drops a few."""
        first = None if lower is None else _number(self.drafts[lower])
        if upper is None:
            return first is None or first >= 0
        return lower is not None and first is None

    def _span(self, lower: int | None, upper: int | None) -> tuple[int | None, int | None]:
        start, stop = (None if end is None else _number(self.drafts[end]) for end in (lower, upper))
        if lower is not None and start is None:
            return None, None
        if upper is None:
            return (None, -start) if start is not None and start < 0 else (None, None)
        negative = stop is None or stop < 0 or (start or 0) < 0
        return (None, None) if negative else (start, stop)

    # --- collections -------------------------------------------------------------------

    def collection(self, code: ast.expr) -> int:
        """A list, tuple or set display."""
        parts = code.elts if isinstance(code, ast.List | ast.Tuple | ast.Set) else []
        if len(parts) > TYPED_IN and all(isinstance(part, ast.Constant) for part in parts):
            nodes = [self.evaluate(part) for part in parts[:TYPED_IN]]
            fact = Fact(bound=len(parts))
            return self.put(code, Draft("collection", type(code).__name__, nodes, fact=fact))
        nodes = [self.evaluate(part) for part in parts]
        return self.gather(code, type(code).__name__, nodes, parts)

    def gather(
        self, code: ast.AST, name: str, nodes: list[int], parts: Sequence[ast.expr] = ()
    ) -> int:
        """A collection of nodes."""
        fact = NOTHING
        if not any(isinstance(part, ast.Starred) for part in parts):
            texts = tuple(self.fact(n).const for n in nodes)
            splits = tuple(split_of(t.partition("[")[0]) for t in texts if isinstance(t, str))
            fact = Fact(
                fields=dict(enumerate(nodes)) if len(nodes) <= 1000 else None,
                items=self._typical(nodes),
                bound=len(nodes),
                splits=splits if splits and len(splits) == len(nodes) else None,
            )
        draft = Draft("collection", name, nodes, fact=fact)
        if nodes and all(self._is_row(node) for node in nodes):
            draft.tags |= LIMIT
            draft.limit = len(nodes)
        return self.put(code, draft)

    def _is_row(self, node: int) -> bool:
        """Whether a node is one row of a dataset, as in ``[test[0], test[1]]``."""
        draft = self.drafts[node]
        return (
            draft.kind == "subscript"
            and type(draft.value) is int
            and bool(draft.fact.role & Role.ITEM and draft.fact.role & Role.DATA)
        )

    def _typical(self, nodes: list[int]) -> int | None:
        return next((n for n in nodes if _is_known(self.fact(n))), None)

    def dictionary(self, code: ast.expr) -> int:
        """A dict display."""
        if not isinstance(code, ast.Dict):
            return self.other(code)
        deps: list[int] = []
        fields: dict[Constant, int] | None = {}
        for key, value in zip(code.keys, code.values, strict=True):
            node = None if key is None else self.evaluate(key)
            item = self.evaluate(value)
            deps += [item] if node is None else [node, item]
            constant = None if node is None else self.fact(node).const
            if fields is not None and isinstance(constant, int | str):
                fields[constant] = item
            else:
                fields = None
        typical = self._typical(deps)
        return self.put(
            code, Draft("collection", "Dict", deps, fact=Fact(fields=fields, items=typical))
        )

    def comprehension(self, code: ast.expr) -> int:
        """A comprehension or generator expression."""
        if not isinstance(code, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self.other(code)
        outer = self.scope
        self.scope = Scope(self.identity(), outer, comprehension=True)
        deps: list[int] = []
        matches = False
        for part in code.generators:
            source = self.evaluate(part.iter)
            deps.append(source)
            self.assign(part.target, self.element(part.iter, source))
            tests = [self.evaluate(test) for test in part.ifs]
            matches = matches or any(self.fact(t).role & Role.MATCHES for t in tests)
            deps += tests
        parts = (code.key, code.value) if isinstance(code, ast.DictComp) else (code.elt,)
        items = [self.evaluate(part) for part in parts]
        self._leave(self.scope, outer)
        role = Role.ROWS | (self.fact(items[-1]).role & Role.MATCHES)
        fact = Fact(role=role | (Role.MATCHES if matches else Role.NONE), items=items[-1])
        fact = replace(fact, bound=self._rounds(code.generators, deps[0]))
        return self.put(code, Draft("collection", type(code).__name__, [*items, *deps], fact=fact))

    def _rounds(self, generators: list[ast.comprehension], source: int) -> int | None:
        return self.fact(source).bound if len(generators) == 1 else None

    def _leave(self, scope: Scope, outer: Scope) -> None:
        self.scope = outer
        if not scope.captured:
            for key in [key for key in self.state if key[0] == scope.id]:
                del self.state[key]

    def element(self, code: ast.AST, iterable: int) -> int:
        """One item of an iterable."""
        draft = self.drafts[iterable]
        rows = self._typed_rows(draft.fact)
        if rows:
            columns = [self.alternatives(code, list(column)) for column in zip(*rows, strict=True)]
            return self.gather(code, "Tuple", columns)
        if draft.fact.columns is not None:
            columns = [self._column(code, iterable, column) for column in draft.fact.columns]
            return self.gather(code, "Tuple", columns)
        fact = parts.element(draft)
        if draft.fact.items is not None:
            fact = replace(self.fact(draft.fact.items), const=None).with_role(fact.role)
        return self.put(code, Draft("operation", "iter", [iterable], fact=fact))

    def _typed_rows(self, fact: Fact) -> list[list[int]]:
        """The rows of ``[("ViT", vit), ("CLIP", clip)]``; empty for anything else."""
        rows = []
        for node in (fact.fields or {}).values() if len(fact.fields or {}) <= TYPED_ROWS else ():
            inner = self.drafts[node]
            parts = inner.fact.fields
            if inner.name not in {"Tuple", "List"} or not parts:
                return []
            rows.append(list(parts.values()))
        return rows if len({len(row) for row in rows}) == 1 else []

    def alternatives(self, code: ast.AST, nodes: list[int]) -> int:
        """A value that is each of several in turn."""
        alone = list(dict.fromkeys(nodes))
        return alone[0] if len(alone) == 1 else self.phi(code, alone)

    def _column(self, code: ast.AST, iterable: int, column: int | None) -> int:
        if column is not None:
            return self.element(code, column)
        bound = self.fact(iterable).bound
        return self.put(code, Draft("operation", "iter", [iterable], fact=Fact(index=bound)))


def _field(fields: object, key: int | str) -> int | None:
    if not isinstance(fields, dict):
        return None
    if isinstance(key, int) and key < 0:
        key += len(fields)
    found = fields.get(key)
    return found if isinstance(found, int) else None


def _number(end: Draft) -> int | None:
    negative = end.fact.const
    if isinstance(negative, int) and negative < 0:
        return negative
    return whole(end)


def _is_known(fact: Fact) -> bool:
    return bool(fact.role) or fact.routine is not None or fact.path is not None
