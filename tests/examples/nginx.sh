#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs/examples/nginx, from a fresh volume: see harness.sh.
set -u
example=nginx
needs='nginx curl gzip'
. "$(dirname "$0")/harness.sh"

page=/var/www/html/index.html
config=/etc/nginx/nginx.conf

fetch() { curl --silent --show-error --fail --max-time 60 "$@" 2>&1; }

# state FILE...: what changes when a file is written, be it with the same content.
state() { stat -c '%n %i %Y %Z %s' "$@"; }

# The names of all files that are where the example writes.
beside() { find /var/www/html /etc/nginx | sort; }

# nginx tells of its workers when its sockets are open, and at this level alone.
told=KAIGARA_META_nginx__log_level=notice

volume /var/www/html

# ---- a fresh volume

fresh /etc/nginx
start $told KAIGARA_META_page__title='Bread & "butter" {{here}}'
await '*start worker process *'
is "the page has a value of the environment" \
    "$(fetch http://127.0.0.1:8080/ | grep -cF '<title>Bread & "butter" {{here}}</title>')" 1
is "and each item of the list of metadata.yml" "$(fetch http://127.0.0.1:8080/ | grep -c '<li><b>')" 3
is "the operation has compressed it" \
    "$(fetch --header 'Accept-Encoding: gzip' http://127.0.0.1:8080/ | gunzip | cksum)" "$(cksum <$page)"
is "both are readable by all" "$(stat -c %a $page $config | sort -u)" 644
echo kept >/var/www/html/upload.txt
signal TERM
finish
is "TERM ends nginx, and the status is 0" "$ended" 0
is "it was asked to stop gracefully" "$(logged 'gracefully shutting down')" yes

# ---- a new container on the same volume

fresh /etc/nginx
before=$(state $page)
start $told KAIGARA_META_page__title='Bread & "butter" {{here}}' KAIGARA_META_nginx__listen=127.0.0.1:8081
await '*start worker process *'
is "the environment has moved it to another port" \
    "$(fetch http://127.0.0.1:8081/ | grep -cF '<title>Bread & "butter" {{here}}</title>')" 1
is "what lay on the volume is served" "$(fetch http://127.0.0.1:8081/upload.txt)" kept
is "a page that would be the same is left alone" "$(state $page)" "$before"
signal TERM
finish
is "TERM ends it again with 0" "$ended" 0

# ---- a value that nginx refuses, in the same container

before=$(state $page $config)
names=$(beside)
start $told KAIGARA_META_page__title=Other KAIGARA_META_nginx__workers=many
finish
is "a configuration that nginx refuses is not started: 65" "$ended" 65
is "what nginx says of it is told" "$(logged '"worker_processes" directive invalid value')" yes
is "the old configuration and the old page stay" "$(state $page $config)" "$before"
is "nothing is left beside them" "$(beside)" "$names"
is "no operation has run" "$(logged '[10-compress]')" no

# ---- and the right one again

start $told KAIGARA_META_page__title=Other
await '*start worker process *'
is "with a good value it starts again" \
    "$(fetch http://127.0.0.1:8080/ | grep -cF '<title>Other</title>')" 1
signal TERM
finish
is "and ends with 0" "$ended" 0

done_testing
