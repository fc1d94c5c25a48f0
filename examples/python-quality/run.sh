#!/usr/bin/env bash
# Repairs the shop, answered from the recorded replies, and shows what came of it.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
[ -n "${LR_RECORD:-}" ] || export LR_REPLAY=$PWD/replies
git init --quiet --initial-branch main && git add --all && git commit --quiet --message "A small shop, with problems"

# How long each checker took is another time each time.
summary() { tail -n 1 | sed -E 's/ \(([0-9.]+ m?s|remembered)\)//g'; }

echo "== before"
lr-check --format text shop tests | summary || true
lr-loop --quiet shop tests > /dev/null
echo "== after"
lr-check --format text shop tests | summary
pytest -q -p no:cacheprovider tests | tail -n 1 | sed 's/ in .*//'
echo "== commits, each followed by one of FIXES.md"
git log --reverse --format=%s main.. | grep -v FIXES.md
echo "== nothing else was touched"
git status --porcelain
git fsck --strict 2>&1
