#!/usr/bin/env bash
# Repairs the crate, and shows what came of it.
set -euo pipefail
[ -n "${LR_RECORD:-}" ] || export LR_REPLAY=$PWD/replies
git init --quiet --initial-branch main && git add --all && git commit --quiet --message "A crate"

echo "== before"
./check.sh > before.log 2>&1 || echo "status $?"
rm before.log
echo "== the loop"
lr-loop --quiet --if improved --max-calls 6 -s './check.sh {files}' src tests | jq -r '.loop | "\(.reason): \(.turns) turns, \(.calls) calls"'
echo "== why a reply was not used"
jq -r '.apply.refusals[]?.reason' .lr/runs/*/turns.jsonl
echo "== after"
./check.sh | grep '^test result' | sed 's/; finished.*//' | grep -v ' 0 passed'
echo "== what was changed"
git diff --stat main -- src tests
