#!/usr/bin/env bash
# The house rules for guides: a title, four sections in this order, each with at least 25 words, and none of the words that
# promise too much.
set -euo pipefail
guide=$1
sections=$(printf '## %s\n' "What it does" "Install" "Use" "Get help")

complaints() {
  head -n 1 "$guide" | grep -q '^# ' || echo "$guide:1: begin with a title, such as '# Keeping a log'"
  [ "$(grep '^## ' "$guide")" = "$sections" ] || echo "$guide: the sections are not these, in this order: ${sections//$'\n'/, }"
  awk -v guide="$guide" '
    function end_section() {
      if (name != "" && words < 25) printf "%s:%d: section \"%s\" has %d words, and needs at least 25\n", guide, begin, name, words
    }
    /^## / { end_section(); name = substr($0, 4); begin = NR; words = 0; next }
    { words += NF }
    END { end_section() }
  ' "$guide"
  grep -noiwE 'simply|just|obviously|easy|easily|seamless' "$guide" |
    while IFS=: read -r line word; do echo "$guide:$line: the word '$word' promises too much; leave it out"; done
}

found=$(complaints || true)
[ -z "$found" ] || { echo "$found" && exit 1; }
