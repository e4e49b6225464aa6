#!/bin/sh
# Makes docs/report.png, the picture of a report in the README: syncs Go's own
# source, once to a server that is fast, and again, with changes, to one that is
# slow and fails now and then. Chromium takes the picture of the second run's page.
set -e
cd "$(dirname "$0")/.."
docs=$PWD/docs work=/tmp/report-picture server=
rm -rf "$work"
mkdir "$work"
trap 'kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
go build -o "$work/b2" ./cmd/b2
cp -r "$(go env GOROOT)/src" "$work/go"
cd "$work"

serve() {
    : > lines
    ./b2 serve --data data --no-sync "$@" > lines &
    server=$!
    until grep -q _KEY= lines; do sleep 0.1; done
    . ./lines
}
export XDG_STATE_HOME="$work"
mkdir later
mv go/net go/crypto go/image go/archive later
rm -r go/cmd
serve
./b2 sync --quiet --create-bucket go b2://go-source > first
kill "$server"
wait "$server" || true
mv later/* go
rm -r go/encoding go/text
serve --latency 20ms --bandwidth 4M --faults 0.005 --fault-seed 7
./b2 sync --keep-days 30 --report report.html go b2://go-source > second
tail -n 1 second
chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/chromium" \
    --virtual-time-budget=4000 --window-size=1000,1660 --screenshot="$docs/report.png" "file://$work/report.html" 2>/dev/null
