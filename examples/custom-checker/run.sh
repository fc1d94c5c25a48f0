#!/usr/bin/env bash
# Repairs the notes, first with a script given to lr-loop, then with a program in the place of lr-check.
set -euo pipefail
git init --quiet --initial-branch main && git add --all && git commit --quiet --message start

echo "== a script given to lr-check"
lr-check --exit-zero --script './tidy.sh {files}' notes/*.txt | jq -r '.check.results[].stdout'

echo "== the same script, given to lr-loop"
lr-loop --quiet --format text --replay replies -s './tidy.sh {files}' notes/*.txt > /dev/null
./tidy.sh notes/*.txt && echo tidy
git log --format=%s main..

echo "== a program in the place of lr-check"
git checkout --quiet main
lr-loop --quiet --format text --replay replies --stage 'check=./check-tidy "$@"' notes/*.txt > /dev/null
./tidy.sh notes/*.txt && echo tidy
git log --format=%s main..
