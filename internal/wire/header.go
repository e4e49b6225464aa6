package wire

// Headers of uploads and downloads.
const (
	HeaderFileName        = "X-Bz-File-Name"
	HeaderFileID          = "X-Bz-File-Id"
	HeaderContentSHA1     = "X-Bz-Content-Sha1"
	HeaderPartNumber      = "X-Bz-Part-Number"
	HeaderUploadTimestamp = "X-Bz-Upload-Timestamp"
	HeaderCustomTimestamp = "X-Bz-Custom-Upload-Timestamp"
	HeaderInfoPrefix      = "X-Bz-Info-"
	HeaderTestMode        = "X-Bz-Test-Mode"
	HeaderUnauthorized    = "X-Bz-Client-Unauthorized-To-Read"
	HeaderReplication     = "X-Bz-Replication-Status"

	HeaderSSE       = "X-Bz-Server-Side-Encryption"
	HeaderSSECAlg   = "X-Bz-Server-Side-Encryption-Customer-Algorithm"
	HeaderSSECKey   = "X-Bz-Server-Side-Encryption-Customer-Key"
	HeaderSSECMD5   = "X-Bz-Server-Side-Encryption-Customer-Key-Md5"
	HeaderLegalHold = "X-Bz-File-Legal-Hold"

	HeaderRetentionMode  = "X-Bz-File-Retention-Mode"
	HeaderRetentionUntil = "X-Bz-File-Retention-Retain-Until-Timestamp"
)

// Values of the header X-Bz-Test-Mode.
const (
	TestFailUploads  = "fail_some_uploads"
	TestExpireTokens = "expire_some_account_authorization_tokens"
	TestForceCap     = "force_cap_exceeded"
)
