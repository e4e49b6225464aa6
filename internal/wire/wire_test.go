package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// The examples are those of the API documentation or are composed from its
// field tables. Each must be read without a field left over and be written
// again with the same content, so that a shape can neither lose a field nor
// spell one differently.
func TestShapes(t *testing.T) {
	const file = `{
  "accountId": "a30f20426f0b1", "action": "upload", "bucketId": "e73ede9969c64355ef8b0012", "contentLength": 11,
  "contentMd5": "5eb63bbbe01eeed093cb22bb8f5acdc3", "contentSha1": "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed",
  "contentType": "text/plain",
  "fileId": "4_ze73ede9969c64355ef8b0012_f117c1bdee4b1c0de_d20260102_m030405_c005_v0501013_t0020_u01767323045000",
  "fileInfo": { "src_last_modified_millis": "1767323000123" }, "fileName": "nightly/hello.txt",
  "fileRetention": { "isClientAuthorizedToRead": true, "value": { "mode": null, "retainUntilTimestamp": null } },
  "legalHold": { "isClientAuthorizedToRead": true, "value": null },
  "serverSideEncryption": { "algorithm": "AES256", "mode": "SSE-B2" },
  "uploadTimestamp": 1767323045000 }`
	const hide = `{ "accountId": "a30f20426f0b1", "action": "hide", "bucketId": "e73ede9969c64355ef8b0012", "contentLength": 0,
  "contentMd5": null, "contentSha1": null, "contentType": "application/x-bz-hide-marker", "fileId": "4_z1", "fileInfo": {},
  "fileName": "nightly/hello.txt", "uploadTimestamp": 1767323045000 }`
	const folder = `{ "accountId": "a30f20426f0b1", "action": "folder", "bucketId": "e73ede9969c64355ef8b0012", "contentLength": 0,
  "contentMd5": null, "contentSha1": null, "contentType": null, "fileId": null, "fileInfo": {}, "fileName": "nightly/", "uploadTimestamp": 0 }`
	const locked = `{ "accountId": "a30f20426f0b1", "action": "start", "bucketId": "e73ede9969c64355ef8b0012", "contentLength": 0,
  "contentMd5": null, "contentSha1": "none", "contentType": "b2/x-auto", "fileId": "4_z1", "fileInfo": {}, "fileName": "big",
  "fileRetention": { "isClientAuthorizedToRead": true, "value": { "mode": "governance", "retainUntilTimestamp": 1767323999000 } },
  "legalHold": { "isClientAuthorizedToRead": true, "value": "on" }, "replicationStatus": "pending",
  "serverSideEncryption": { "algorithm": null, "mode": null }, "uploadTimestamp": 1767323045000 }`
	const listed = `{ "fileId": "4_z1", "fileName": "a", "action": "upload", "size": 11, "contentLength": 11, "contentSha1": null,
  "contentMd5": null, "contentType": "text/plain", "fileInfo": {}, "uploadTimestamp": 1767323045000 }`
	const bucket = `{ "accountId": "a30f20426f0b1", "bucketId": "e73ede9969c64355ef8b0012", "bucketInfo": {}, "bucketName": "backups-jo",
  "bucketType": "allPrivate", "corsRules": [],
  "defaultServerSideEncryption": { "isClientAuthorizedToRead": true, "value": { "algorithm": "AES256", "mode": "SSE-B2" } },
  "fileLockConfiguration": { "isClientAuthorizedToRead": true,
    "value": { "defaultRetention": { "mode": null, "period": null }, "isFileLockEnabled": false } },
  "lifecycleRules": [], "options": ["s3"],
  "replicationConfiguration": { "isClientAuthorizedToRead": true, "value": null }, "revision": 2 }`
	const ruled = `{ "accountId": "a30f20426f0b1", "bucketId": "e73ede9969c64355ef8b0012", "bucketInfo": { "Cache-Control": "max-age=7" },
  "bucketName": "backups-jo", "bucketType": "allPublic",
  "corsRules": [ { "corsRuleName": "downloads", "allowedOrigins": ["https"], "allowedOperations": ["b2_download_file_by_name"],
    "allowedHeaders": ["range"], "exposeHeaders": ["x-bz-content-sha1"], "maxAgeSeconds": 3600 } ],
  "defaultServerSideEncryption": { "isClientAuthorizedToRead": false, "value": null },
  "fileLockConfiguration": { "isClientAuthorizedToRead": true, "value": { "defaultRetention":
    { "mode": "compliance", "period": { "duration": 7, "unit": "days" } }, "isFileLockEnabled": true } },
  "lifecycleRules": [ { "fileNamePrefix": "logs/", "daysFromHidingToDeleting": 1, "daysFromUploadingToHiding": 30,
    "daysFromStartingToCancelingUnfinishedLargeFiles": 7 } ], "options": [],
  "replicationConfiguration": { "isClientAuthorizedToRead": true, "value": { "asReplicationSource": {
    "replicationRules": [ { "destinationBucketId": "e73ede9969c64355ef8b0034", "fileNamePrefix": "", "includeExistingFiles": false,
      "isEnabled": true, "priority": 128, "replicationRuleName": "to-eu" } ],
    "sourceApplicationKeyId": "005a30f20426f0b10000000005" }, "asReplicationDestination": null } }, "revision": 3 }`
	const key = `{ "accountId": "a30f20426f0b1", "applicationKeyId": "005a30f20426f0b10000000001", "keyName": "nightly",
  "capabilities": ["listFiles"], "bucketIds": ["e73ede9969c64355ef8b0012"], "namePrefix": "nightly/",
  "expirationTimestamp": 1893456000000, "options": ["s3"] }`
	const part = `{ "fileId": "4_z1", "partNumber": 1, "contentLength": 5000000, "contentSha1": "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed",
  "contentMd5": null, "serverSideEncryption": { "algorithm": "AES256", "mode": "SSE-B2" }, "uploadTimestamp": 1767323045123 }`

	for _, tt := range []struct {
		into    any
		example string
	}{
		{new(AuthorizeV4), `{ "accountId": "a30f20426f0b1", "authorizationToken": "4_005a30f20426f0b10000000004_acct_w=",
  "applicationKeyExpirationTimestamp": 1893456000000, "apiInfo": { "storageApi": { "allowed": {
    "buckets": [ { "id": "e73ede9969c64355ef8b0012", "name": "backups-jo" }, { "id": "e73ede9969c64355ef8b0034", "name": null } ],
    "capabilities": ["listBuckets", "listFiles", "readFiles", "writeFiles", "deleteFiles"], "namePrefix": "nightly/" },
    "apiUrl": "https://api005.example.test", "downloadUrl": "https://f005.example.test", "s3ApiUrl": "https://s3.us-east-005.example.test",
    "absoluteMinimumPartSize": 5000000, "recommendedPartSize": 100000000 } } }`},
		{new(Error), `{ "status": 400, "code": "bad_request", "message": "File names must not be empty" }`},
		{new(File), file}, {new(File), hide}, {new(File), folder}, {new(File), locked}, {new(File), listed},
		{new(ListFileNamesResponse), `{ "files": [` + file + `], "nextFileName": null }`},
		{new(ListFileVersionsResponse), `{ "files": [` + hide + `], "nextFileName": "nightly/", "nextFileId": null }`},
		{new(ListUnfinishedResponse), `{ "files": [` + locked + `], "nextFileId": "4_z2" }`},
		{new(Bucket), bucket}, {new(Bucket), ruled},
		{new(ListBucketsResponse), `{ "buckets": [` + bucket + `] }`},
		{new(Key), key},
		{new(Key), `{ "applicationKey": "K005secret", ` + key[1:]},
		{new(ListKeysResponse), `{ "keys": [` + key + `], "nextApplicationKeyId": null }`},
		{new(Part), part},
		{new(ListPartsResponse), `{ "parts": [` + part + `], "nextPartNumber": 2 }`},
		{new(UploadURLResponse), `{ "bucketId": "e73e", "uploadUrl": "https://pod-050-1013-02.example.test/b2api/v4/b2_upload_file/e73e/c005",
  "authorizationToken": "3_upld" }`},
		{new(UploadPartURLResponse), `{ "fileId": "4_z1", "uploadUrl": "https://pod.example.test/b2api/v4/b2_upload_part/4_z1/0037", "authorizationToken": "3_upld" }`},
		{new(CancelLargeFileResponse), `{ "fileId": "4_z1", "accountId": "a30f20426f0b1", "bucketId": "e73e", "fileName": "big" }`},
		{new(DeleteFileVersionResponse), `{ "fileId": "4_z1", "fileName": "a" }`},
		{new(UpdateRetentionResponse), `{ "fileId": "4_z1", "fileName": "a", "fileRetention": { "mode": "governance", "retainUntilTimestamp": 1 } }`},
		{new(UpdateLegalHoldResponse), `{ "fileId": "4_z1", "fileName": "a", "legalHold": "off" }`},
		{new(DownloadAuthorizationResponse), `{ "bucketId": "e73e", "fileNamePrefix": "public/", "authorizationToken": "3_dnld" }`},
		{new(NotificationRules), `{ "bucketId": "e73e", "eventNotificationRules": [ { "name": "on-upload", "eventTypes": ["b2:ObjectCreated:*"],
  "isEnabled": true, "isSuspended": false, "suspensionReason": "", "objectNamePrefix": "", "targetConfiguration": { "targetType": "webhook",
    "url": "https://hook.example.test/b2", "customHeaders": [ { "name": "X-Env", "value": "prod" } ], "hmacSha256SigningSecret": "abc" } } ] }`},

		{new(CreateBucketRequest), `{ "accountId": "a", "bucketName": "backups-jo", "bucketType": "allPrivate", "bucketInfo": { "a": "b" },
  "corsRules": [ { "corsRuleName": "downloads", "allowedOrigins": ["*"], "allowedOperations": ["s3_get"], "allowedHeaders": null,
    "exposeHeaders": null, "maxAgeSeconds": 0 } ], "lifecycleRules": [ { "fileNamePrefix": "", "daysFromHidingToDeleting": 1,
    "daysFromUploadingToHiding": null, "daysFromStartingToCancelingUnfinishedLargeFiles": null } ], "fileLockEnabled": true,
  "defaultServerSideEncryption": { "mode": "SSE-B2", "algorithm": "AES256" }, "replicationConfiguration": { "asReplicationSource": null } }`},
		{new(ListBucketsRequest), `{ "accountId": "a", "bucketId": "e73e", "bucketName": "backups-jo", "bucketTypes": ["all"] }`},
		{new(UpdateBucketRequest), `{ "accountId": "a", "bucketId": "e73e", "bucketType": "allPublic", "bucketInfo": {}, "corsRules": [],
  "lifecycleRules": [], "defaultServerSideEncryption": { "mode": null, "algorithm": null }, "defaultRetention": { "mode": "governance",
  "period": { "duration": 1, "unit": "years" } }, "fileLockEnabled": true, "replicationConfiguration": {}, "ifRevisionIs": 2 }`},
		{new(DeleteBucketRequest), `{ "accountId": "a", "bucketId": "e73e" }`},
		{new(CreateKeyRequest), `{ "accountId": "a", "capabilities": ["listFiles"], "keyName": "nightly", "validDurationInSeconds": 86400,
  "bucketIds": ["e73e"], "namePrefix": "nightly/" }`},
		{new(ListKeysRequest), `{ "accountId": "a", "maxKeyCount": 10000, "startApplicationKeyId": "005" }`},
		{new(DeleteKeyRequest), `{ "applicationKeyId": "005" }`},
		{new(ListFileNamesRequest), `{ "bucketId": "e73e", "startFileName": "a", "maxFileCount": 10000, "prefix": "p/", "delimiter": "/" }`},
		{new(ListFileVersionsRequest), `{ "bucketId": "e73e", "startFileName": "a", "startFileId": "4_z1", "maxFileCount": 1, "prefix": "p/", "delimiter": "/" }`},
		{new(UploadURLRequest), `{ "bucketId": "e73e" }`},
		{new(FileIDRequest), `{ "fileId": "4_z1" }`},
		{new(StartLargeFileRequest), `{ "bucketId": "e73e", "fileName": "big", "contentType": "b2/x-auto", "fileInfo": { "large_file_sha1": "2aae" },
  "customUploadTimestamp": 1, "custom_upload_timestamp": 1, "fileRetention": { "mode": "governance", "retainUntilTimestamp": 2 }, "legalHold": "on",
  "serverSideEncryption": { "mode": "SSE-C", "algorithm": "AES256", "customerKey": "a2V5", "customerKeyMd5": "bWQ1" } }`},
		{new(FinishLargeFileRequest), `{ "fileId": "4_z1", "partSha1Array": ["2aae", "5eb6"] }`},
		{new(ListPartsRequest), `{ "fileId": "4_z1", "startPartNumber": 2, "maxPartCount": 1000 }`},
		{new(ListUnfinishedRequest), `{ "bucketId": "e73e", "namePrefix": "p/", "startFileId": "4_z1", "maxFileCount": 100 }`},
		{new(CopyFileRequest), `{ "sourceFileId": "4_z1", "fileName": "b", "destinationBucketId": "e73e", "range": "bytes=0-9",
  "metadataDirective": "REPLACE", "contentType": "text/plain", "fileInfo": { "a": "b" }, "fileRetention": { "mode": null,
  "retainUntilTimestamp": null }, "legalHold": "off", "sourceServerSideEncryption": { "mode": "SSE-B2", "algorithm": "AES256" },
  "destinationServerSideEncryption": { "mode": "SSE-B2", "algorithm": "AES256" } }`},
		{new(CopyPartRequest), `{ "sourceFileId": "4_z1", "largeFileId": "4_z2", "partNumber": 1, "range": "bytes=0-9",
  "sourceServerSideEncryption": { "mode": "SSE-B2", "algorithm": "AES256" },
  "destinationServerSideEncryption": { "mode": "SSE-B2", "algorithm": "AES256" } }`},
		{new(HideFileRequest), `{ "bucketId": "e73e", "fileName": "a" }`},
		{new(DeleteFileVersionRequest), `{ "fileName": "a", "fileId": "4_z1", "bypassGovernance": true }`},
		{new(UpdateRetentionRequest), `{ "fileName": "a", "fileId": "4_z1", "fileRetention": { "mode": null, "retainUntilTimestamp": null }, "bypassGovernance": true }`},
		{new(UpdateLegalHoldRequest), `{ "fileName": "a", "fileId": "4_z1", "legalHold": "on" }`},
		{new(DownloadAuthorizationRequest), `{ "bucketId": "e73e", "fileNamePrefix": "public/", "validDurationInSeconds": 604800,
  "b2ContentDisposition": "inline", "b2ContentLanguage": "de", "b2Expires": "x", "b2CacheControl": "no-store", "b2ContentEncoding": "gzip", "b2ContentType": "text/plain" }`},
	} {
		d := json.NewDecoder(bytes.NewReader([]byte(tt.example)))
		d.DisallowUnknownFields()
		if err := d.Decode(tt.into); err != nil {
			t.Errorf("%T: %v", tt.into, err)
			continue
		}
		again, err := json.Marshal(tt.into)
		if err != nil {
			t.Errorf("%T: %v", tt.into, err)
			continue
		}
		var want, got any
		if json.Unmarshal([]byte(tt.example), &want) != nil || json.Unmarshal(again, &got) != nil {
			t.Fatalf("%T: the example or the shape is not JSON", tt.into)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%T:\n got %s\nwant %s", tt.into, again, tt.example)
		}
	}
}

