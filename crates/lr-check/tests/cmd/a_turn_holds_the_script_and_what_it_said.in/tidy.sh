#!/bin/sh
# Complains about lines that say TODO.
if grep -n TODO "$1"; then
  echo "$1 is not tidy" >&2
  exit 1
fi
