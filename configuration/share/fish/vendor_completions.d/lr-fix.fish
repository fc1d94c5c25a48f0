complete -c lr-fix -l format -d 'Write turns or text, instead of turns into a pipe and text on a terminal' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-fix -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-fix -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-fix -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-fix -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-fix -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-fix -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-fix -s V -l version -d 'Print version'
