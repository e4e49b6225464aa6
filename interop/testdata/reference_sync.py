"""Runs the sync engine of Backblaze's Python SDK, as their command line drives it.

Usage: reference_sync.py URL KEY_ID KEY

Reads requests from standard input, one JSON object a line, and answers each
with one: {"args": [...], "now": MS, "amend": [...]} are the words behind `b2
sync`, the time of the run, and the amendments to be made to the engine. The
answer has the exit status, the lines of standard output, the errors, and which
amendments made a difference.

The SDK is the one that is installed: 1.17 of Debian, or one of 2.x that
PYTHONPATH leads to. What today's do otherwise is in Today. Amendments are what Bowline does otherwise on purpose:
each is named after its entry in docs/compat.md, and changes nothing else. So
with all amendments both tools must come to the same, and any other difference
is a bug.
"""

import argparse
import importlib
import inspect
import io
import json
import os
import re
import shlex
import stat
import sys
from functools import partial

from b2sdk.v2 import (
    B2Api,
    B2Folder,
    CompareVersionMode,
    InMemoryAccountInfo,
    KeepOrDeleteMode,
    LocalFolder,
    NewerFileSyncMode,
    ScanPoliciesManager,
    Synchronizer,
    SyncReport,
    parse_folder,
)
from b2sdk.v2.exception import B2Error, DestFileNewer, EmptyDirectory, NotADirectory


def inside(module):
    """A module of the SDK that is not for others, wherever this release has it."""
    try:
        return importlib.import_module('b2sdk._internal.' + module)
    except ModuleNotFoundError:
        return importlib.import_module('b2sdk.' + module)


BaseFileVersion = inside('file_version').BaseFileVersion
scan_folder = inside('scan.folder')
action = inside('sync.action')
policy = inside('sync.policy')

if not hasattr(ScanPoliciesManager, '_should_exclude_relative_path'):
    ScanPoliciesManager._should_exclude_relative_path = ScanPoliciesManager.should_exclude_relative_path

DAY = 24 * 60 * 60 * 1000
MOD_TIME = 'src_last_modified_millis'
EVERY_NAME = ('', '.', '.*', 'a|')  # the patterns of worlds that match each name
IMPOSSIBLE = re.compile(r'[\x00-\x1f\\\x7f]')  # in the names of a bucket


class Amendments:
    """Which amendments are made, and which of them have changed anything."""

    def __init__(self, names):
        self.made = set(names)
        self.told = set()

    def __contains__(self, name):
        return name in self.made

    def tell(self, name, differs=True):
        if differs:
            self.told.add(name)


amend = Amendments([])


class Report(SyncReport):
    """Remembers what the engine could not look at, and what went wrong."""

    def __init__(self, *args):
        self.unseen, self.odd, self.failures = set(), set(), []
        super().__init__(*args)

    def local_access_error(self, path):
        self.unseen.add(path)
        self.warn(path, 'could not be accessed (broken symlink?)')

    def warn(self, path, words):
        self.warnings.append(f'WARNING: {quoted(path)} {words}')

    def symlink_skipped(self, path):
        self.unseen.add(path)

    def invalid_name(self, path):
        self.unseen.add(path)
        self.warn(path, 'path contains invalid name')

    def circular(self, path):
        self.unseen.add(path)
        self.warn(path, 'is a circular symlink, which was already visited. Skipping.')

    def not_a_file(self, path):
        self.odd.add(path)
        self.warn(path, 'is not a regular file. Skipping.')

    def failed(self, error):
        self.failures.append(str(error))


