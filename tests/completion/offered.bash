# SPDX-License-Identifier: Apache-2.0
#
#     bash offered.bash SCRIPT WORD...
#
# What bash offers behind these words when TAB is pressed in the last of them, a line each.
. /usr/share/bash-completion/bash_completion
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="${COMP_WORDS[*]}"
COMP_POINT=${#COMP_LINE}
COMPREPLY=()
# Only readline itself may say compopt.
compopt() { :; }
_kaigara
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
