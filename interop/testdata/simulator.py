"""Serves b2sdk's RawSimulator over HTTP, as the B2 Native API in v2, v3 and v4.

Usage: simulator.py

Prints a URL, a key id and a key, one a line, and serves on loopback until its
standard input ends. POST /advance?days=N sets its clock forward.

The simulator is Backblaze's own idea of the service, for tests of their SDK.
What follows it here only moves it to sizes and times of real use.
"""

import base64
import io
import itertools
import json
import re
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

from b2sdk import exception, raw_simulator
from b2sdk.raw_api import MetadataDirectiveMode

PART_SIZE = 100_000  # the smallest and the recommended size of a part
PREFIX = 'x-bz-info-'


class Clock:
    """The time in milliseconds; as an iterator, never the same one twice."""

    offset = last = 0

    def now(self):
        return int(time.time() * 1000) + self.offset

    def __next__(self):
        self.last = max(self.now(), self.last + 1)
        return self.last


clock = Clock()


class Bucket(raw_simulator.BucketSimulator):
    """A bucket whose ids are unique in the account and whose times are real."""

    FIRST_FILE_ID = '9' * 12
    MAX_SIMPLE_COPY_SIZE = 5_000_000_000
    ids = itertools.count(int(FIRST_FILE_ID), -1)  # newer files sort first

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.file_id_counter, self.upload_timestamp_counter = Bucket.ids, clock
        self.upload_url_counter = itertools.count()


class Simulator(raw_simulator.RawSimulator):
    BUCKET_SIMULATOR_CLASS = Bucket
    MIN_PART_SIZE = PART_SIZE
    get_file_info = raw_simulator.RawSimulator.get_file_info_by_id

    def copy_file(self, api_url, token, source_file_id, *args, **kwargs):
        """Copies, and remembers where the copy is, which the simulator forgets."""
        result = super().copy_file(api_url, token, source_file_id, *args, **kwargs)
        self.file_id_to_bucket_id[result['fileId']] = result['bucketId']
        return result


# The fields of a call's JSON, in the order of its method's arguments.
PLAIN = {
    'cancel_large_file': 'fileId',
    'create_bucket': 'accountId bucketName bucketType bucketInfo corsRules lifecycleRules',
    'delete_file_version': 'fileId fileName',
    'finish_large_file': 'fileId partSha1Array',
    'get_file_info': 'fileId',
    'hide_file': 'bucketId fileName',
    'list_buckets': 'accountId bucketId bucketName',
    'list_file_names': 'bucketId startFileName maxFileCount prefix',
    'list_file_versions': 'bucketId startFileName startFileId maxFileCount prefix',
    'list_parts': 'fileId startPartNumber maxPartCount',
    'list_unfinished_large_files': 'bucketId startFileId maxFileCount namePrefix',
    'start_large_file': 'bucketId fileName contentType fileInfo',
}


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def refusal(error):
    """The status, code and message of an exception of the simulator."""
    kinds = (
        (Refused, getattr(error, 'status', 0), getattr(error, 'code', '')),
        (exception.InvalidAuthToken, 401, 'bad_auth_token'),
        (exception.Unauthorized, 401, 'unauthorized'),
        (exception.NonExistentBucket, 400, 'bad_bucket_id'),
        (exception.DuplicateBucketName, 400, 'duplicate_bucket_name'),
        (exception.FileNotPresent, 404, 'not_found'),
        (exception.Conflict, 409, 'conflict'),
        (exception.UnsatisfiableRange, 416, 'range_not_satisfiable'),
        (KeyError, 404, 'not_found'),  # an id that the simulator does not know
    )
    for kind, status, code in kinds:
        if isinstance(error, kind):
            return status, code, str(error)
    return 400, 'bad_request', repr(error)


def byte_range(text):
    """(first, last) of "bytes=first-last", or None."""
    match = re.fullmatch(r'bytes=(\d+)-(\d+)', text) if text else None
    return match and (int(match[1]), int(match[2]))


