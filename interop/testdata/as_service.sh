#!/usr/bin/env bash
# Runs a client that can only talk to the service against `b2 serve`, in
# namespaces of its own, where the service's name leads to the server. The
# client finds its key in the environment, in the names that clients use.
# SERVE_OPTIONS are more options of the server.
#
# Usage: unshare --mount --net as_service.sh B2 FOLDER CLIENT [ARGUMENT...]
set -euo pipefail
export b2=$1 folder=$2
shift 2
cd "$folder"

ip link set lo up
{ cat /etc/hosts; echo 127.0.0.1 api.backblazeb2.com; } > hosts
mount --bind hosts /etc/hosts

export HOME=$folder B2_APPLICATION_KEY_ID=0123456789ab B2_APPLICATION_KEY=K005aKeyForTestsThatIsNoSecret00
mkfifo lines
"$b2" serve --listen 127.0.0.1:443 --url https://api.backblazeb2.com --tls-self-signed --data data --no-sync ${SERVE_OPTIONS:-} > lines &
server=$!
trap 'kill $server; wait $server' EXIT
while read -r line; do # it listens when it has said where
	case $line in *B2_APPLICATION_KEY=*) break ;; esac
done < <(cat lines)

export B2_ACCOUNT_ID=$B2_APPLICATION_KEY_ID B2_ACCOUNT_KEY=$B2_APPLICATION_KEY B2_SECRET_KEY=$B2_APPLICATION_KEY
export SSL_CERT_FILE=$folder/data/tls-cert.pem REQUESTS_CA_BUNDLE=$folder/data/tls-cert.pem NODE_EXTRA_CA_CERTS=$folder/data/tls-cert.pem
"$@"
