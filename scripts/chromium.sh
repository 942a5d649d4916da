#!/bin/sh
# Browser tests need a Chromium and Chinese fonts; installed here when missing and possible.
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ]; then SUDO=; elif sudo -n true 2>/dev/null; then SUDO=sudo; else SUDO=none; fi
if [ "$SUDO" != none ] && command -v apt-get >/dev/null 2>&1; then
  $SUDO apt-get update -qq && $SUDO apt-get install -y -qq chromium fonts-noto-cjk >/dev/null && exit 0
fi
echo "Chromium is missing and cannot be installed here: the browser tests will be left out." >&2
[ -z "${CI:-}" ]