class Rules(ScanPoliciesManager):
    """Rules that remember the names that they left out because of a time."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.too_late = set()

    def leaves_out(self, name):
        """Whether rules of names leave out a file."""
        above = [name[:i] for i, c in enumerate(name) if c == '/']
        return self._should_exclude_relative_path(name) or any(map(self._exclude_dir_set.matches, above))

    def never_below(self, folder):
        """'narrow': nobody looks where the rules of names can have nothing."""
        if 'narrow' not in amend or not any(c.pattern in EVERY_NAME for c in self._exclude_file_set._compiled_list):
            return False
        starts = [literal_start(c.pattern) for c in self._include_file_set._compiled_list]
        never = not any(start.startswith(folder) or folder.startswith(start) for start in starts)
        amend.tell('narrow', never)
        return never

    def should_exclude_b2_directory(self, path):
        as_is = super().should_exclude_b2_directory(path)
        if 'folders' not in amend:
            return as_is
        above = [path[:i] for i, c in enumerate(path) if c == '/'] + [path]
        excluded = path != '' and any(map(self._exclude_dir_set.matches, above))
        amend.tell('folders', excluded != as_is)
        return excluded

    def should_exclude_local_path(self, path):
        excluded = super().should_exclude_local_path(path)
        if path.mod_time not in self._include_mod_time_range:
            self.too_late.add(path.relative_path)
        return excluded

    def should_exclude_b2_file_version(self, version, name):
        excluded = super().should_exclude_b2_file_version(version, name)
        late = (
            version.upload_timestamp not in self._include_upload_time_range
            or version.mod_time_millis not in self._include_mod_time_range
        )
        if late:
            self.too_late.add(name)
        return excluded


# ---- Today: what releases of 2.x do otherwise ----


class TodaysLocalFolder(LocalFolder):
    """Sees loops of links and names that a bucket cannot hold; looks at names before files."""

    is_destination = False

    def _walk_relative_paths(self, folder, relative, report, rules, links=None, above=frozenset()):
        """Amendments: 'local names' speaks only where a file would be sent, 'links' looks for loops on one path."""
        links = links or set()  # shared below the first linked folder, as it is there
        if os.path.islink(folder):
            inode = os.stat(folder).st_ino
            circular = inode in (above if 'links' in amend else links)
            amend.tell('links', circular != (inode in links))
            if circular:
                if report and not rules.never_below(relative + '/'):
                    report.circular(folder)
                return
            links.add(inode)
            above = above | {inode}
        found = []
        for name in os.listdir(folder):
            path, name = os.path.join(folder, name), scan_folder.join_b2_path(relative, name)
            if rules.exclude_all_symlinks and os.path.islink(path):
                if report:
                    report.symlink_skipped(path)
            elif 'local names' not in amend and IMPOSSIBLE.search(name):
                if report:
                    report.invalid_name(path)
            elif os.path.isdir(path):
                if not rules.should_exclude_local_directory(name):
                    found.append((name + '/', path))
            else:
                found.append((name, path))
        for name, path in sorted(found):
            if name.endswith('/'):
                yield from self._walk_relative_paths(path, name[:-1], report, rules, links, above)
            elif not rules._should_exclude_relative_path(name):
                yield from self._file(name, path, report, rules)
            elif report and not os.path.exists(path):
                report.unseen.add(path)  # without a word, but what lies below it is not known

    def _file(self, name, path, report, rules):
        try:
            info = os.stat(path)
        except OSError:
            if report:
                report.local_access_error(path)
            return
        if not stat.S_ISREG(info.st_mode) and 'no files' in amend:
            if report:
                amend.tell('no files')
                report.not_a_file(path)
            return
        found = scan_folder.LocalPath(path, name, scan_folder.get_file_mtime(path), info.st_size)
        if rules.should_exclude_local_path(found):
            return
        if IMPOSSIBLE.search(name) and report:
            amend.tell('local names')
        if IMPOSSIBLE.search(name) and not self.is_destination:
            if report:
                report.invalid_name(path)
            return
        yield found

    def ensure_non_empty(self):
        if 'only folders' not in amend:
            return super().ensure_non_empty()
        if not os.path.isdir(self.root) or not any(self._has_file(*step) for step in os.walk(self.root, followlinks=True)):
            amend.tell('only folders')
            raise EmptyDirectory(self.root)

    def _has_file(self, folder, _, names):
        return any(os.path.isfile(os.path.join(folder, name)) for name in names)


def literal_start(pattern):
    """What every name begins with that a pattern matches, as far as that is plain to see."""
    start = ''
    for op, value in re._parser.parse(pattern):
        if str(op) == 'LITERAL':
            start += chr(value)
        elif (str(op), str(value)) != ('AT', 'AT_BEGINNING'):
            break
    return '' if '(?i' in pattern else start


def quoted(name):
    """A name in the lines of uploads, hides and deletes."""
    hexed = re.sub('[\x00-\x08\x0e-\x1f\x7f-\x9f]', lambda m: rf'\x{ord(m.group()):02x}', name)
    return shlex.quote(hexed)


def print_quoted(kind, words):
    """Makes an action print its line as today's releases do."""
    kind.do_report = lambda self, bucket, report: report.print_completion(words(self))


