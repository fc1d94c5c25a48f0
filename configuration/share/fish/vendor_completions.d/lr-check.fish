complete -c lr-check -l linters -l checkers -d 'Run these checkers instead of the usual ones, for example ruff,pytest' -r
complete -c lr-check -l script -d 'Run this command instead of the usual checkers: {file} is each file in turn, {files} all of them; without either the file is appended' -r
complete -c lr-check -l timeout -d 'End a checker after this many seconds [default: 300]' -r
complete -c lr-check -s j -l jobs -d 'Run at most this many programs at once [default: the number of processors]' -r
complete -c lr-check -l env -d 'Let checkers see this environment variable although it looks like a key' -r
complete -c lr-check -l previous -d 'Turns of the turn before, whose outcome the new turn tells' -r -F
complete -c lr-check -l format -d 'What to write: a turn, or text for people' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-check -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-check -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-check -l project -d 'Run the script once, without files'
complete -c lr-check -l stdin -d 'Give the script the file\'s text on standard input'
complete -c lr-check -l exit-zero -d 'Exit with 0 also where there are findings'
complete -c lr-check -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-check -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-check -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-check -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-check -s V -l version -d 'Print version'
