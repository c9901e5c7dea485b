# Every verb of the project. `make help` lists them.
PYTHON ?= python3
LAB := .venv/bin/lab

.DEFAULT_GOAL := help
.PHONY: help setup wheelhouse demo test thorough lint format bench workbook soak catalogues lock clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make the virtual environment .venv from the locked requirements
	@"$(PYTHON)" bootstrap.py

wheelhouse: ## fetch all that set-up installs (106 MB), for a room without network; then setup and demo need none
	@"$(PYTHON)" bootstrap.py --wheelhouse

demo: ## lesson basic on a local cloud, from nothing to the first items
	@"$(PYTHON)" bootstrap.py
	@$(LAB) demo

.PHONY: development
development:
	@"$(PYTHON)" bootstrap.py --development

test: development ## the suite, but for what deploys for minutes
	@.venv/bin/python -m pytest -n auto --dist loadgroup -m "not slow"

thorough: development ## what `make test` leaves out: every permission taken away, all lessons at once
	@.venv/bin/python -m pytest -n auto --dist loadgroup -m slow

lint: development ## ruff and pyright, as CI runs them
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/pyright

format: development ## format and mend what ruff can mend
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: development ## the benchmarks (minutes); figures go to benchmarks/README.md
	@.venv/bin/python -m benchmarks

workbook: development ## every exercise: starters fail, solutions pass, wrong answers are recognised, READMEs are true
	@$(LAB) workbook lint --commands --timing $(EXERCISES)

soak: development ## load, faults and kills (4 minutes), then every record is accounted for; SOAK="--minutes 10 --seed 7"
	@.venv/bin/python -m tests.soak $(SOAK)

catalogues: development ## bring the catalogues of languages/ up to date with the texts in the code
	@.venv/bin/python -m languages.catalogues

LOCK := .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --quiet
lock: development ## lock the versions of pyproject.toml, with hashes, into requirements/
	@$(LOCK) --group pyproject.toml:uv -o requirements/uv.txt
	@$(LOCK) pyproject.toml -o requirements/lab.txt
	@$(LOCK) pyproject.toml --group dev -c requirements/lab.txt -o requirements/dev.txt
	@$(LOCK) --group pyproject.toml:handlers -c requirements/dev.txt -o requirements/handlers.txt

clean: ## stop the local cloud, remove .venv and .lab
	@if [ -x $(LAB) ]; then $(LAB) cloud stop || true; fi
	@rm -rf .venv .lab
