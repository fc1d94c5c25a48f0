complete -c lr-apply -l patch-out -d 'Write all changes to FILE, as a patch for \'git apply\'; \'-\' is standard output, in place of the page' -r
complete -c lr-apply -l input -d 'What standard input holds, where it is not to be guessed' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-apply -l format -d 'What to write: turns, or text for people' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-apply -l reply-format -d 'Read the reply in this format only, where it is not to be recognised' -r -f -a "blocks\t'Whole files between \'<<<< path <<<<\' and \'>>>>>>>>\''
fences\t'Whole files in Markdown fences with a label'
edits\t'SEARCH/REPLACE edits'
diff\t'A unified diff'
patch\t'The \'*** Begin Patch\' envelope'"
complete -c lr-apply -l allow-new -d 'Let a reply make files that match GLOB, or any' -r
complete -c lr-apply -l allow-delete -d 'Let a reply delete offered files that match GLOB, or any of them' -r
complete -c lr-apply -l max-shrink -d 'Refuse a version that loses more than PERCENT of a file\'s lines, and 15 or more [default: 75]; 100 takes pieces of files too' -r
complete -c lr-apply -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-apply -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-apply -s n -l dry-run -d 'Print what would change as a unified diff, and write nothing'
complete -c lr-apply -l recover -d 'Settle a change that was interrupted, and do nothing else; every other run does it first'
complete -c lr-apply -l exit-zero -d 'Exit with 0 also where nothing is written'
complete -c lr-apply -l complete -d 'The bare answer is known to be complete; edits and diffs do not show it when they are cut'
complete -c lr-apply -l no-new-suppressions -d 'Refuse a reply that brings in suppressions such as \'noqa\', or skips or deletes a test'
complete -c lr-apply -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-apply -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-apply -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-apply -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-apply -s V -l version -d 'Print version'
