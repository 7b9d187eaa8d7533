# Twinshore. `make help` lists what there is. Needs Python >= 3.10, make and a package registry; nothing else.
# Another interpreter: make test PYTHON=python3.10 VENV=.venvs/py3.10 TOOLS_PYTHON=python3

PYTHON  ?= python3
VENV    ?= .venv
WORKERS ?= 3
TESTS   ?= tests
SEEDS   ?= 1000
SEED    ?=
SECONDS ?= 300
RATE    ?=
PREPARE  = $(PYTHON) tools/prepare.py
# Tools and engines live apart from our code, on any Python.
TOOLS_PYTHON ?= $(PYTHON)
export PYTHONPATH = .:layers/core

.DEFAULT_GOAL := help
.PHONY: help run test simulate build lint bench load budgets cells alarms models docs locks clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

run: ## two clouds in a box: the journey in the terminal, then a page to walk it yourself
	@$(PREPARE) $(VENV)=runtime
	@exec $(VENV)/bin/python -m sandbox

test: ## every test, on real engines
	@$(PREPARE) $(VENV)=runtime,test $(VENV)-runtime=runtime
	@$(TOOLS_PYTHON) tools/prepare.py .venvs/ministack=ministack .venvs/sam=sam .venvs/checkov=checkov
	@$(PYTHON) tools/browser.py
	@export TMPDIR=$$($(PYTHON) tools/scratch.py) && trap 'rm -rf "$$TMPDIR"' EXIT && PYTHONDONTWRITEBYTECODE= \
	  $(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

simulate: ## four cells in bad weather, seed by seed: SEEDS=10000, or one with its story: SEED=1234
	@$(PREPARE) $(VENV)=runtime,test
	@$(VENV)/bin/python -m tests.simulation --seeds $(SEEDS) $(if $(SEED),--seed $(SEED)) --workers $(WORKERS)

build: ## what is deployed to each cloud, and how large it is
	@$(PREPARE) $(VENV)=runtime
	@$(VENV)/bin/python -m infra.build

lint: ## style, types, arrows
	@$(PREPARE) $(VENV)=runtime,test,lint
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --check --quiet . || { echo "not formatted: $(VENV)/bin/ruff format ."; exit 1; }
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo

bench: ## docs/performance.md and docs/cost.md anew: figures, as ratios against peers in the same run
	@$(PREPARE) .venvs/bench=bench,test
	@.venvs/bench/bin/python -m bench --write
	@.venvs/bench/bin/python -m bench.cost --write
	@.venvs/bench/bin/python -m tools.operations

load: ## the box under load, with faults, then an audit: SECONDS=60, RATE=2 (journeys per second), SEED=7
	@$(PREPARE) $(VENV)=runtime,test
	@$(VENV)/bin/python -W ignore -m sandbox.load --seconds $(SECONDS) $(if $(RATE),--rate $(RATE)) $(if $(SEED),--seed $(SEED))

budgets: ## what a cold start of each door pulls and does, against infra/budgets.json
	@$(PREPARE) $(VENV)=runtime
	@$(VENV)/bin/python -m tools.budgets

cells: ## check infra/cells.toml and write it for the functions
	@$(PREPARE) $(VENV)=runtime,test
	@$(VENV)/bin/python -m infra.compile_cells

alarms: ## write both clouds' alarms from infra/alarms.toml
	@$(PREPARE) $(VENV)=runtime,test
	@$(VENV)/bin/python -m infra.compile_alarms

models: ## write what functions read of the wire models, and the OpenAPI document
	@$(PREPARE) $(VENV)=runtime,test
	@$(VENV)/bin/python -m infra.compile_models
	@$(VENV)/bin/python -m infra.compile_openapi

docs: ## write the pages that are made from the code
	@$(PREPARE) $(VENV)=runtime,test
	@$(VENV)/bin/python -m tools.problems
	@$(VENV)/bin/python -m tools.payment_matrix
	@$(VENV)/bin/python -m tools.operations

locks: ## compile requirements/*.in anew
	@$(PREPARE) $(VENV)=runtime
	@$(VENV)/bin/python tools/lock.py

clean: ## throw away what the others made
	@rm -rf .venv .venv-runtime .venvs .cache .sandbox build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
