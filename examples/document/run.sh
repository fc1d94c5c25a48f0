#!/usr/bin/env bash
# Reworks the guide until the rules are kept, and shows what came of it.
set -euo pipefail
[ -n "${LR_RECORD:-}" ] || export LR_REPLAY=$PWD/replies
git init --quiet --initial-branch main && git add --all && git commit --quiet --message "A guide"

echo "== before"
./check.sh guide.md || true
echo "== the loop"
lr-loop --quiet -i 5 -s ./check.sh guide.md | jq -r '.loop | "\(.reason): \(.turns) turns, \(.calls) calls, \(.cost_microusd) millionths of a dollar"'
echo "== after"
./check.sh guide.md && grep '^#' guide.md
echo "== commits, each followed by one of FIXES.md"
git log --reverse --format=%s main.. | grep -v FIXES.md
