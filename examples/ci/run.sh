#!/usr/bin/env bash
# The steps of check.yml on this machine.
set -euo pipefail
git init --quiet --initial-branch main && git add --all && git commit --quiet --message start
git checkout --quiet -b change
echo 'TODO buy bread' >> notes/home.txt

echo "== annotations for what has changed"
lr-check --only-changed main --format github --script ./tidy.sh notes && status=0 || status=$?
echo "exit status $status"

echo "== a report of all notes for code scanning"
lr-check --exit-zero --format sarif --script ./tidy.sh notes > lr-check.sarif
jq -r '.runs[].results[] | "\(.level): \(.message.text)"' lr-check.sarif

echo "== the same for tools that read JUnit"
lr-check --exit-zero --format junit --script ./tidy.sh notes | grep -o '<failure type="[^"]*"'
