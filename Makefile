# `make` lists the verbs. Everything lands in .venv (programs) and .local (data), nothing elsewhere.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH

# Empty files record what is installed, so that nothing is installed twice.
digest = $(shell cat $(1) | cksum | cut -d' ' -f1)
LOCAL := .venv/.local-$(call digest,requirements-local.lock pyproject.toml)
DEV := .venv/.dev-$(call digest,requirements-dev.lock pyproject.toml)
# Each process runs whole test modules, on servers of its own. They wait a third of the time, so there is one
# process more than cores.
SIDE_BY_SIDE := --numprocesses $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1))) --maxprocesses 4 --dist loadscope --no-loadscope-reorder
FLOCK := $(if $(shell command -v flock),flock Makefile)

.PHONY: help
help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: $(LOCAL) ## Start everything: Postgres, Temporal, worker, API; Ctrl-C stops it
	@exec $(BIN)/pilito up $(ARGS)

.PHONY: test
test: $(DEV) ## Run all tests (ARGS="-k name" for some)
	@exec $(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS)

.PHONY: unit
unit: $(DEV) ## Run the tests that need no server, with few examples each
	@exec $(BIN)/pytest -m unit --hypothesis-profile quick $(ARGS)

.PHONY: check
check: lint types unit ## Lint, types and the unit tests

.PHONY: cov
cov: $(DEV) ## Run all tests and list the lines that none of them runs (ARGS for some)
	@exec $(BIN)/pytest $(SIDE_BY_SIDE) --cov --cov-report term-missing:skip-covered $(ARGS)

.PHONY: lint
lint: $(DEV) ## Check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: $(DEV) ## Check the types
	$(BIN)/mypy

.PHONY: format
format: $(DEV) ## Format, and fix what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: plugin
plugin: python ## Build the WordPress plugin: pilito-product-sync.zip
	@$(PYTHON) plugin_zip.py

.PHONY: bench
bench: $(DEV) ## Measure (ARGS for one measurement)
	@exec $(BIN)/python -m bench $(ARGS)

.PHONY: proof
proof: $(DEV) ## Measure what is promised and write docs/proof.md, in half an hour (ARGS for one section)
	@exec $(BIN)/python -m proof $(ARGS)

.PHONY: docs
docs: $(DEV) ## Build the documentation site into site/, strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: assets
assets: $(DEV) ## Copy the files of npm packages again (ARGS="PACKAGE VERSION" for another version); needs npm
	@exec $(BIN)/python -m api.assets.copy $(ARGS)

.PHONY: screenshots
screenshots: $(DEV) ## Picture every page of the console of a running service (ARGS="--base URL"); needs chromium-headless-shell
	@exec $(BIN)/python -m tests.console.screenshots $(ARGS)

.PHONY: histories
histories: $(DEV) ## Record workflow histories for tests to replay, where there are none yet
	@exec $(BIN)/python -m tests.record_histories

COMPILE = .venv-lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-strip-extras --no-emit-index-url --no-emit-find-links

.PHONY: lock
lock: python ## Update the three lock files to the newest versions allowed
	test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv; }
	$(COMPILE) --upgrade --extra local --extra dev --extra docs --output-file requirements-dev.lock
	$(COMPILE) --upgrade --constraint requirements-dev.lock --extra local --output-file requirements-local.lock
	$(COMPILE) --upgrade --constraint requirements-dev.lock --output-file requirements.lock

.PHONY: clean
clean: ## Remove what was installed and cached; the data in .local stays
	rm -rf .venv .venv-lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist site pilito-product-sync.zip
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; $$(python3 --version 2>&1 | grep Python || echo none) was found."; \
		echo "Debian: apt install python3 python3-venv. macOS: python.org or Homebrew."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments. Debian: apt install python3-venv."; exit 1; }

# $(1) is the lock, $(2) the stamps it earns. One at a time, and never again what a running `make run` uses:
# the locks agree on every version, so the larger one only adds.
define install
	@test -x $(BIN)/pip || $(MAKE) --no-print-directory python
	@$(FLOCK) $(SHELL) -ec ' \
		test ! -e $@ || exit 0; \
		$(BIN)/python -c "import pip" 2>/dev/null || { echo "Making .venv"; $(PYTHON) -m venv --clear .venv; }; \
		$(BIN)/python -m pip install --require-hashes -r $(1); \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
		rm -f .venv/.local-* .venv/.dev-*; \
		touch $(2)'
endef

$(LOCAL):
	$(call install,requirements-local.lock,$(LOCAL))

$(DEV):
	$(call install,requirements-dev.lock,$(LOCAL) $(DEV))
