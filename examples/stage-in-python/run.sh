#!/usr/bin/env bash
# Shows what stands in the prompt without and with the stage.
set -euo pipefail
asked() { jq -r '.prompt.messages[-1].content' | grep -oE 'sums.py:[0-9]+:[0-9]+: .*'; }

echo "== all findings"
lr-check --exit-zero --linters ruff sums.py | lr-prompt | asked
echo "== only errors"
lr-check --exit-zero --linters ruff sums.py | ./only_errors.py | lr-prompt | asked
