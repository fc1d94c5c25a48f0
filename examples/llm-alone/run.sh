#!/usr/bin/env bash
# Asks three questions, answered from recordings.
set -euo pipefail
[ -n "${LR_RECORD:-}" ] || export LR_REPLAY=replies

echo "== a question"
lr-llm "What is the capital of Austria? One word."

echo "== a text from a pipe"
printf 'rivers\nhills\n' | lr-llm "Translate each line into German."

echo "== a system text"
lr-llm --system "Answer with yes or no only." "Is 7 a prime number?"

echo "== what was never recorded is a loud error"
env -u LR_RECORD LR_REPLAY=replies lr-llm "Is 8 a prime number?" 2> error.txt || echo "status $?"
head -n 1 error.txt
