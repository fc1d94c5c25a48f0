# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_lr_git_global_optspecs
    string join \n C/directory= v/verbose q/quiet profile= tell-jobs h/help V/version
end

function __fish_lr_git_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_lr_git_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_lr_git_using_subcommand
    set -l cmd (__fish_lr_git_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c lr-git -n "__fish_lr_git_needs_command" -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-git -n "__fish_lr_git_needs_command" -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-git -n "__fish_lr_git_needs_command" -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-git -n "__fish_lr_git_needs_command" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-git -n "__fish_lr_git_needs_command" -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-git -n "__fish_lr_git_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-git -n "__fish_lr_git_needs_command" -s V -l version -d 'Print version'
complete -c lr-git -n "__fish_lr_git_needs_command" -f -a "start" -d 'Make the branch of a run, after looking for everything that would be in its way'
complete -c lr-git -n "__fish_lr_git_needs_command" -f -a "commit" -d 'Commit what was applied, and write it down in FIXES.md'
complete -c lr-git -n "__fish_lr_git_needs_command" -f -a "undo" -d 'Bring back the contents that a run changed, with a commit of its own'
complete -c lr-git -n "__fish_lr_git_needs_command" -f -a "restore" -d 'Bring back the contents as they were when a turn began, with a commit of its own'
complete -c lr-git -n "__fish_lr_git_needs_command" -f -a "worktree" -d 'Make a linked work tree of HEAD in a new folder, or remove one, so that this one is left alone'
complete -c lr-git -n "__fish_lr_git_needs_command" -f -a "recover" -d 'Complete a \'git commit\' that was killed: bring the index up to the commit at HEAD'
complete -c lr-git -n "__fish_lr_git_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -l fixes-file -d 'Write fixes down in NAME [default: FIXES.md]' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -l format -d 'Write turns or text [default: turns into a pipe or file, text on a terminal]' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -l resume -d 'Go on with a run that has begun: its branch has to be the present one, without commits of others'
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -l no-fixes -d 'Do not write fixes down'
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-git -n "__fish_lr_git_using_subcommand start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l rechecked -d 'Read the turns of the next check, to tell what was fixed' -r -F
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l if -d 'Commit only if the next check is better, and else put the files back' -r -f -a "improved\t'The rank is smaller, or equal with a finding gone that was asked about'"
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l timeout -d 'End a git command, with its hooks, after SECONDS' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l fixes-file -d 'Write fixes down in NAME [default: FIXES.md]' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l format -d 'Write turns or text [default: turns into a pipe or file, text on a terminal]' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l here -d 'Stay on the present branch, whoever made it and its commits'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l no-verify -d 'Leave out the hooks that \'git commit --no-verify\' leaves out: pre-commit and commit-msg'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l no-git -d 'Only write the fixes down, and commit nothing; this needs no repository'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l exit-zero -d 'Exit with 0 where there was nothing to commit'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l no-fixes -d 'Do not write fixes down'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-git -n "__fish_lr_git_using_subcommand commit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -l run -d 'The run to take back [default: that of the present branch]' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -l timeout -d 'End a git command, with its hooks, after SECONDS' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -s n -l dry-run -d 'Only say what would be brought back'
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -l no-verify -d 'Leave out the hooks that \'git commit --no-verify\' leaves out'
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-git -n "__fish_lr_git_using_subcommand undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l turn -d 'The first turn to take back' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l run -d 'The run to take it back from [default: that of the present branch]' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l reason -d 'Say in the commit and in FIXES.md why it is taken back' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l timeout -d 'End a git command, with its hooks, after SECONDS' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l fixes-file -d 'Write fixes down in NAME [default: FIXES.md]' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l format -d 'Write a turn or text [default: a turn into a pipe or file, text on a terminal]' -r -f -a "turn\t'Turns, one line of JSON each'
text\t'Text for people'"
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l here -d 'Take it back although somebody else has committed on the run\'s branch'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l no-verify -d 'Leave out the hooks that \'git commit --no-verify\' leaves out'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l exit-zero -d 'Exit with 0 where there was nothing to take back'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l no-fixes -d 'Do not write fixes down'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-git -n "__fish_lr_git_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -l timeout -d 'End a git command, with its hooks, after SECONDS' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -l remove -d 'Remove the work tree DIR, unless something in it is not committed; branches stay'
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-git -n "__fish_lr_git_using_subcommand worktree" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-git -n "__fish_lr_git_using_subcommand recover" -s C -l directory -d 'Work in DIR instead of the current directory' -r -F
complete -c lr-git -n "__fish_lr_git_using_subcommand recover" -l profile -d 'Use the table [profile.NAME] of the configuration' -r
complete -c lr-git -n "__fish_lr_git_using_subcommand recover" -s v -l verbose -d 'Say more on standard error; twice for details'
complete -c lr-git -n "__fish_lr_git_using_subcommand recover" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c lr-git -n "__fish_lr_git_using_subcommand recover" -l tell-jobs -d 'Say on standard error, in lines for lr-loop, which jobs begin and what they come to'
complete -c lr-git -n "__fish_lr_git_using_subcommand recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lr-git -n "__fish_lr_git_using_subcommand help; and not __fish_seen_subcommand_from start commit undo restore worktree recover help" -f -a "start" -d 'Make the branch of a run, after looking for everything that would be in its way'
complete -c lr-git -n "__fish_lr_git_using_subcommand help; and not __fish_seen_subcommand_from start commit undo restore worktree recover help" -f -a "commit" -d 'Commit what was applied, and write it down in FIXES.md'
complete -c lr-git -n "__fish_lr_git_using_subcommand help; and not __fish_seen_subcommand_from start commit undo restore worktree recover help" -f -a "undo" -d 'Bring back the contents that a run changed, with a commit of its own'
complete -c lr-git -n "__fish_lr_git_using_subcommand help; and not __fish_seen_subcommand_from start commit undo restore worktree recover help" -f -a "restore" -d 'Bring back the contents as they were when a turn began, with a commit of its own'
complete -c lr-git -n "__fish_lr_git_using_subcommand help; and not __fish_seen_subcommand_from start commit undo restore worktree recover help" -f -a "worktree" -d 'Make a linked work tree of HEAD in a new folder, or remove one, so that this one is left alone'
complete -c lr-git -n "__fish_lr_git_using_subcommand help; and not __fish_seen_subcommand_from start commit undo restore worktree recover help" -f -a "recover" -d 'Complete a \'git commit\' that was killed: bring the index up to the commit at HEAD'
complete -c lr-git -n "__fish_lr_git_using_subcommand help; and not __fish_seen_subcommand_from start commit undo restore worktree recover help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
