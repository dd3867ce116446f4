# SPDX-License-Identifier: Apache-2.0
#
#     fish offered.fish SCRIPT WORD...
#
# What fish offers behind these words when TAB is pressed in the last of them, a line each.
source $argv[1]
complete -C (string join -- ' ' $argv[2..]) | string replace -r '\t.*' ''
