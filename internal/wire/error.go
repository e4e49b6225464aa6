package wire

// Error is the body of every answer that is not a success.
type Error struct {
	Status  int    `json:"status"`  // equals the HTTP status
	Code    string `json:"code"`    // stable identifier: one of the Code constants, or one we do not know
	Message string `json:"message"` // English, for people; clients must not decide by it
}

// Error codes. Unknown codes exist; decide by status then.
const (
	CodeBadRequest          = "bad_request"
	CodeBadJSON             = "bad_json"
	CodeBadAuthToken        = "bad_auth_token"
	CodeMissingAuthToken    = "missing_auth_token"
	CodeExpiredAuthToken    = "expired_auth_token"
	CodeUnauthorized        = "unauthorized"
	CodeUnsupported         = "unsupported"
	CodeAccessDenied        = "access_denied"
	CodeTransactionCap      = "transaction_cap_exceeded"
	CodeStorageCap          = "storage_cap_exceeded"
	CodeDownloadCap         = "download_cap_exceeded"
	CodeCap                 = "cap_exceeded"
	CodeMethodNotAllowed    = "method_not_allowed"
	CodeRequestTimeout      = "request_timeout"
	CodeTooManyRequests     = "too_many_requests"
	CodeInternalError       = "internal_error"
	CodeServiceUnavailable  = "service_unavailable"
	CodeNotFound            = "not_found"
	CodeRangeNotSatisfiable = "range_not_satisfiable"

	CodeBadBucketID         = "bad_bucket_id"
	CodeInvalidBucketID     = "invalid_bucket_id"
	CodeDuplicateBucketName = "duplicate_bucket_name"
	CodeTooManyBuckets      = "too_many_buckets"
	CodeBucketNotEmpty      = "cannot_delete_non_empty_bucket"
	CodeConflict            = "conflict"
	CodeFileNotPresent      = "file_not_present"
	CodeNoSuchFile          = "no_such_file"
	CodeAlreadyHidden       = "already_hidden"
	CodeOutOfRange          = "out_of_range"
	CodeInvalidFileID       = "invalid_file_id"
	CodeMissingPart         = "missing_part"
	CodePartSHA1Mismatch    = "part_sha1_mismatch"
	CodeSourceTooLarge      = "source_too_large"
	CodeAuthTokenLimit      = "auth_token_limit"
	CodeFileLockConflict    = "file_lock_conflict"
	CodeRetainUntilPast     = "retain_until_timestamp_must_be_in_future"
	CodeReplicationConflict = "source_replication_conflict"
	CodeRestrictedBucket    = "restricted_bucket_conflict"
	CodeBucketMissingLock   = "bucket_missing_file_lock"
)
