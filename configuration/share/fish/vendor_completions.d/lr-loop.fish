complete -c lr-loop -l linters -d 'Run these checkers instead of the usual ones' -r
complete -c lr-loop -s s -l linter-script -d 'Run this command as the checker, on each file unless it names {files}' -r
complete -c lr-loop -s j -l jobs -d 'Run up to JOBS checkers, and make up to JOBS requests, at once' -r
complete -c lr-loop -s m -l model -d 'Ask this model' -r
complete -c lr-loop -l fallback -d 'Ask this model where the one before it has failed; may be given again' -r
complete -c lr-loop -l escalate -d 'Ask this model about findings that are still there after --tries turns' -r
complete -c lr-loop -l tries -d 'Ask about a finding in N turns before another model is asked [default: 2]' -r
complete -c lr-loop -l provider -d 'Ask a model of this provider' -r
complete -c lr-loop -l llm-url -d 'Ask the server at this address' -r
complete -c lr-loop -l api-key -d 'Use this key; other users can see it, so better put it into the environment' -r
complete -c lr-loop -l replay -d 'Answer from the replies recorded in DIR, without a network' -r -F
complete -c lr-loop -l record -d 'Record the replies in DIR' -r -F
complete -c lr-loop -l price -d 'What a million tokens of prompts and of replies cost in US dollars, where that is not known' -r
complete -c lr-loop -l instructions -d 'Say this to the model instead of the usual instructions; @FILE reads a file' -r
complete -c lr-loop -l template -d 'Build the prompt from this template' -r
complete -c lr-loop -s i -l iterations -d 'Ask a model in at most N turns [default: 100]' -r
complete -c lr-loop -l max-calls -d 'Make at most N calls to a model' -r
complete -c lr-loop -l max-total-tokens -d 'Let all prompts and replies together take at most N tokens' -r
complete -c lr-loop -l max-cost -d 'Spend at most USD dollars on all replies together' -r
complete -c lr-loop -l max-time -d 'Begin nothing new after SECONDS; what was answered by then is applied and checked' -r
complete -c lr-loop -l patience -d 'Stop after N turns in a row that removed nothing they were asked to [default: 3]' -r
complete -c lr-loop -l until -d 'Ask until the checks are clean, or on until the model has nothing more to improve [default: clean]' -r -f -a "clean\t'Until the checks are clean'
done\t'Also when they are clean, until a reply declares itself done or changes nothing'"
complete -c lr-loop -l keep -d 'End on the best state that was seen, by a commit that takes back what came after it, or on the last [default: best]' -r -f -a "best\t'The best that was seen'
last\t'The last, whether or not it is the best'"
complete -c lr-loop -l if -d 'Commit only what the next check finds better, and put the rest back' -r -f -a "improved\t'The rank is smaller, or equal with a finding gone that was asked about'"
complete -c lr-loop -l stop-after -d 'Print the first prompt, or the first reply, and change nothing' -r -f -a "prompt\t'Print the prompt'
llm\t'Print the reply'"
complete -c lr-loop -l stage -d 'Run CMD with sh in the place of a stage: check, start, fix, prompt, llm, apply, commit or restore' -r
complete -c lr-loop -l resume -d 'Go on with a run that was killed, interrupted or stopped [default: the newest that is not clean]' -r
complete -c lr-loop -l run-dir -d 'Keep the record of this run in DIR instead of .lr/runs/ID' -r -F
complete -c lr-loop -l init-config -d 'Write a commented lr.toml at the project\'s root, or FILE (\'-\' for standard output), and do no more' -r
complete -c lr-loop -s d -l debug -d 'Say more; 2 stops after the reply and 3 after the prompt, as --stop-after does' -r
complete -c lr-loop -l format -d 'Whether standard output gets one turn of JSON or a page of text' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-loop -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-loop -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-loop -s L -l local -d 'Ask a local Ollama'
complete -c lr-loop -s n -l dry-run -d 'Say what would be asked in the first turn and about what that would cost; ask nothing and change nothing'
complete -c lr-loop -s g -l no-git -d 'Change the files in place: no branch, no commits, FIXES.md without hashes'
complete -c lr-loop -l show-config -d 'Print every setting with its value and where that comes from, and do no more'
complete -c lr-loop -l print -d 'Print the same loop as a shell script instead of running it'
complete -c lr-loop -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-loop -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-loop -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-loop -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-loop -s V -l version -d 'Print version'