print_quoted(action.B2UploadAction, lambda a: 'upload ' + quoted(a.relative_name))
print_quoted(action.B2HideAction, lambda a: 'hide   ' + quoted(a.relative_name))
print_quoted(action.B2DeleteAction, lambda a: f'delete {quoted(a.relative_name)} {a.note}')
print_quoted(action.LocalDeleteAction, lambda a: 'delete ' + quoted(a.relative_name))


# ---- Amendments ----


def amended(owner, name):
    """Puts a function in the place of one of the SDK, which it is given first."""

    def put(function):
        setattr(owner, name, partial_method(function, getattr(owner, name)))

    return put


def partial_method(function, original):
    return lambda *args, **kwargs: function(original, *args, **kwargs)


class AmendedB2Folder(B2Folder):
    """Tells names that no local file can have, and goes on."""

    report = None  # set where the names become those of local files
    in_bucket = False  # set where they do not

    def _validate_file_name(self, name):
        if 'names' in amend and self.in_bucket:
            return
        super()._validate_file_name(name)

    def all_files(self, report, policies_manager=None):
        rules = policies_manager or ScanPoliciesManager()
        keep = rules.should_exclude_b2_file_version
        if 'names' in amend:
            told = set()

            def excluded(version, name):
                if keep(version, name):
                    return True
                try:
                    B2Folder._validate_file_name(self, name)
                except B2Error as error:
                    amend.tell('names')
                    if self.in_bucket:
                        return False
                    if name not in told and version.action == 'upload':
                        report.failed(error)
                    told.add(name)
                    return True
                return False

            rules.should_exclude_b2_file_version = excluded
        yield from super().all_files(report, rules)
        rules.should_exclude_b2_file_version = keep


def differ(original, cls, source, dest, threshold=None, mode=CompareVersionMode.MODTIME, newer=None):
    """'1 ms' and 'size': times 1 ms apart are the same; another size is a change."""
    as_is = partial(original, source, dest, threshold, mode, newer)
    if mode != CompareVersionMode.MODTIME:
        return as_is()
    threshold = threshold or 0
    if '1 ms' in amend and threshold < 1:
        amend.tell('1 ms', abs(source.mod_time - dest.mod_time) == 1)
        threshold = 1
    within = abs(source.mod_time - dest.mod_time) <= threshold
    if 'size' in amend and within and source.size != dest.size:
        amend.tell('size')
        return True
    return original(source, dest, threshold, mode, newer)


original_differ = policy.AbstractFileSyncPolicy.files_are_different.__func__
policy.AbstractFileSyncPolicy.files_are_different = classmethod(
    lambda cls, *args, **kwargs: differ(partial(original_differ, cls), cls, *args, **kwargs)
)


@amended(policy.AbstractFileSyncPolicy, '_should_transfer')
def _(original, self):
    """'hidden at the destination': what is hidden there is not there."""
    source, dest = self._source_path, self._dest_path
    if 'hidden at the destination' in amend and source and source.is_visible() and dest and not dest.is_visible():
        amend.tell('hidden at the destination')
        return True
    return original(self)


