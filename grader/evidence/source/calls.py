"""Calls: of libraries, of values, and of the notebook's own functions, which are inlined."""

import ast

from msgspec.structs import replace

from grader.evidence.source import knowledge, parts, recognise
from grader.evidence.source.draft import (
    NOTHING,
    Constant,
    Draft,
    Fact,
    Role,
    Routine,
    Template,
    loosened,
)
from grader.evidence.source.flow import dotted
from grader.evidence.source.inlining import Arguments, Inlining, is_own_metric
from grader.evidence.source.recognise import DATASET, LABELS, METRIC, MODEL, MODEL_OUTPUT, Values


class Calls(Inlining):
    """Calls of every kind, and the callbacks of a trainer."""

    def call(self, code: ast.expr) -> int:
        """Node of a call."""
        if not isinstance(code, ast.Call):
            return self.other(code)
        path = self.path(code.func)
        if path is not None and not self._own(code.func):
            return self._library(code, path, self.arguments(code))
        if isinstance(code.func, ast.Attribute):
            return self._method(code, code.func)
        callee = self.evaluate(code.func)
        return self._value(code, callee)

    def _own(self, code: ast.expr) -> bool:
        bound = self.peek(code)
        return bound is not None and (
            self.fact(bound).routine is not None or self.fact(bound).template is not None
        )

    def arguments(self, code: ast.Call) -> Arguments:
        """Nodes of the arguments, functions among them noted as passed."""
        found: Arguments = []
        for part in code.args:
            if isinstance(part, ast.Starred):
                found.append(("*", self.evaluate(part.value)))
            else:
                found.append((None, self.evaluate(part)))
        for keyword in code.keywords:
            found.append((keyword.arg or "**", self.evaluate(keyword.value)))
        for _, node in found:
            self.hand_over(node)
        return found

    def hand_over(self, node: int) -> None:
        """Note that a function leaves the hands of the code we see."""
        fact = self.fact(node)
        if fact.routine is not None and self.reachable:
            fact.routine.passed = True
        for field in (fact.fields or {}).values() if fact.fields else ():
            routine = self.fact(field).routine
            if routine is not None and self.reachable:
                routine.passed = True

    def values(self, arguments: Arguments) -> Values:
        """Arguments as drafts."""
        return Values(
            [self.drafts[node] for name, node in arguments if name is None],
            {name: self.drafts[node] for name, node in arguments if name is not None},
        )

    # --- libraries ---------------------------------------------------------------------

    def _library(self, code: ast.Call, path: str, arguments: Arguments) -> int:
        meaning = recognise.function_call(path, self.values(arguments))
        draft = Draft("call", path, [node for _, node in arguments], arguments=arguments)
        self.apply(draft, meaning)
        self._shape(draft, path, arguments)
        self._followed(code, draft, arguments)
        node = self.put(code, draft)
        if meaning.role & Role.TRAINER:
            draft.fact = replace(draft.fact, callback=self._callback(arguments))
        draft.fact = replace(draft.fact, origin=node)
        if path in knowledge.MUTATING_FUNCTIONS and code.args:
            self.rebind(code.args[0], node)
        return node

    def _followed(self, code: ast.Call, draft: Draft, arguments: Arguments) -> None:
        """What functions handed over return flows into the result."""
        if draft.fact.role & Role.TRAINER:
            return
        data = [node for _, node in arguments if self.fact(node).routine is None]
        if draft.receiver is not None:
            data.insert(0, draft.receiver)
        for _, node in arguments:
            routine = self.fact(node).routine
            if routine is None:
                continue
            result = self._handed(code, routine, data, self.fact(node))
            if result is not None and draft.fact.role & Role.DATA:
                self._transformed(draft, result)
            elif result is not None:
                draft.deps.append(result)

    def _transformed(self, draft: Draft, result: int) -> None:
        """A dataset after ``map`` or ``filter``: its label column stays a column.

        A row with labels among its columns must not make labels of its images, so columns are
        kept apart where they are known.
        """
        fields = self.fact(result).fields or {}
        columns: dict[Constant, int] = {
            key: node for key, node in fields.items() if isinstance(key, str)
        }
        if columns and draft.receiver is not None:
            draft.fact = replace(draft.fact, fields=columns, rest=draft.receiver)
        draft.fact = replace(draft.fact, items=result)
        parts = fields.values() if fields else [result]
        draft.deps += [node for node in parts if not self._is_label(node)]

    def _is_label(self, node: int) -> bool:
        reach = self.drafts[node].reach
        return bool(reach & LABELS) and not reach & MODEL_OUTPUT

    def _handed(self, code: ast.Call, routine: Routine, data: list[int], fact: Fact) -> int | None:
        role = Role.NONE
        for node in data[:1]:
            role = parts.element(self.drafts[node]).role
        given: Arguments = []
        if fact.owner is not None:
            given.append((None, fact.owner))
        draft = Draft("operation", "iter", list(data), fact=Fact(role=role))
        given.append((None, self.put(code, draft)))
        return self.inline(routine, given, code, called=False)

    def _shape(self, draft: Draft, path: str, arguments: Arguments) -> None:
        """What is known of the items of the result."""
        nodes = [node for name, node in arguments if name is None]
        first = self.fact(nodes[0]) if nodes else NOTHING
        last = path.rpartition(".")[2]
        if path == "zip":
            draft.fact = replace(draft.fact, columns=tuple(nodes))
        elif path == "enumerate" and nodes:
            draft.fact = replace(draft.fact, columns=(None, nodes[0]), role=first.role)
        elif path == "dict" or last == "DatasetDict":
            self._keyword_fields(draft, arguments)
        elif path in knowledge.WRAPPERS or last in {"tqdm", "DataLoader"}:
            self._wrapped(draft, first)
            if last == "DataLoader":
                size = self.values(arguments).at(1, "batch_size")
                rows = 1 if size is None else recognise.whole(size)
                draft.fact = replace(draft.fact, batch=rows)
        elif path in {"functools.partial", "numpy.vectorize"}:
            draft.fact = replace(draft.fact, path=first.path, routine=first.routine)
        elif path in {"os.path.join", "pathlib.Path"} and nodes:
            tail = self.fact(nodes[-1])
            text = tail.const if isinstance(tail.const, str) else tail.tail
            draft.fact = replace(draft.fact, tail=text)

    def _keyword_fields(self, draft: Draft, arguments: Arguments) -> None:
        named: dict[Constant, int] = {name: node for name, node in arguments if name is not None}
        inner = next((self.fact(node).fields for name, node in arguments if name is None), None)
        if not {"*", "**"} & named.keys() and (named or inner):
            draft.fact = replace(draft.fact, fields={**(inner or {}), **named})

    def _wrapped(self, draft: Draft, inner: Fact) -> None:
        draft.fact = replace(
            draft.fact,
            columns=inner.columns,
            items=inner.items,
            batch=inner.batch,
            fields=inner.fields if draft.name in {"list", "tuple"} else None,
            instance=inner.instance,
            template=inner.template,
        )

    # --- methods and values ------------------------------------------------------------

    def _method(self, code: ast.Call, func: ast.Attribute) -> int:
        base = self.evaluate(func.value)
        member = self.member(base, func.attr)
        routine = self.method(self.fact(base), func.attr)
        if member is not None and routine is None:
            return self._value(code, member)
        arguments = self.arguments(code)
        if routine is not None:
            static = "staticmethod" in routine.decorators
            given = arguments if static else [(None, base), *arguments]
            return self._inlined(code, routine, given, arguments, base)
        values = self.values(arguments)
        meaning = recognise.method_call(func.attr, self.drafts[base], values)
        deps = [base, *(node for _, node in arguments)]
        draft = Draft("call", f".{func.attr}", deps, receiver=base, arguments=arguments)
        self.apply(draft, meaning)
        self._methods_result(draft, func.attr, base, arguments)
        self._followed(code, draft, arguments)
        self._trainer(code, draft, func.attr, arguments)
        node = self.put(code, draft)
        if draft.fact.origin is None:
            draft.fact = replace(draft.fact, origin=node)
        self._mutate(code, func, base, node)
        return node

    def _methods_result(self, draft: Draft, name: str, base: int, arguments: Arguments) -> None:
        fact = self.fact(base)
        if name == "values":
            draft.fact = replace(draft.fact, items=fact.items)
        elif name == "items":
            draft.fact = replace(draft.fact, columns=(base, self.put_items(base, fact)))
        elif name == "get" and arguments:
            key = self.fact(arguments[0][1]).const
            found = None if key is None else (fact.fields or {}).get(key)
            if found is not None:
                draft.deps, draft.fact = [found], self.fact(found)
        elif name == "prepare":
            # accelerate gives back what it was given, in the same order
            draft.fact = replace(draft.fact, fields=dict(enumerate(n for _, n in arguments)))
        if draft.fact.role & (Role.MODEL | Role.TRAINER):
            draft.fact = replace(
                draft.fact,
                callback=fact.callback,
                instance=fact.instance,
                template=fact.template,
                origin=fact.origin,
            )

    def put_items(self, base: int, fact: Fact) -> int:
        """A node for the values of a mapping."""
        values = Draft("operation", "values", [base], fact=Fact(role=fact.role, items=fact.items))
        where = ast.Pass(lineno=self.line, end_lineno=self.line, col_offset=0)
        return self.put(where, values)

    def _mutate(self, code: ast.Call, func: ast.Attribute, base: int, node: int) -> None:
        """A method that changes its receiver makes a new version of it."""
        role = self.fact(base).role
        name = func.attr
        if role & Role.GENERATOR:
            if name == "shuffle" and code.args:
                self.rebind(code.args[0], node)
            return
        if name not in knowledge.MUTATORS or (name == "train" and not role & Role.TRAINER):
            return
        fact = loosened(self.fact(base))
        if name in knowledge.GROWS and not role & (Role.MODEL | Role.MEASURE):
            fact = self._grown(fact, [n for _, n in self.drafts[node].arguments], name)
        self.drafts[node].fact = fact
        self.rebind(func.value, node)
        if isinstance(func.value, ast.Name | ast.Attribute):
            self.record(dotted(func.value), func, node)

    def _grown(self, fact: Fact, added: list[int], name: str) -> Fact:
        """What is known of a container after something was added."""
        matches = any(self.fact(each).role & Role.MATCHES for each in added)
        fact = fact.with_role(Role.ROWS | (Role.MATCHES if matches else Role.NONE))
        if name != "append" or not added or fact.items is not None:
            return fact
        one = self.fact(added[0])
        return replace(fact, items=added[0]) if one.role or one.fields else fact

    def _value(self, code: ast.Call, callee: int) -> int:
        fact = self.fact(callee)
        arguments = self.arguments(code)
        if fact.template is not None and fact.instance is None:
            return self.instantiate(code, fact.template, arguments)
        if fact.routine is not None:
            given = arguments if fact.owner is None else [(None, fact.owner), *arguments]
            return self._inlined(code, fact.routine, given, arguments, None)
        if fact.path is not None:
            return self._library(code, fact.path, arguments)
        meaning = recognise.value_call(self.drafts[callee], self.values(arguments))
        routine = self.method(fact, "forward") or self.method(fact, "__call__")
        deps = [callee, *(node for _, node in arguments)]
        name = code.func.id if isinstance(code.func, ast.Name) else ""
        if isinstance(code.func, ast.Attribute):
            name = f".{code.func.attr}"
        draft = Draft("call", name, deps, receiver=callee, arguments=arguments)
        self.apply(draft, meaning)
        if routine is not None:
            result = self.inline(routine, [(None, callee), *arguments], code)
            draft.deps += [] if result is None else [result]
        node = self.put(code, draft)
        draft.fact = replace(draft.fact, origin=node)
        return node

    # --- the notebook's own functions and classes ---------------------------------------

    def _inlined(
        self,
        code: ast.Call,
        routine: Routine,
        given: Arguments,
        arguments: Arguments,
        receiver: int | None,
    ) -> int:
        first = len(self.drafts)
        result = self.inline(routine, given, code)
        deps = [node for _, node in arguments]
        name = routine.name if receiver is None else f".{routine.name.rpartition('.')[2]}"
        draft = Draft("call", name, deps, receiver=receiver, arguments=arguments)
        if receiver is not None:
            draft.deps.insert(0, receiver)
        if result is not None:
            draft.deps.append(result)
            draft.fact = self.fact(result)
            if self._measures(routine, first, result):
                draft.tags |= METRIC
        elif routine.computes_metric:
            draft.tags |= METRIC
        return self.put(code, draft)

    def _measures(self, routine: Routine, first: int, result: int) -> bool:
        """Whether a call returned a metric: one it computed, or by its name and a division."""
        inside = self.drafts[first:]
        if any(each.tags & METRIC for each in inside) and self.drafts[result].reach & METRIC:
            return True
        return is_own_metric(routine, inside)

    def instantiate(self, code: ast.Call, template: Template, arguments: Arguments) -> int:
        """A new object of a class of the notebook."""
        role, tags = _nature(template)
        instance = self.identity()
        fact = Fact(role=role, template=template, instance=instance)
        start = template.methods.get("__init__")
        if start is not None:
            itself = self.put(code, Draft("operation", "new", fact=fact))
            self.inline(start, [(None, itself), *arguments], code)
        else:
            named = {name: node for name, node in arguments if name is not None}
            self.state.update({(-instance, name): node for name, node in named.items()})
        if set(template.bases) - {"object"} and self.reachable:
            # Whoever defined the base calls the methods.
            for method in template.methods.values():
                method.passed = True
        draft = Draft("call", template.name, [node for _, node in arguments], arguments=arguments)
        draft.tags = tags
        node = self.put(code, draft)
        callback = self._callback(arguments) if role & Role.TRAINER else None
        draft.fact = replace(fact, origin=node, callback=callback)
        return node

    # --- trainers ----------------------------------------------------------------------

    def _callback(self, arguments: Arguments) -> Routine | None:
        for name, node in arguments:
            if name == "compute_metrics":
                return self.fact(node).routine
        return None

    def _trainer(self, code: ast.Call, draft: Draft, name: str, arguments: Arguments) -> None:
        """A trainer calls ``compute_metrics`` on what it predicts."""
        fact = self.fact(draft.receiver) if draft.receiver is not None else NOTHING
        if not fact.role & Role.TRAINER or name not in {"evaluate", "predict", "train"}:
            return
        if name == "predict":
            given = next(iter(_dataset(arguments)), None)
            draft.fact = replace(draft.fact, evaluated=given)
        if fact.callback is None:
            return
        data, model = self._evaluated(fact, name, arguments)
        if name == "train" and not data:
            return
        evaluated = data[0] if data else None
        meant = Fact(role=Role.PREDICTION, evaluated=evaluated)
        prediction = self.put(code, Draft("operation", "predict", [*data, *model], fact=meant))
        result = self.inline(fact.callback, [(None, prediction)], code)
        if result is not None and name == "evaluate":
            draft.deps.append(result)
        elif name == "predict":
            draft.fact = replace(draft.fact, metrics=result)

    def _evaluated(
        self, fact: Fact, name: str, arguments: Arguments
    ) -> tuple[list[int], list[int]]:
        """The dataset a trainer runs on, and its model; empty where unknown."""
        made = [] if fact.origin is None else self.drafts[fact.origin].arguments
        model = [n for key, n in made if key == "model"] or [n for k, n in made if k is None][:1]
        given = [] if name == "train" else _dataset(arguments)
        return given or [n for key, n in made if key == "eval_dataset"], model


def _dataset(arguments: Arguments) -> list[int]:
    wanted = {None, "eval_dataset", "test_dataset"}
    return [node for name, node in arguments if name in wanted][:1]


def _nature(template: Template) -> tuple[Role, int]:
    """Role and tags of an object of a class, by what the class extends."""
    bases = [knowledge.canonical(base) for base in template.bases]
    if any(knowledge.TRAINER.match(base) for base in bases):
        return Role.MODEL | Role.TRAINER, MODEL
    if any(knowledge.MODEL_BASES.match(base) for base in bases):
        return Role.MODEL, MODEL
    if knowledge.DATASET_BASES & set(bases):
        return Role.DATA | Role.ROWS | Role.PAIRS, DATASET
    return Role.NONE, 0
