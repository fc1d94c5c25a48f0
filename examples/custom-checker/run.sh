#!/usr/bin/env bash
# Repairs the notes, first with a script given to lr-loop, then with a program in the place of lr-check.
set -euo pipefail
[ -n "${LR_RECORD:-}" ] || export LR_REPLAY=$PWD/replies
git init --quiet --initial-branch main && git add --all && git commit --quiet --message start

echo "== a script given to lr-check"
lr-check --exit-zero --script './tidy.sh {files}' notes/*.txt | jq -r '.check.results[].stdout'

echo "== the same script, given to lr-loop"
lr-loop --quiet -s './tidy.sh {files}' notes/*.txt > /dev/null
./tidy.sh notes/*.txt && echo tidy
git log --format=%s main.. | grep -v FIXES.md

echo "== a program in the place of lr-check"
git checkout --quiet main
lr-loop --quiet --stage 'check=./check-tidy "$@"' notes/*.txt > /dev/null
./tidy.sh notes/*.txt && echo tidy
git log --format=%s main.. | grep -v FIXES.md