def keep_days(source, dest, folder, transferred, days, now):
    """'--keep-days': versions count from when they were replaced or hidden."""
    if dest is None:
        return
    amend.tell('--keep-days')
    versions = dest.all_versions
    hidden = versions[0].action == 'hide'
    if source is None and not hidden:
        yield policy.B2HideAction(dest.relative_path, folder.make_full_path(dest.relative_path))
    expired = lambda version: now - version.upload_timestamp > days * DAY
    going = source is None and hidden and expired(versions[0])
    for index, version in enumerate(versions):
        going = going or index > 0 and expired(versions[index - 1])
        if going:
            name = folder.make_full_path(dest.relative_path)
            note = policy.make_b2_delete_note(version, index, transferred)
            yield policy.B2DeleteAction(dest.relative_path, name, version.id_, note)


version_words = inspect.signature(BaseFileVersion.__init__)


@amended(BaseFileVersion, '__init__')
def _(original, *args, **kwargs):
    """'unreadable times': a time that is no number is none."""
    words = version_words.bind(*args, **kwargs)
    info = words.arguments.get('file_info') or {}
    if 'unreadable times' in amend and not re.fullmatch('[+-]?[0-9]+', info.get(MOD_TIME, '0')):
        amend.tell('unreadable times')
        words.arguments['file_info'] = {k: v for k, v in info.items() if k != MOD_TIME}
    original(*words.args, **words.kwargs)


@amended(policy, 'make_b2_keep_days_actions')
def _(original, *args):
    return keep_days(*args) if '--keep-days' in amend else original(*args)


@amended(action.B2CopyAction, 'do_action')
def _(original, self, bucket, report):
    """'copies': a copy carries the time that it was compared by."""
    version = self.source_path.selected_version
    if 'copies' not in amend or MOD_TIME in version.file_info:
        return original(self, bucket, report)
    amend.tell('copies')
    info = dict(version.file_info, **{MOD_TIME: str(self.source_path.mod_time)})
    bucket.copy(
        version.id_, self.dest_b2_file_name, length=version.size, file_info=info, content_type=version.content_type
    )


class AmendedSynchronizer(Synchronizer):
    rules = report = source_folder = None

    def _make_file_sync_actions(self, kind, source, dest, source_folder, *rest):
        if dest and self._filtered(source, dest.relative_path):
            return
        if dest and source is None and self._unseen(dest.relative_path):
            return
        if 'hidden in the source' in amend and source and not source.is_visible():
            amend.tell('hidden in the source', dest is not None)
            if dest is None:
                return
            source = None
        actions = super()._make_file_sync_actions(kind, source, dest, source_folder, *rest)
        if 'newer' not in amend:
            yield from actions
            return
        try:
            yield from actions
        except DestFileNewer as error:
            amend.tell('newer')
            self.report.failed(error)

    def _filtered(self, source, name):
        """'filters': what is left out on either side stays as it is."""
        if 'filters' not in amend:
            return False
        out = self.rules.leaves_out(name) or source is None and name in self.rules.too_late
        amend.tell('filters', out)
        return out

    def _unseen(self, name):
        """'unseen': what could not be seen, or was left out, stays as it is."""
        if 'unseen' not in amend or not isinstance(self.source_folder, LocalFolder):
            return False
        path = os.path.join(self.source_folder.root, name)
        out = path in self.report.odd or any(path == p or path.startswith(p + '/') for p in self.report.unseen)
        amend.tell('unseen', out)
        return out


def refuse_empty(synchronizer, source, dest, now):
    """'empty bucket': nothing is removed because a bucket or prefix is empty."""
    if 'empty bucket' not in amend or synchronizer.allow_empty_source or source.folder_type() != 'b2':
        return
    if any(True for _ in source.bucket.ls(source.folder_name, latest_only=True, recursive=True)):
        return
    quiet = Report(io.StringIO(), True)
    if any(path.is_visible() for path in source.all_files(quiet, synchronizer.rules)):
        return  # it was not empty at the time that it is seen at
    synchronizer.report = quiet
    planned = synchronizer._make_folder_sync_actions(source, dest, now, quiet, synchronizer.rules)
    if any(isinstance(a, (action.B2HideAction, action.B2DeleteAction, action.LocalDeleteAction)) for a in planned):
        amend.tell('empty bucket')
        raise EmptyDirectory(f'b2://{source.bucket_name}')


# ---- The command ----


def read_time(text):
    return int(float(text) * 1000)


