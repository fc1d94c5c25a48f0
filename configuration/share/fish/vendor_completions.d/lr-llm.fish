complete -c lr-llm -s s -l system -d 'Say TEXT to the model before the question' -r
complete -c lr-llm -l record -d 'Record each reply in DIR [env: LR_RECORD]' -r -F
complete -c lr-llm -l replay -d 'Answer from the replies recorded in DIR, or in the run whose folder DIR is, without a network [env: LR_REPLAY]' -r -F
complete -c lr-llm -s j -l jobs -d 'Ask about this many turns at once [default: 4]' -r
complete -c lr-llm -l input -d 'What standard input holds, where it cannot be told' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-llm -l format -d 'How to write what was read as turns [default: text on a terminal, else turn]' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-llm -s m -l model -d 'The model: PROVIDER/MODEL, or MODEL where the provider is clear [env: LR_MODEL]' -r
complete -c lr-llm -l fallback -d 'Ask MODEL where the one before has failed for good; may be given several times [env: LR_FALLBACK, with commas]' -r
complete -c lr-llm -l provider -d 'The provider: groq, openai, ollama, or one of your own [env: LR_PROVIDER]' -r
complete -c lr-llm -l base-url -l llm-url -d 'The base URL of any server that speaks Chat Completions [env: LR_BASE_URL]' -r
complete -c lr-llm -l api-key-env -d 'Read the key from the variable NAME [default: LR_API_KEY, else the provider\'s own]' -r
complete -c lr-llm -l api-key-file -d 'Read the key from FILE' -r -F
complete -c lr-llm -l api-key -d 'The key itself; others can see it in the list of processes' -r
complete -c lr-llm -l temperature -d 'How freely to choose words; some models refuse any' -r
complete -c lr-llm -l max-tokens -d 'The most tokens of one reply' -r
complete -c lr-llm -l seed -d 'Ask for the same reply to the same prompt, where the provider can' -r
complete -c lr-llm -s o -l option -d 'Add a field to the request; VALUE is JSON, else a text' -r
complete -c lr-llm -l connect-timeout -d 'Time for the connection [default: 10]' -r
complete -c lr-llm -l first-byte-timeout -d 'Time until the answer begins [default: 300]' -r
complete -c lr-llm -l idle-timeout -d 'Time without a sign of life in the answer [default: 120]' -r
complete -c lr-llm -l timeout -d 'Time for one question, all attempts together [default: 900]' -r
complete -c lr-llm -l retries -d 'How often to try again what may pass [default: 3]' -r
complete -c lr-llm -l max-calls -d 'The most requests to send, all attempts counted' -r
complete -c lr-llm -l max-total-tokens -d 'The most tokens of all prompts and replies' -r
complete -c lr-llm -l max-cost -d 'The most that all replies may cost' -r
complete -c lr-llm -l max-time -d 'The most time from the start of the program to the last reply' -r
complete -c lr-llm -l price -d 'What a million tokens of prompts and of replies cost in USD, where it is not known or not right' -r
complete -c lr-llm -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-llm -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-llm -l no-stream -d 'Print the reply when it is complete, not as it comes'
complete -c lr-llm -s n -l dry-run -d 'Print the request instead of sending it; the key is left out'
complete -c lr-llm -l estimate -d 'Say what asking would take and cost, instead of asking; needs no key'
complete -c lr-llm -l unordered -d 'Write each turn as soon as it is done, not in the order in which the turns came'
complete -c lr-llm -s L -l local -d 'Use Ollama, on this machine or where its own variable says'
complete -c lr-llm -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-llm -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-llm -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-llm -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-llm -s V -l version -d 'Print version'