def authorization(answer, base, version):
    """The simulator's answer to authorising, which is v2's, in another version."""
    answer.update(apiUrl=base, downloadUrl=base, s3ApiUrl=base)
    if version == 2:
        return answer
    allowed = answer.pop('allowed')
    storage = {
        name: answer.pop(name)
        for name in ('apiUrl', 'downloadUrl', 's3ApiUrl', 'recommendedPartSize', 'absoluteMinimumPartSize')
    }
    if version == 3:
        storage.update(allowed)
    else:
        bucket = {'id': allowed.pop('bucketId'), 'name': allowed.pop('bucketName')}
        allowed['buckets'] = [bucket] if bucket['id'] else None
        storage['allowed'] = allowed
    answer.update(apiInfo={'storageApi': storage}, applicationKeyExpirationTimestamp=None)
    return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    simulator = Simulator()
    one_at_a_time = threading.Lock()

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return formatdate(clock.now() / 1000, usegmt=True)

    def serve(self):
        self.content = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.url = urlsplit(self.path)
        self.query = {k: v[0] for k, v in parse_qs(self.url.query, keep_blank_values=True).items()}
        self.token = self.headers.get('Authorization')
        self.base = 'http://' + self.headers['Host']
        try:
            with self.one_at_a_time:
                status, headers, body = self.answer()
        except Exception as error:  # each is an answer
            status, code, message = refusal(error)
            headers, body = {}, dict(status=status, code=code, message=message)
        if not isinstance(body, bytes):
            headers, body = {'Content-Type': 'application/json'}, json.dumps(body, default=list).encode()
        self.send_response(status)
        for name, value in {**headers, 'Content-Length': len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = serve

    def answer(self):
        """Status, headers and body: bytes, or what becomes JSON."""
        path = self.url.path
        if path == '/upload':
            return 200, {}, self.upload()
        if path == '/advance':
            clock.offset += int(float(self.query['days']) * 86_400_000)
            return 200, {}, {}
        if path.startswith('/file/') or path.endswith('/b2_download_file_by_id'):
            return self.download()
        match = re.fullmatch(r'/b2api/v([234])/b2_(\w+)', path)
        if not match:
            raise Refused(404, 'not_found', 'no such call')
        version, name = int(match[1]), match[2]
        if name == 'authorize_account':
            key_id, _, key = base64.b64decode(self.token.removeprefix('Basic ')).decode().partition(':')
            return 200, {}, authorization(self.simulator.authorize_account(None, key_id, key), self.base, version)
        if self.token not in self.simulator.auth_token_to_key:
            raise Refused(401, 'bad_auth_token', 'the token is not known')
        request = json.loads(self.content) if self.content else self.query
        return 200, {}, self.call(name, request, version)

    def call(self, name, q, version):
        """The calls that take JSON, each as the simulator's method wants it."""
        sim, common = self.simulator, (Simulator.API_URL, self.token)
        if name in ('list_file_names', 'list_file_versions') and q.get('prefix') and not q.get('startFileName'):
            q = {**q, 'startFileName': q['prefix']}  # else the first name of another prefix ends the simulator's list
        if name in PLAIN:
            return getattr(sim, name)(*common, *(q.get(field) for field in PLAIN[name].split()))
        if name == 'create_key':
            bucket = (q.get('bucketIds') or [q.get('bucketId')])[0]
            made = sim.create_key(*common, q['accountId'], q['capabilities'], q['keyName'],
                                  q.get('validDurationInSeconds'), bucket, q.get('namePrefix'))
            if version == 4:
                made['bucketIds'] = made['bucketId'] and [made.pop('bucketId')]
            return made
        if name == 'copy_file':
            directive = MetadataDirectiveMode[q.get('metadataDirective', 'COPY')]
            return sim.copy_file(*common, q['sourceFileId'], q['fileName'], byte_range(q.get('range')), directive,
                                 q.get('contentType'), q.get('fileInfo'), q.get('destinationBucketId'))
        if name == 'copy_part':
            return sim.copy_part(*common, q['sourceFileId'], q['largeFileId'], q['partNumber'], byte_range(q.get('range')))
        if name in ('get_upload_url', 'get_upload_part_url'):
            made = getattr(sim, name)(*common, q.get('bucketId') or q['fileId'])
            return {**made, **q, 'uploadUrl': self.base + '/upload?to=' + quote(made['uploadUrl'], safe='')}
        raise Refused(400, 'bad_request', 'the simulator has no ' + name)

    def upload(self):
        """A small file or a part: the token is the simulator's own upload URL."""
        h, to, body = self.headers, self.query['to'], io.BytesIO(self.content)
        if self.token != to:
            raise Refused(401, 'bad_auth_token', 'the token is not that of the URL')
        if '/part/' in to:
            return self.simulator.upload_part(to, self.token, int(h['X-Bz-Part-Number']), len(self.content),
                                              h['X-Bz-Content-Sha1'], body)
        info = {k.lower().removeprefix(PREFIX): unquote(v) for k, v in h.items() if k.lower().startswith(PREFIX)}
        return self.simulator.upload_file(to, self.token, unquote(h['X-Bz-File-Name']), len(self.content),
                                          h['Content-Type'], h['X-Bz-Content-Sha1'], info, body)

    def download(self):
        """A file by id or by name, or a range of it."""
        sim, wanted = self.simulator, byte_range(self.headers.get('Range'))
        target = sim.DOWNLOAD_URL + self.url.path + ('?' + self.url.query if self.url.query else '')
        token = self.token if self.token in sim.auth_token_to_key else None
        with sim.download_file_from_url(token, target, wanted) as response:
            headers = {k: v for k, v in response.headers.items() if k != 'content-length' and v is not None}
            return 206 if wanted else 200, headers, response.data_bytes


def main():
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key_id, key = Handler.simulator.create_account()
    print('http://127.0.0.1:%d' % server.server_port, key_id, key, sep='\n', flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main()
