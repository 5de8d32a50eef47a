"""Targets of assignments."""

import ast

from msgspec.structs import replace

from grader.evidence.source import recognise
from grader.evidence.source.calls import Calls
from grader.evidence.source.draft import Draft, Role
from grader.evidence.source.flow import dotted, stored


class Assignments(Calls):
    """Gives values to names, attributes and items."""

    def assign(self, target: ast.expr, node: int) -> None:
        """Give a value to a target."""
        if isinstance(target, ast.Name):
            self.bind(target.id, node)
            if not self.scope.comprehension:
                self.record(target.id, target, node)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, node)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, node)
        elif isinstance(target, ast.Attribute):
            self._set_attribute(target, node)
        elif isinstance(target, ast.Subscript):
            self._set_item(target, node)

    def _unpack(self, target: ast.Tuple | ast.List, node: int) -> None:
        starred = False
        for position, part in enumerate(target.elts):
            if isinstance(part, ast.Starred):
                starred = True
                rest = self.put(part, Draft("operation", "Starred", [node]))
                self.assign(part, rest)
                continue
            index = position - len(target.elts) if starred else position
            item = self.item(part, node, index)
            self._name_label(part, node, item)
            self.assign(part, item)

    def _name_label(self, part: ast.expr, whole: int, item: int) -> None:
        """In ``for image, label in data`` the name alone tells which part is the label."""
        draft = self.drafts[item]
        fields = self.fact(whole).fields
        if not isinstance(part, ast.Name) or fields or draft.tags or draft.split:
            return
        if self.fact(whole).role & Role.DATA:
            draft.tags |= recognise.label_tags(part.id, self.drafts[whole])
            draft.reach |= draft.tags

    def _set_attribute(self, target: ast.Attribute, node: int) -> None:
        base = self.evaluate(target.value)
        fact = self.fact(base)
        self.hand_over(node)
        if fact.instance is not None:
            self.state[-fact.instance, target.attr] = node
        else:
            version = Draft("operation", "store", [base, node], fact=fact)
            if target.attr == "compute_metrics":
                version.fact = replace(fact, callback=self.fact(node).routine)
            self.rebind(target.value, self.put(target, version))
        self.record(dotted(target), target, node)

    def _set_item(self, target: ast.Subscript, node: int) -> None:
        base = self.evaluate(target.value)
        key = self.evaluate(target.slice)
        self.hand_over(node)
        fact = stored(self.fact(base), self.fact(key).const, node, base)
        version = self.put(target, Draft("operation", "store", [base, key, node], fact=fact))
        self.rebind(target.value, version)
        self.record(dotted(target.value), target, node)