// A request says nothing about what is not set: absent and null mean the same,
// but not every server knows that.
func TestRequestsLeaveOut(t *testing.T) {
	for want, req := range map[string]any{
		`{"bucketId":"b"}`:                       ListFileVersionsRequest{BucketID: "b"},
		`{"sourceFileId":"s","fileName":"n"}`:    CopyFileRequest{SourceFileID: "s", FileName: "n"},
		`{"accountId":"a","bucketId":"b"}`:       UpdateBucketRequest{AccountID: "a", BucketID: "b"},
		`{"fileName":"n","fileId":"i"}`:          DeleteFileVersionRequest{FileName: "n", FileID: "i"},
		`{"accountId":"a"}`:                      ListKeysRequest{AccountID: "a"},
		`{"algorithm":"AES256","mode":"SSE-B2"}`: SSE{Algorithm: new(AES256), Mode: new(SSEB2)},
	} {
		if got, err := json.Marshal(req); string(got) != want || err != nil {
			t.Errorf("%T: %s, %v; want %s", req, got, err, want)
		}
	}
}

// Every call has the price class of the API documentation's call table.
func TestClasses(t *testing.T) {
	classes := map[Class]string{
		ClassA: "cancel_large_file delete_bucket delete_file_version delete_key finish_large_file get_upload_part_url " +
			"get_upload_url hide_file start_large_file update_file_legal_hold update_file_retention upload_file upload_part",
		ClassB: "download_file_by_id download_file_by_name get_file_info",
		ClassC: "authorize_account copy_file copy_part create_bucket create_key get_bucket_notification_rules " +
			"get_download_authorization list_buckets list_file_names list_file_versions list_keys list_parts " +
			"list_unfinished_large_files set_bucket_notification_rules update_bucket",
	}
	n := 0
	for class, calls := range classes {
		for call := range bytes.FieldsSeq([]byte(calls)) {
			n++
			if got := ClassOf["b2_"+string(call)]; got != class {
				t.Errorf("%s has class %q, want %q", call, got, class)
			}
		}
	}
	if n != len(ClassOf) {
		t.Errorf("%d calls have a class, the documentation lists %d", len(ClassOf), n)
	}
}
