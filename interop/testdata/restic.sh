#!/usr/bin/env bash
# Drives restic: backs up twice, prunes, checks, restores.
set -euo pipefail
export RESTIC_PASSWORD=test RESTIC_CACHE_DIR=$PWD/cache RESTIC_REPOSITORY=b2:interop-restic:repo

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
