"""Imports, functions and classes."""

import ast

from grader.evidence.source.assignments import Assignments
from grader.evidence.source.draft import Draft, Fact, Routine, Scope, Template

FunctionCode = ast.FunctionDef | ast.AsyncFunctionDef


class Definitions(Assignments):
    """Statements that bind a name to something to call."""

    # --- imports and declarations ------------------------------------------------------

    def imports(self, code: ast.stmt) -> bool:
        """``import a.b as c``."""
        for alias in code.names if isinstance(code, ast.Import) else []:
            name = alias.asname or alias.name.partition(".")[0]
            path = alias.name if alias.asname else name
            self.bind(name, self.put(code, Draft("name", path, fact=Fact(path=path))))
        return True

    def imports_from(self, code: ast.stmt) -> bool:
        """``from a import b as c``."""
        if not isinstance(code, ast.ImportFrom):
            return True
        module = "." * code.level + (code.module or "")
        for alias in code.names:
            if alias.name == "*":
                self.stars.append(module)
                continue
            path = f"{module}.{alias.name}"
            node = self.put(code, Draft("name", path, fact=Fact(path=path)))
            self.bind(alias.asname or alias.name, node)
        return True

    def outer_names(self, code: ast.stmt) -> bool:
        """``global a`` and ``nonlocal a``."""
        if isinstance(code, ast.Global):
            self.scope.outer.update(dict.fromkeys(code.names, self.top.id))
        elif isinstance(code, ast.Nonlocal):
            inner, self.scope = self.scope, self.scope.parent or self.top
            keys = {name: self.find(name) for name in code.names}
            self.scope = inner
            self.scope.outer.update({name: key[0] for name, key in keys.items() if key})
        return True

    # --- definitions -------------------------------------------------------------------

    def definition(self, code: ast.stmt) -> bool:
        """``def``."""
        if isinstance(code, FunctionCode):
            routine = self.routine(code, code.name)
            node = self._function_node(code, routine, self._decorated(code.decorator_list))
            self.bind(code.name, node)
        return True

    def _decorated(self, decorators: list[ast.expr]) -> list[int]:
        return [self.evaluate(decorator) for decorator in decorators]

    def _function_node(self, code: ast.AST, routine: Routine, extra: list[int]) -> int:
        deps = [*routine.defaults.values(), *extra]
        return self.put(code, Draft("function", routine.name, deps, fact=Fact(routine=routine)))

    def routine(self, code: FunctionCode | ast.Lambda, name: str) -> Routine:
        """A function with the defaults evaluated where it is defined."""
        scope: Scope | None = self.scope
        while scope is not None:
            scope.captured = True
            scope = scope.parent
        signature = code.args
        names = [each.arg for each in (*signature.posonlyargs, *signature.args)]
        defaults = {}
        late = names[len(names) - len(signature.defaults) :]
        for parameter, value in zip(late, signature.defaults, strict=True):
            defaults[parameter] = self.evaluate(value)
        for keyword, default in zip(signature.kwonlyargs, signature.kw_defaults, strict=True):
            if default is not None:
                defaults[keyword.arg] = self.evaluate(default)
        routine = Routine(name, code, self.cell, self.scope, defaults=defaults)
        self.routines.append(routine)
        return routine

    def function_value(self, code: ast.expr) -> int:
        """A lambda."""
        if not isinstance(code, ast.Lambda):
            return self.other(code)
        return self._function_node(code, self.routine(code, "<lambda>"), [])

    def class_definition(self, code: ast.stmt) -> bool:
        """``class``."""
        if not isinstance(code, ast.ClassDef):
            return True
        bases = [self.evaluate(base) for base in code.bases]
        outer = self.scope
        template = Template(code.name, Scope(self.identity(), outer, captured=True))
        template.bases, template.methods = self._inherited(bases)
        self.scope = template.scope
        others = [part for part in code.body if not isinstance(part, FunctionCode)]
        self.execute(others)
        for part in code.body:
            if isinstance(part, FunctionCode):
                self._method_definition(part, template, outer)
        self.scope = outer
        fact = Fact(template=template)
        deps = bases + self._decorated(code.decorator_list)
        self.bind(code.name, self.put(code, Draft("function", code.name, deps, fact=fact)))
        return True

    def _method_definition(self, code: FunctionCode, template: Template, outer: Scope) -> None:
        extra = self._decorated(code.decorator_list)
        routine = self.routine(code, f"{template.name}.{code.name}")
        routine.scope = outer
        routine.decorators = tuple(d.id for d in code.decorator_list if isinstance(d, ast.Name))
        template.methods[code.name] = routine
        self._function_node(code, routine, extra)

    def _inherited(self, bases: list[int]) -> tuple[tuple[str, ...], dict[str, Routine]]:
        names: list[str] = []
        methods: dict[str, Routine] = {}
        for base in bases:
            fact = self.fact(base)
            if fact.template is not None:
                names += fact.template.bases
                methods |= fact.template.methods
            elif fact.path is not None:
                names.append(fact.path)
        return tuple(names), methods
