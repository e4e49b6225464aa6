#!/usr/bin/env bash
# Drives kopia: its own check of a store, two snapshots, maintenance, a check of
# all contents, a restore. Argument: the program.
set -euo pipefail
export KOPIA_PASSWORD=test KOPIA_CONFIG_PATH=$PWD/kopia.config KOPIA_CHECK_FOR_UPDATES=false
export KOPIA_CACHE_DIRECTORY=$PWD/cache KOPIA_LOG_DIR=$PWD/logs
kopia=$1
repository() { "$kopia" repository "$1" b2 --bucket=interop-kopia --prefix=repo/ --key-id="$B2_ACCOUNT_ID" --key="$B2_ACCOUNT_KEY"; }

mkdir -p src/d
head -c 60000000 /dev/urandom > src/large
echo hello > "src/d/ü b+c"
"$b2" create-bucket interop-kopia allPrivate
repository create
"$kopia" repository validate-provider --num-storage-connections=2 --concurrency-test-duration=3s
"$kopia" snapshot create src
echo again >> "src/d/ü b+c"
"$kopia" snapshot create src
"$kopia" maintenance run --full --safety=none
"$kopia" snapshot verify --verify-files-percent=100
"$kopia" content verify --full
"$kopia" repository disconnect
repository connect
"$kopia" snapshot restore "$PWD/src" back # the latest
diff -r src back
