#!/usr/bin/env bash
# Drives restic against `b2 serve`, in namespaces of its own: restic always asks
# api.backblazeb2.com, so that name leads to the server here.
#
# Usage: unshare --mount --net restic.sh B2 FOLDER
set -euo pipefail
b2=$1 folder=$2
cd "$folder"

ip link set lo up
{ cat /etc/hosts; echo 127.0.0.1 api.backblazeb2.com; } > hosts
mount --bind hosts /etc/hosts

export HOME=$folder B2_APPLICATION_KEY_ID=0123456789ab B2_APPLICATION_KEY=K005aKeyForTestsThatIsNoSecret00
mkfifo lines
"$b2" serve --listen 127.0.0.1:443 --url https://api.backblazeb2.com --tls-self-signed --data data --no-sync > lines &
server=$!
trap 'kill $server; wait $server' EXIT
while read -r line; do # it listens when it has said where
	case $line in *B2_APPLICATION_KEY=*) break ;; esac
done < <(cat lines)

export B2_ACCOUNT_ID=$B2_APPLICATION_KEY_ID B2_ACCOUNT_KEY=$B2_APPLICATION_KEY
export RESTIC_PASSWORD=test RESTIC_CACHE_DIR=$folder/cache RESTIC_REPOSITORY=b2:interop-restic:repo
restic() { command restic --cacert data/tls-cert.pem "$@"; }

mkdir -p src/d
head -c 12000000 /dev/urandom > src/large
echo hello > "src/d/ü b+c"
restic init
restic backup src
echo again >> "src/d/ü b+c"
restic backup src
restic forget --keep-last 1 --prune
restic check --read-data
restic restore latest --target back
diff -r src back/src
