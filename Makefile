# Everything a user or CI runs. Needs Python 3.11 or later, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: demo test slow check format schema messages reference browser clean

demo: $(VENV)/lab
	$(BIN)/grader demo --out out/demo

# A file's tests stay together: they share kernels and runs.
test: $(VENV)/dev
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not alone"
	$(BIN)/pytest -m "alone and not slow"

# Long campaigns: kills at 25 random moments, 200 notebooks without a leak, hostile notebooks as an
# ordinary user, an environment with transformers 4.
slow: $(VENV)/dev
	$(BIN)/pytest -m slow

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Schemas that editors and other programs read; checked in, and tested to be fresh.
schema: $(VENV)/dev
	$(BIN)/python -m tests.schemas write

# Compiles the catalogues of translations after a change to one.
messages: $(VENV)/dev
	$(BIN)/python -m tests.messages write

# Runs of the staff notebook, from which the bands come.
reference: $(VENV)/lab
	for lab in week9-vit-clip module08-vlm tp1-multimodal; do \
		$(BIN)/grader reference run $$lab || exit 1; done

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# A stamp is renewed when what it installs changes. What is installed in place is compiled too, for
# those whose Python is told to keep nothing: half of the time of a check would go by on it.
$(VENV)/lab: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[lab]'
	@$(BIN)/python -m compileall -q grader
	@touch $@

$(VENV)/dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[lab,dev]'
	@$(BIN)/python -m compileall -q grader
	@touch $@ $(VENV)/lab

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis
