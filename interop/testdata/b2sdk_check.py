"""Drives Backblaze's Python SDK against a B2 server.

Usage: b2sdk_check.py URL KEY_ID KEY FOLDER

Each check is an assertion; the last line counts them.
"""

import os
import sys
import time

from b2sdk.v2 import (
    SSE_NONE,
    B2Api,
    BucketRetentionSetting,
    CompareVersionMode,
    EncryptionAlgorithm,
    EncryptionKey,
    EncryptionMode,
    EncryptionSetting,
    FileRetentionSetting,
    InMemoryAccountInfo,
    KeepOrDeleteMode,
    LegalHold,
    NewerFileSyncMode,
    RetentionMode,
    ScanPoliciesManager,
    Synchronizer,
    SyncReport,
    parse_folder,
)
from b2sdk.v2.exception import B2Error, FileNotPresent

url, key_id, key, folder = sys.argv[1:]
checks = 0


def check(truth, what):
    global checks
    checks += 1
    assert truth, what


def write(name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(content)


def read(name):
    with open(os.path.join(folder, name), 'rb') as f:
        return f.read()


def sync(source, destination, mode=KeepOrDeleteMode.NO_DELETE):
    synchronizer = Synchronizer(
        4,
        policies_manager=ScanPoliciesManager(),
        newer_file_mode=NewerFileSyncMode.REPLACE,
        compare_version_mode=CompareVersionMode.MODTIME,
        keep_days_or_delete=mode,
    )
    with open(os.devnull, 'w') as nowhere, SyncReport(nowhere, True) as report:
        synchronizer.sync_folders(
            parse_folder(source, api), parse_folder(destination, api), int(time.time() * 1000), report
        )


api = B2Api(InMemoryAccountInfo())
api.authorize_account(url, key_id, key)
bucket = api.create_bucket('interop-b2sdk', 'allPrivate')
check([b.name for b in api.list_buckets()] == ['interop-b2sdk'], 'the bucket is listed')

# Synchronizer, both ways.
names = ['src/a.txt', 'src/d/b', 'src/d/ü b+c', 'src/empty']
for i, name in enumerate(names):
    write(name, b'x' * i)
sync(os.path.join(folder, 'src'), 'b2://interop-b2sdk/tree')
listed = [f.file_name for f, _ in bucket.ls('tree', recursive=True)]
check(sorted(listed) == sorted(n.replace('src', 'tree', 1) for n in names), listed)
os.makedirs(os.path.join(folder, 'back'))
sync('b2://interop-b2sdk/tree', os.path.join(folder, 'back'))
for name in names:
    check(read(name) == read(name.replace('src', 'back', 1)), name)
os.remove(os.path.join(folder, 'src/a.txt'))
sync(os.path.join(folder, 'src'), 'b2://interop-b2sdk/tree', KeepOrDeleteMode.DELETE)
check(len(list(bucket.ls('tree', recursive=True, latest_only=False))) == 3, 'a.txt is gone')

# A large file in parts, and a part of it.
content = os.urandom(11_000_000)
write('large', content)
large = bucket.upload_local_file(os.path.join(folder, 'large'), 'large', min_part_size=5_000_000)
bucket.download_file_by_id(large.id_).save_to(os.path.join(folder, 'large.back'))
check(read('large.back') == content, 'the large file came back')
bucket.download_file_by_name('large', range_=(5, 9)).save_to(os.path.join(folder, 'range'))
check(read('range') == content[5:10], 'a range of it')
copy = bucket.copy(large.id_, 'copy')
check(copy.size == len(content), 'the copy has its size')

# Hiding and versions.
bucket.upload_bytes(b'one', 'versions')
bucket.upload_bytes(b'two', 'versions')
bucket.hide_file('versions')
actions = [f.action for f in bucket.list_file_versions('versions')]
check(actions == ['hide', 'upload', 'upload'], actions)
try:
    bucket.get_file_info_by_name('versions')
    check(False, 'a hidden file has information')
except FileNotPresent:
    check(True, '')

# Keys.
restricted = api.create_key(['listFiles', 'listBuckets', 'readFiles'], 'reader', bucket_id=bucket.id_, name_prefix='tree/')
reader = B2Api(InMemoryAccountInfo())
reader.authorize_account(url, restricted.id_, restricted.application_key)
mine = reader.get_bucket_by_name('interop-b2sdk')
check(len(list(mine.ls('tree', recursive=True))) == 3, 'the key lists its prefix')
try:
    mine.upload_bytes(b'x', 'tree/refused')
    check(False, 'a key that may only read has written')
except B2Error:
    check(True, '')
check([k.key_name for k in api.list_keys()] == ['reader'], 'the key is listed')
api.delete_key(restricted)

# SSE-C: the right key reads, another does not.
def sse_c(byte):
    return EncryptionSetting(
        mode=EncryptionMode.SSE_C,
        algorithm=EncryptionAlgorithm.AES256,
        key=EncryptionKey(secret=byte * 32, key_id='label'),
    )


secret = bucket.upload_bytes(b'secret', 'secret', encryption=sse_c(b'k'))
bucket.download_file_by_id(secret.id_, encryption=sse_c(b'k')).save_to(os.path.join(folder, 'secret'))
check(read('secret') == b'secret', 'SSE-C reads back')
for wrong in (sse_c(b'w'), None):
    try:
        bucket.download_file_by_id(secret.id_, encryption=wrong)
        check(False, 'the wrong key has read')
    except B2Error:
        check(True, '')

# Object Lock: a retained version stays.
locked = api.create_bucket('interop-locked', 'allPrivate', is_file_lock_enabled=True)
until = int(time.time() * 1000) + 3_600_000
kept = locked.upload_bytes(
    b'kept', 'kept', file_retention=FileRetentionSetting(RetentionMode.COMPLIANCE, until), legal_hold=LegalHold.ON
)
try:
    api.delete_file_version(kept.id_, 'kept')
    check(False, 'a retained version was deleted')
except B2Error:
    check(True, '')

print('%d checks' % checks)
