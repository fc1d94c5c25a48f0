complete -c lr-prompt -l file -d 'The same as a file among the sources' -r
complete -c lr-prompt -l issues -d 'Show what another program reported about the files; - for standard input' -r -F
complete -c lr-prompt -l instructions -d 'Say what to do, instead of the template\'s own words' -r
complete -c lr-prompt -l template -d 'Use a template of your own, by its file or its name in the configuration folder' -r
complete -c lr-prompt -l whole-below -d 'Show files of more lines than this only around what was found in them; 0 leaves it to the size of what is found [default: 400]' -r
complete -c lr-prompt -l prompt-tokens -d 'Split a turn whose prompt would be longer into parts, by an estimate of a token for four bytes' -r
complete -c lr-prompt -l reply-format -d 'Ask for replies in one format; else for edits where a file is shown in part, and for blocks' -r -f -a "blocks\t'Whole files between markers'
fences\t'Whole files in Markdown fences'
edits\t'Lines to search for and lines to replace them'
diff\t'A unified diff'
patch\t'A patch in the envelope `*** Begin Patch`'"
complete -c lr-prompt -l input -d 'Whether standard input holds turns or text' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-prompt -l format -d 'Write turns or text, instead of turns into a pipe and text on a terminal' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-prompt -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-prompt -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-prompt -l show-template -d 'Print the template that would be used, to begin one from'
complete -c lr-prompt -l even-if-clean -d 'Ask for improvements although the checks are clean'
complete -c lr-prompt -l text -d 'Write only the prompt\'s text; the same as --format text'
complete -c lr-prompt -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-prompt -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-prompt -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-prompt -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-prompt -s V -l version -d 'Print version'
