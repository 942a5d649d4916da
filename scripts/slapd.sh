#!/bin/sh
# The test of directory sign-in needs a real slapd; installed here when missing and possible. Its service is not started.
command -v slapd >/dev/null 2>&1 || [ -x /usr/sbin/slapd ] && exit 0
if [ "$(id -u)" = 0 ]; then SUDO=; elif sudo -n true 2>/dev/null; then SUDO=sudo; else SUDO=none; fi
if [ "$SUDO" != none ] && command -v apt-get >/dev/null 2>&1; then
  $SUDO apt-get update -qq && $SUDO env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq slapd >/dev/null && exit 0
fi
echo "slapd is missing and cannot be installed here: the test of directory sign-in will be left out." >&2
[ -z "${CI:-}" ]
