#!/usr/bin/env bash
# Drives duplicity: a full and an incremental backup, verified and restored.
set -euo pipefail
target=b2://$B2_ACCOUNT_ID:$B2_ACCOUNT_KEY@interop-duplicity/backup
duplicity() { command duplicity --no-encryption --archive-dir "$PWD/archive" "$@"; }

mkdir -p src/d
head -c 3000000 /dev/urandom > src/large
echo hello > "src/d/ü b+c"
touch -d '1 hour ago' "src/d/ü b+c" # it looks at whole seconds
duplicity full --volsize 1 src "$target"
echo again >> "src/d/ü b+c"
duplicity incremental src "$target"
duplicity verify --compare-data "$target" src
rm -r archive # so that the next must read it all from the bucket
duplicity restore "$target" back
diff -r src back
duplicity remove-all-but-n-full 1 --force "$target"
