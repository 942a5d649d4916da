#!/bin/sh
# Removes what run, test, lint and vendor made. The keys of an outside database stay: without them its identity numbers
# could never be read again.
set -eu
cd "$(dirname "$0")/.."
if [ -e var/server.lock ] && ! flock -n var/server.lock true; then
  echo "示范系统仍在本目录运行，请先按 Ctrl-C 停止它。The demonstration still runs here: stop it with Ctrl-C first." >&2
  exit 1
fi
if [ -x .venv/bin/python ] && [ -d var ]; then
  for var in var var/test var/bench; do
    [ ! -e "$var/pg/postmaster.pid" ] || .venv/bin/python -c \
      "import sys; from pathlib import Path; from app.cli import embedded; embedded.stop(Path(sys.argv[1]))" "$var"
  done
fi
if [ -e var/keys/roles.json ]; then
  echo "var/keys holds the keys of an outside database: kept, with seals, files and marks." >&2
  find var -mindepth 1 -maxdepth 1 ! -name keys ! -name seals ! -name files ! -name 'demo-*' -exec rm -rf {} +
else
  rm -rf var
fi
rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
find . -name __pycache__ -type d -prune -exec rm -rf {} +
find translations -name '*.mo' -delete
