#!/bin/sh
# Makes .venv from uv.lock (hashes checked). Needs Python >= 3.11 with venv; "dev" adds what tests and lint need.
set -eu
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
if command -v uv >/dev/null 2>&1; then UV=uv
else
  if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "Python's venv is missing; installing the package python3-venv." >&2
    if [ "$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq python3-venv
    elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq python3-venv
    else echo "Please run: sudo apt install python3-venv" >&2; exit 1; fi
  fi
  [ -x var/uv/bin/uv ] || { "$PYTHON" -m venv var/uv; var/uv/bin/pip install -q 'uv>=0.8,<1'; }
  UV=var/uv/bin/uv
fi
if [ "${1:-}" = dev ]; then "$UV" sync -q --frozen --python "$PYTHON"
else "$UV" sync -q --frozen --no-dev --inexact --python "$PYTHON"; fi
