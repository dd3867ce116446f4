# SPDX-License-Identifier: Apache-2.0
#
#     zsh -f offered.zsh SCRIPT WORD...
#
# What zsh offers behind these words when TAB is pressed in the last of them, a line each: an interactive zsh in a
# terminal of its own completes, and tells what is added to the list.
zmodload zsh/zpty
export SCRIPT=$1
shift
export OFFERED=$(mktemp -u)
mkfifo $OFFERED
trap 'rm -f $OFFERED' EXIT

setup='
PS1= PS2= RPS1=
autoload -Uz compinit && compinit -D -u
source $SCRIPT
compadd() {
    if [[ -n ${argv[(r)-[OAD]*]} || -n ${argv[(r)-[a-zA-Z]#[OAD]]} ]]; then
        builtin compadd "$@"
        return
    fi
    local -a found
    builtin compadd -O found "$@"
    all+=($found)
    builtin compadd "$@"
}
begin() { typeset -ga all=() }
finish() { print -rl -- $all "" end >$OFFERED }
compprefuncs=(begin)
comppostfuncs=(finish)
setopt no_beep
bindkey "^I" complete-word
'
zpty terminal zsh -f -i
zpty -w terminal "$setup"
# ^U: nothing that has been typed before stands in the line.
zpty -w -n terminal $'\C-u'"${(j: :)@}"$'\t'
while read -t 20 -r line; do
    [[ $line == end ]] && break
    [[ -z $line ]] || print -r -- $line
done <$OFFERED
zpty -d terminal
