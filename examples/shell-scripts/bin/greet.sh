#!/bin/sh
# Greets everybody who is named.
for name in "$@"; do
  printf 'Hello, %s\n' "$name"
done
