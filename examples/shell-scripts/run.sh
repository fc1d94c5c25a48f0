#!/usr/bin/env bash
# Repairs the scripts, and shows that they do what they did.
set -euo pipefail
[ -n "${LR_RECORD:-}" ] || export LR_REPLAY=$PWD/replies
git init --quiet --initial-branch main && git add --all && git commit --quiet --message "Three scripts"
count() { shellcheck --format=gcc "$1" | wc -l | tr -d ' '; }

echo "== before"
for script in bin/*; do echo "$script: $(count "$script")"; done
echo "== the loop"
lr-loop --quiet --if improved --max-calls 6 -s 'shellcheck --format=gcc' bin/ |
  jq -r '.loop | "\(.reason): \(.turns) turns, \(.calls) calls"'
echo "== after"
for script in bin/*; do echo "$script: $(count "$script")"; done
echo "== a folder with a blank in its name is packed now"
mkdir "my notes" archives && echo tea > "my notes/list" && echo "my notes" > folders
for day in 01 02 03 04 05 06 07 08; do touch "archives/backup-2020-01-$day.tar.gz"; done
bin/backup.sh folders archives
tar -tzf "archives/backup-$(date +%Y-%m-%d).tar.gz"
kept=(archives/*)
echo "${#kept[@]} archives are kept"
