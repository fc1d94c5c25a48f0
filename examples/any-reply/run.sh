#!/usr/bin/env bash
# Applies answers in every format that models write, and two that are refused.
set -euo pipefail

echo "== a code fence below the path of its file"
lr-apply src/ < samples/fences.md

for format in edits diff patch; do
  echo "== $format"
  lr-apply --complete src/ < "samples/$format.md"
done

echo "== what would lose work, or could mean two things, changes nothing"
lr-apply src/ < samples/elided.md || echo "status $?"
lr-apply --complete src/ < samples/twice.md || echo "status $?"

echo "== the file in the end"
cat src/stock.py
