#!/usr/bin/env bash
# Drives Backblaze's own tool in the release that Debian has, of 2019.
set -euo pipefail
b2() { command backblaze-b2 "$@"; }

mkdir -p src/d
head -c 3000000 /dev/urandom > src/large
echo hello > "src/d/ü b+c"
b2 authorize-account "$B2_APPLICATION_KEY_ID" "$B2_APPLICATION_KEY"
b2 create-bucket interop-old-b2 allPrivate
b2 upload-file --noProgress interop-old-b2 src/large "large one"
b2 sync --noProgress src b2://interop-old-b2/tree
b2 sync --noProgress b2://interop-old-b2/tree back
diff -r src back
b2 ls --long --versions interop-old-b2 tree
b2 ls --recursive interop-old-b2 | grep -x 'tree/d/ü b+c'
b2 hide-file interop-old-b2 "large one"
b2 ls interop-old-b2 | (! grep large)
b2 download-file-by-name --noProgress interop-old-b2 "tree/d/ü b+c" got
diff got "src/d/ü b+c"
b2 create-key --bucket interop-old-b2 reader listFiles,readFiles,listBuckets
b2 list-keys | grep reader
b2 get-bucket --showSize interop-old-b2 | grep '"fileCount": 4'
b2 update-bucket interop-old-b2 allPublic
mkdir empty
b2 sync --noProgress --delete --allowEmptySource empty b2://interop-old-b2/
