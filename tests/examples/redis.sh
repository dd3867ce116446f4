#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs/examples/redis, from a fresh volume: see harness.sh.
set -u
example=redis
needs='redis-server redis-cli'
. "$(dirname "$0")/harness.sh"

# All that a password of redis.conf, of a template or of a shell could stumble over.
password="it's \"half\" {{secrets}} \$HOME \\ #1"

# client WORD...: redis-cli with the password, which it takes from the environment.
client() { REDISCLI_AUTH=$password redis-cli -h 127.0.0.1 "$@" 2>&1; }

volume /var/lib/redis

# ---- a fresh volume

fresh /etc/redis
secret redis_password "$password"
start
await '*Ready to accept connections*'
is "redis answers with the password of the secret" "$(client PING)" PONG
is "and not without it" "$(redis-cli -h 127.0.0.1 PING 2>&1)" "NOAUTH Authentication required."
is "redis.conf, which holds it, is for redis alone" "$(stat -c '%a %U:%G' /etc/redis/redis.conf)" \
    "600 redis:redis"
is "kaigara metadata shows that there is one, and no more" \
    "$(kaigara metadata | sed -n 's/.*redis_password: *//p' | tr -d "\"'")" '***'
is "redis runs as its own user" "$(application user)" redis
is "nothing of the secret or of kaigara is in its environment" "$(environment | grep -c -e half -e KAIGARA)" 0
is "the volume is given to it" "$(stat -c %U:%G /var/lib/redis)" redis:redis
is "a setting of metadata.yml is in force" "$(client CONFIG GET maxmemory-policy | tail -n 1)" allkeys-lru
is "so is each item of a list" "$(client CONFIG GET save | tail -n 1)" "3600 1 300 100"
is "a key is set" "$(client SET greeting 'hello from the first')" OK
signal TERM
finish
is "TERM ends redis, and the status is 0" "$ended" 0
is "redis has saved before" "$(logged 'DB saved on disk')" yes
is "and said goodbye" "$(logged 'Redis is now ready to exit')" yes

# ---- a new container on the same volume

fresh /etc/redis
rm /etc/redis/redis.conf # the one of the package has the right owner already
secret redis_password "$password"
start KAIGARA_META_redis__maxmemory=32mb KAIGARA_META_redis__appendonly=no
await '*Ready to accept connections*'
is "the key has survived" "$(client GET greeting)" "hello from the first"
is "a redis.conf that is new belongs to redis too" "$(stat -c '%a %U:%G' /etc/redis/redis.conf)" \
    "600 redis:redis"
is "the environment has changed a setting" "$(client CONFIG GET maxmemory | tail -n 1)" 33554432
is "the volume is left as it is" "$(logged '[10-volume] /var/lib/redis belongs to redis')" yes
signal TERM
finish
is "TERM ends it again with 0" "$ended" 0

# ---- no password

fresh /etc/redis
before=$(cksum /etc/redis/redis.conf)
start
finish
is "without the secret nothing starts: 65" "$ended" 65
is "which is told with the line of the template" \
    "$(grep -c 'redis.conf.tmpl:9:.*mount a secret called redis_password' "$work/log")" 1
is "nor was redis.conf touched" "$(cksum /etc/redis/redis.conf)" "$before"

is "no log has the password" "$(ever_logged "$password")" no
is "nor a part of it" "$(ever_logged half)" no

done_testing