def parser():
    p = argparse.ArgumentParser()
    p.add_argument('--dry-run', action='store_true')
    p.add_argument('--allow-empty-source', action='store_true')
    p.add_argument('--exclude-all-symlinks', action='store_true')
    p.add_argument('--compare-versions', default='modTime')
    p.add_argument('--compare-threshold', type=int)
    for name in ('--exclude-regex', '--include-regex', '--exclude-dir-regex'):
        p.add_argument(name, action='append', default=[])
    p.add_argument('--exclude-if-modified-after', type=read_time)
    p.add_argument('--exclude-if-uploaded-after', type=read_time)
    p.add_argument('--skip-newer', action='store_true')
    p.add_argument('--replace-newer', action='store_true')
    p.add_argument('--delete', action='store_true')
    p.add_argument('--keep-days', type=float)
    p.add_argument('source')
    p.add_argument('destination')
    return p


def newer_mode(args):
    if args.replace_newer:
        return NewerFileSyncMode.REPLACE
    return NewerFileSyncMode.SKIP if args.skip_newer else NewerFileSyncMode.RAISE_ERROR


def keep_mode(args):
    if args.delete:
        return KeepOrDeleteMode.DELETE
    return KeepOrDeleteMode.KEEP_BEFORE_DELETE if args.keep_days else KeepOrDeleteMode.NO_DELETE


COMPARE = {
    'none': CompareVersionMode.NONE,
    'modTime': CompareVersionMode.MODTIME,
    'size': CompareVersionMode.SIZE,
}


def run(api, args, now, report):
    rules = Rules(
        exclude_dir_regexes=args.exclude_dir_regex,
        exclude_file_regexes=args.exclude_regex,
        include_file_regexes=args.include_regex,
        exclude_all_symlinks=args.exclude_all_symlinks,
        exclude_modified_after=args.exclude_if_modified_after,
        exclude_uploaded_after=args.exclude_if_uploaded_after,
    )
    source, dest = (
        parse_folder(text, api, TodaysLocalFolder, AmendedB2Folder) for text in (args.source, args.destination)
    )
    for side in (source, dest):
        side.is_destination = side is dest
        side.in_bucket = source.folder_type() == dest.folder_type() == 'b2' or side is dest
    synchronizer = AmendedSynchronizer(
        4,
        policies_manager=rules,
        dry_run=args.dry_run,
        allow_empty_source=args.allow_empty_source,
        newer_file_mode=newer_mode(args),
        keep_days_or_delete=keep_mode(args),
        compare_version_mode=COMPARE[args.compare_versions],
        compare_threshold=args.compare_threshold,
        keep_days=args.keep_days or None,
    )
    synchronizer.rules, synchronizer.report, synchronizer.source_folder = rules, report, source
    refuse_empty(synchronizer, source, dest, now)
    synchronizer.report = report
    with report:
        synchronizer.sync_folders(source, dest, now, report)
    return 1 if report.warnings or report.failures else 0


def answer(api, request):
    global amend
    amend = Amendments(request['amend'])
    out = io.StringIO()
    report = Report(out, True)
    try:
        status = run(api, parser().parse_args(request['args']), request['now'], report)
    except EmptyDirectory as error:
        status = 1
        report.failed(f'Directory {error.path} is empty.  Use --allow-empty-source to sync anyway.')
    except NotADirectory as error:
        status = 1
        report.failed(f'{error.path} is not a directory')
    except Exception as error:  # what the engine cannot get over ends its run
        status = 1
        report.failed(error)
    report.close()
    lines = [line for line in out.getvalue().split('\n') if line]
    warnings = {line for line in lines if line.startswith('WARNING: ')}
    lines = sorted([line for line in lines if line not in warnings] + list(warnings))
    return {'status': status, 'lines': lines, 'errors': sorted(report.failures), 'told': sorted(amend.told)}


def main():
    url, key_id, key = sys.argv[1:]
    api = B2Api(InMemoryAccountInfo())
    api.authorize_account(url, key_id, key)
    for line in sys.stdin:
        print(json.dumps(answer(api, json.loads(line))), flush=True)


main()
