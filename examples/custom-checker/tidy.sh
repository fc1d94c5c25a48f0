#!/usr/bin/env bash
# Notes are tidy when every file begins with a title, no line is longer than 60 characters, and nothing is left TO DO.
set -euo pipefail
untidy=0
complain() {
  echo "$1"
  untidy=1
}
for file in "$@"; do
  head -n 1 "$file" | grep -q '^# ' || complain "$file:1: begin with a title, such as '# Rivers'"
  while IFS=: read -r line _; do complain "$file:$line: longer than 60 characters"; done < <(grep -nE '^.{61,}$' "$file" || true)
  while IFS=: read -r line _; do complain "$file:$line: something is still TO DO"; done < <(grep -n 'TODO' "$file" || true)
done
exit $untidy
