#!/bin/sh
# Browser tests need a Chromium and Chinese fonts; installed here when missing and possible.
[ -z "${CHROMIUM:-}" ] || exit 0
for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null 2>&1 && exit 0; done
if [ "$(id -u)" = 0 ]; then SUDO=; elif sudo -n true 2>/dev/null; then SUDO=sudo; else SUDO=none; fi
if [ "$SUDO" != none ] && command -v apt-get >/dev/null 2>&1; then
  $SUDO apt-get update -qq && $SUDO apt-get install -y -qq chromium fonts-noto-cjk >/dev/null && exit 0
fi
echo "Chromium is missing and cannot be installed here: the browser tests will be left out." >&2
echo "To have them: sudo apt install chromium fonts-noto-cjk, or name one in CHROMIUM=/path/to/chromium." >&2
[ -z "${CI:-}" ]
