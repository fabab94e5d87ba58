PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed
PYTEST := $(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install --progress-bar off --no-deps --no-compile

.DEFAULT_GOAL := help
.PHONY: help repro test test-all test-torch test-oldest test-newest test-bound lint docs bench leaderboard wheel clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

repro: $(READY) ## Run the pipeline on whatever is new; it ends with the summary
	@echo "Running the pipeline"
	@PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro

test: $(READY) ## Run the tests that take a few minutes; what a change needs while it is written
	@echo "Running the quick tests"
	@$(PYTEST) -m "not slow"

test-all: $(READY) ## Run every test, the walks through git, DVC and browsers, too
	@echo "Running every test"
	@$(PYTEST)

test-torch: $(READY) ## Install the extra torch and run the tests that need it
	@echo "Installing torch"
	@$(BIN)/python -m pip -qq --disable-pip-version-check install --progress-bar off torch==2.13.0
	@echo "Running the tests that need torch"
	@$(PYTEST) -m torch

test-oldest: RESOLUTION := lowest-direct
test-newest: RESOLUTION := highest
test-oldest: test-bound ## Run the quick tests with the oldest packages that pyproject.toml allows; needs uv
test-newest: test-bound ## Run them with the newest ones
test-bound: # what other versions warn of is no failure
	@echo "Making an environment in .venv-$(RESOLUTION)"
	@uv venv -q --clear --python $(PYTHON) .venv-$(RESOLUTION)
	@uv pip install -q --python .venv-$(RESOLUTION) --resolution $(RESOLUTION) --group dev -e .
	@echo "Running the quick tests"
	@PATH="$(CURDIR)/.venv-$(RESOLUTION)/bin:$$PATH" pytest -q -W default -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

lint: $(READY) ## Check style, types and which module imports which
	@echo "Checking style";   $(BIN)/ruff check -q --output-format concise
	@echo "Checking format";  $(BIN)/ruff format -q --check
	@echo "Checking types";   $(BIN)/mypy --no-error-summary
	@echo "Checking imports"; $(BIN)/lint-imports --no-logo

docs: repro ## Build the site, into site/, with the sample's reports in it
	@echo "Building the site"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q

OTHERS := .venv-peer

bench: $(READY) ## Measure check beside a script of other tools; an hour, taken up where it was left; needs uv
	@echo "Making the other tools' environment in $(OTHERS)"
	@test -d $(OTHERS) || uv venv -q --python $(PYTHON) $(OTHERS)
	@uv pip install -q --python $(OTHERS) -r tests/benchmarks/peer_requirements.txt
	@echo "Measuring"
	@$(BIN)/python tests/benchmarks/check_time.py data/.cache/bench docs/experiments/check_time.csv --peer $(OTHERS)/bin/python

SIZE := quick

leaderboard: $(READY) ## Compare tools on poisoned batches; SIZE=full takes hours, PEER=NAME runs one anew; needs uv
	@echo "Measuring"
	@PYTHONPATH=tests/benchmarks $(BIN)/python -m leaderboard.run --size $(SIZE) $(if $(PEER),--peer $(PEER))
	@PYTHONPATH=tests/benchmarks $(BIN)/python -m leaderboard.report $(SIZE)

wheel: $(READY) ## Build the wheel, into dist/
	@echo "Building the wheel"
	@rm -rf build dist
	@$(BIN)/python -m pip -qq --disable-pip-version-check wheel --no-deps --no-build-isolation -w dist .
	@ls dist/*.whl

clean: ## Remove the environment and every cache
	@echo "Removing the environment and caches"
	@rm -rf .venv .venv-* site build dist stages/*.egg-info .hypothesis .grimp_cache .import_linter_cache .mypy_cache .pytest_cache .ruff_cache data/.cache
	@find stages tests -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is %d.%d: make PYTHON=python3.11" % sys.version_info[:2])'
	@echo "Making the environment in .venv"
	@$(PYTHON) -m venv .venv
	@echo "Installing the locked packages (a few minutes the first time)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(BIN)/python -m compileall -q -j 0 .venv/lib > /dev/null || true  # at once and on every core, not at each start
	@echo "Installing pratique"
	@$(PIP) --no-build-isolation -e .
	@touch $@
