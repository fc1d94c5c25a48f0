#!/usr/bin/env bash
# Brings the sales into form, with a reply on the way that is refused, and shows what came of it.
set -euo pipefail
[ -n "${LR_RECORD:-}" ] || export LR_REPLAY=$PWD/replies
git init --quiet --initial-branch main && git add --all && git commit --quiet --message "Sales, as they came"

echo "== before"
lr-check --exit-zero --script ./validate.py sales/ | jq -r '.check.results[].stdout | rtrimstr("\n") | select(. != "")'
echo "== the loop"
lr-loop --quiet --max-calls 6 -s ./validate.py sales/ | jq -r '.loop | "\(.reason): \(.turns) turns, \(.calls) calls"'
echo "== why the first reply was not used"
jq -r '.apply.refusals[]?.reason' .lr/runs/*/turns.jsonl
echo "== after"
for month in sales/*.csv; do ./validate.py "$month"; done
head -n 4 sales/2026-02.csv
echo "== what was changed"
git diff --stat main -- sales
