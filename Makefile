# Two commands: `make demo` and `make test`. Both set up .venv from requirements.lock, once.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types lab notebooks docs bench lock wheel clean

help:
	@echo "make demo    run every sample study and print the path of the catalogue"
	@echo "make test    run all tests"
	@echo "make lint    ruff, codespell, mypy"
	@echo "make lab     open JupyterLab on this repository, templates in its launcher"
	@echo "make notebooks  run the course and the reproductions, write them as HTML under build/"
	@echo "make docs    build the documentation site under build/docs"
	@echo "make bench   run the benchmarks"
	@echo "make clean   remove .venv, reports and caches"

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv"; rm -rf .venv; exit 1; }
	@echo "Setting up .venv from requirements.lock (once, about a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)
	@$(BIN)/cxresearch run --all
	@echo
	@echo "Open the catalogue: $(CURDIR)/reports/index.html"

test: $(READY)
	$(BIN)/python -m pytest -n 2

lint: $(READY) types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/nbstripout --verify --keep-id templates/*.ipynb notebooks/*.ipynb notebooks/reproductions/*.ipynb

types: $(READY)
	$(BIN)/mypy

lab: $(READY)
	$(BIN)/cxresearch lab

notebooks: $(READY)
	@rm -rf build/notebooks && mkdir -p build/notebooks
	@cd notebooks && find . -name '*.ipynb' -not -path '*/.*' | sort | while read -r file; do \
		echo "$$file"; \
		../$(BIN)/jupyter nbconvert --log-level=ERROR --to notebook --execute "$$file" --output-dir "../build/notebooks/$$(dirname $$file)" \
		&& ../$(BIN)/jupyter nbconvert --log-level=ERROR --to cxresearch.reports.lesson.LessonExporter "../build/notebooks/$$file" || exit 1; \
	done

docs: notebooks
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

bench: $(READY)
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --generate-hashes --extra dev --no-emit-index-url --no-header --python-version 3.11 --quiet pyproject.toml -o requirements.lock

wheel: $(READY)
	$(BIN)/python -m build --wheel --no-isolation

clean:
	rm -rf .venv reports dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
