# Everything is reached from here; `make help` says what each target does.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup bootstrap demo run dev-up test check lint security-scan bench lock clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Make .venv, install pinned packages and what Debian must provide, fetch the default model packs
	@$(PYTHON) -m tools.setup

bootstrap: setup ## Another name for setup

demo: setup ## A customer talks to the device: three skills on real models, written to out/demo/
	@$(RUN) -m tools.demo

run: setup ## Run the device on this machine's microphone and speaker (ARGS="--config FILE")
	@$(VENV)/bin/nearfield run $(ARGS)

dev-up: setup ## Run everything that exists so far together on this machine; Ctrl-C ends it
	@$(RUN) -m tools.dev_up $(ARGS)

test: ## Run the tests (ARGS="-k wake")
	@$(PYTHON) -m tools.setup --tests
	@$(RUN) -m pytest $(ARGS)

check: setup ## Format, lint, types and layers; no tests
	@$(VENV)/bin/ruff format --check .
	@$(MAKE) --no-print-directory lint
	@$(VENV)/bin/mypy

lint: setup ## Lint and layers, of the page too
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/lint-imports
	@$(RUN) -m tools.page_build check

security-scan: setup ## Dependency audit, static analysis, secret scan; what cannot be reached says SKIPPED
	@$(RUN) -m tools.security_scan

bench: setup ## Run every benchmark; tables here, JSON in out/bench/
	@$(RUN) -m tools.bench all --out out/bench

lock: ## Resolve the pins in constraints/ anew
	@$(PYTHON) -m tools.setup --lock

clean: ## Remove what was built here; fetched model packs stay
	rm -rf $(VENV) edge/page/node_modules edge/nearfield_edge/page/static out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
