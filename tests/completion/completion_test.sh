#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What real shells offer when TAB is pressed, with the scripts of `kaigara completion`. Prints TAP.
#
#     KAIGARA_BINARY=... sh completion_test.sh bash|zsh|fish
set -u
shell=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/tap.sh"
command -v "$shell" >/dev/null || cannot "needs $shell"
[ "$shell" != bash ] || [ -f /usr/share/bash-completion/bash_completion ] || cannot "needs bash-completion"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${KAIGARA_BINARY:-kaigara}" completion "$shell" >"$work/script"
HOME=$work
export HOME
cd "$work" || exit 1
mkdir -p place/below
: >place/file.tmpl

# offered WORD...: on one line, in the order of the alphabet.
offered() {
    case $shell in
    bash) bash --norc "$here/offered.bash" "$work/script" "$@" ;;
    zsh) zsh -f "$here/offered.zsh" "$work/script" "$@" ;;
    fish) fish --no-config "$here/offered.fish" "$work/script" "$@" ;;
    esac 2>"$work/errors" </dev/null | sed "s,/$,,; s,^--[a-z-]*=,,; s,^place/,," | LC_ALL=C sort -u | tr '\n' ' '
}
show_more() { sed 's/^/# /' "$work/errors"; }

# has WORD LIST
has() { case " $2 " in *" $1 "*) echo yes ;; *) echo no ;; esac }

is "commands are offered first" "$(offered kaigara st)" "start status "
is "the actions of a command" "$(offered kaigara ledger f)" "forget "
is "the shells of completion" "$(offered kaigara completion '')" "bash fish zsh "
is "commands behind help" "$(offered kaigara help le)" "ledger "
is "options of the command" "$(offered kaigara start --stop)" "--stop-signal --stop-timeout "
is "not those of another" "$(offered kaigara wait --stop)" ""
is "the values of an option" "$(offered kaigara start --restart '')" "always no on-failure "
is "an option means what it means in its command" "$(offered kaigara health --re)" "--ready "
is "signals by name" "$(offered kaigara start --stop-signal TER)" "TERM "
is "users" "$(offered kaigara start --user roo)" "root "
is "files" "$(offered kaigara render place/)" "below file.tmpl "
is "folders where a folder is wanted" "$(offered kaigara start --cwd place/)" "below "
is "programs behind exec" "$(has mkfifo "$(offered kaigara exec mkfif)")" yes
is "programs behind the two hyphens" "$(has mkfifo "$(offered kaigara exec -- mkfif)")" yes
is "programs behind an option with a value" "$(has mkfifo "$(offered kaigara start --grace 3s mkfif)")" yes
is "files behind the program" "$(offered kaigara exec cat place/fil)" "file.tmpl "
if [ "$shell" != fish ]; then
    # fish takes the first word for the command, and there is none.
    is "without a command the options are those of start" "$(offered kaigara --log-level d)" "debug "
    # COMP_WORDBREAKS makes three words of it in bash.
    set -- --restart=on
    [ "$shell" = zsh ] || set -- --restart = on
    is "values behind an equals sign" "$(offered kaigara start "$@")" "on-failure "
fi
done_testing
