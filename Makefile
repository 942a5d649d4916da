# make run: everything set up, a demonstration city served on 127.0.0.1:8080.   make test: everything tested.
# make run PORT=8081 serves elsewhere on this machine; make bench PEOPLE=1000000 measures a larger city.
PYTHON ?= python3
BIN := .venv/bin
export FLASK_APP := wsgi:create_app
# Each start would compile some 1,600 modules again where the environment forbids to keep them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run install test lint check bench vendor clean

help:
	@echo "make run | install | test | lint | check | bench | vendor | clean"

run: .venv/run.stamp
	@$(BIN)/python -W ignore -m app.cli.server --port $(or $(PORT),8080)

# What an installation in service needs of this directory (docs/operations.md): packages, catalogue, bytecode. Its user
# may not write here, so what a trial makes at its first start is made now.
install:
	UV_COMPILE_BYTECODE=1 PYTHON=$(PYTHON) sh scripts/bootstrap.sh
	touch .venv/run.stamp
	$(BIN)/python -c 'from app.cli import catalogue; catalogue.compile_all()'
	$(BIN)/python -m compileall -q app migrations config.py wsgi.py

test: .venv/dev.stamp
	sh scripts/chromium.sh
	sh scripts/slapd.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format -q --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -W ignore -m flask catalogue check

check:
	.ci/run

bench: .venv/run.stamp
	$(BIN)/python -W ignore bench/run.py --people $(or $(PEOPLE),120000)

vendor: .venv/dev.stamp
	npm ci --ignore-scripts
	node scripts/vendor.mjs
	$(BIN)/python scripts/fonts.py

clean:
	sh scripts/clean.sh

.venv/run.stamp: pyproject.toml uv.lock
	PYTHON=$(PYTHON) sh scripts/bootstrap.sh
	touch $@

.venv/dev.stamp: pyproject.toml uv.lock
	PYTHON=$(PYTHON) sh scripts/bootstrap.sh dev
	touch $@ .venv/run.stamp
