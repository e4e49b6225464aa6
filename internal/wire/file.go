package wire

// File is one file version, as upload_file, finish_large_file,
// start_large_file, copy_file, hide_file, get_file_info and the listings
// answer it (API documentation).
type File struct {
	AccountID     string            `json:"accountId,omitempty"` // left out in v1 listings
	Action        string            `json:"action"`
	BucketID      string            `json:"bucketId,omitempty"` // left out in v1 listings
	ContentLength int64             `json:"contentLength"`
	ContentMD5    *string           `json:"contentMd5"`
	ContentSHA1   *string           `json:"contentSha1"`
	ContentType   *string           `json:"contentType"`
	FileID        *string           `json:"fileId"`
	FileInfo      map[string]string `json:"fileInfo"`
	FileName      string            `json:"fileName"`

	FileRetention *FileRetentionAnswer `json:"fileRetention,omitempty"` // left out for hide and folder
	LegalHold     *LegalHoldAnswer     `json:"legalHold,omitempty"`     // left out for hide and folder
	SSE           *SSE                 `json:"serverSideEncryption,omitempty"`

	ReplicationStatus string `json:"replicationStatus,omitempty"`
	Size              *int64 `json:"size,omitempty"` // v1 listings only: the same as contentLength
	UploadTimestamp   int64  `json:"uploadTimestamp"`
}

// SSE is server-side encryption in an answer and, with the customer's key, in
// a request. The key is never in an answer.
type SSE struct {
	Algorithm      *string `json:"algorithm"`
	Mode           *string `json:"mode"`
	CustomerKey    *string `json:"customerKey,omitempty"`    // base64 of 32 bytes
	CustomerKeyMD5 *string `json:"customerKeyMd5,omitempty"` // base64 of the MD5 of the 32 bytes
}

// FileRetention is the Object Lock retention of a version; both nil for none.
type FileRetention struct {
	Mode                 *string `json:"mode"` // governance or compliance
	RetainUntilTimestamp *int64  `json:"retainUntilTimestamp"`
}

// FileRetentionAnswer wraps FileRetention in answers.
type FileRetentionAnswer struct {
	IsClientAuthorizedToRead bool           `json:"isClientAuthorizedToRead"`
	Value                    *FileRetention `json:"value"`
}

// LegalHoldAnswer wraps a legal hold ("on", "off" or nil) in answers.
type LegalHoldAnswer struct {
	IsClientAuthorizedToRead bool    `json:"isClientAuthorizedToRead"`
	Value                    *string `json:"value"`
}

// Part is one uploaded part of a large file.
type Part struct {
	FileID          string  `json:"fileId"`
	PartNumber      int     `json:"partNumber"`
	ContentLength   int64   `json:"contentLength"`
	ContentSHA1     string  `json:"contentSha1"`
	ContentMD5      *string `json:"contentMd5"`
	SSE             *SSE    `json:"serverSideEncryption,omitempty"`
	UploadTimestamp int64   `json:"uploadTimestamp"`
}

// ListFileNamesRequest asks for a page of newest visible versions.
type ListFileNamesRequest struct {
	BucketID      string  `json:"bucketId"`
	StartFileName *string `json:"startFileName,omitempty"`
	MaxFileCount  *int    `json:"maxFileCount,omitempty"`
	Prefix        *string `json:"prefix,omitempty"`
	Delimiter     *string `json:"delimiter,omitempty"`
}

// ListFileNamesResponse is a page; NextFileName nil means the end.
type ListFileNamesResponse struct {
	Files        []File  `json:"files"`
	NextFileName *string `json:"nextFileName"`
}

// ListFileVersionsRequest asks for a page of versions. StartFileID only
// together with StartFileName.
type ListFileVersionsRequest struct {
	BucketID      string  `json:"bucketId"`
	StartFileName *string `json:"startFileName,omitempty"`
	StartFileID   *string `json:"startFileId,omitempty"`
	MaxFileCount  *int    `json:"maxFileCount,omitempty"`
	Prefix        *string `json:"prefix,omitempty"`
	Delimiter     *string `json:"delimiter,omitempty"`
}

// ListFileVersionsResponse is a page. NextFileID may be nil while NextFileName
// is set: the next entry is then a folder.
type ListFileVersionsResponse struct {
	Files        []File  `json:"files"`
	NextFileName *string `json:"nextFileName"`
	NextFileID   *string `json:"nextFileId"`
}

// UploadURLRequest is the body of get_upload_url.
type UploadURLRequest struct {
	BucketID string `json:"bucketId"`
}

// UploadURLResponse is one place to upload to, good for one upload at a time.
type UploadURLResponse struct {
	BucketID           string `json:"bucketId"`
	UploadURL          string `json:"uploadUrl"`
	AuthorizationToken string `json:"authorizationToken"`
}

// FileIDRequest is the body of the calls that need a file id only:
// get_upload_part_url, cancel_large_file, get_file_info, download_file_by_id.
type FileIDRequest struct {
	FileID string `json:"fileId"`
}

// UploadPartURLResponse is one place to upload parts to.
type UploadPartURLResponse struct {
	FileID             string `json:"fileId"`
	UploadURL          string `json:"uploadUrl"`
	AuthorizationToken string `json:"authorizationToken"`
}

// StartLargeFileRequest announces a large file.
type StartLargeFileRequest struct {
	BucketID              string            `json:"bucketId"`
	FileName              string            `json:"fileName"`
	ContentType           string            `json:"contentType"`
	FileInfo              map[string]string `json:"fileInfo,omitempty"`
	CustomUploadTimestamp *int64            `json:"customUploadTimestamp,omitempty"`
	FileRetention         *FileRetention    `json:"fileRetention,omitempty"`
	LegalHold             *string           `json:"legalHold,omitempty"`
	SSE                   *SSE              `json:"serverSideEncryption,omitempty"`

	// MisspeltTimestamp is the key that b2sdk sends in place of
	// customUploadTimestamp; servers accept both.
	MisspeltTimestamp *int64 `json:"custom_upload_timestamp,omitempty"`
}

// FinishLargeFileRequest ends a large file; one hex SHA-1 a part, in order.
type FinishLargeFileRequest struct {
	FileID        string   `json:"fileId"`
	PartSHA1Array []string `json:"partSha1Array"`
}

// CancelLargeFileResponse answers cancel_large_file.
type CancelLargeFileResponse struct {
	FileID    string `json:"fileId"`
	AccountID string `json:"accountId"`
	BucketID  string `json:"bucketId"`
	FileName  string `json:"fileName"`
}

// ListPartsRequest asks for a page of the parts of an unfinished file.
type ListPartsRequest struct {
	FileID          string `json:"fileId"`
	StartPartNumber *int   `json:"startPartNumber,omitempty"`
	MaxPartCount    *int   `json:"maxPartCount,omitempty"`
}

// ListPartsResponse is a page of parts, in ascending order.
type ListPartsResponse struct {
	Parts          []Part `json:"parts"`
	NextPartNumber *int   `json:"nextPartNumber"`
}

// ListUnfinishedRequest asks for a page of unfinished large files.
type ListUnfinishedRequest struct {
	BucketID     string  `json:"bucketId"`
	NamePrefix   *string `json:"namePrefix,omitempty"`
	StartFileID  *string `json:"startFileId,omitempty"`
	MaxFileCount *int    `json:"maxFileCount,omitempty"`
}

// ListUnfinishedResponse is a page, oldest start first.
type ListUnfinishedResponse struct {
	Files      []File  `json:"files"`
	NextFileID *string `json:"nextFileId"`
}

// CopyFileRequest copies a version by id inside the account.
type CopyFileRequest struct {
	SourceFileID        string            `json:"sourceFileId"`
	FileName            string            `json:"fileName"`
	DestinationBucketID *string           `json:"destinationBucketId,omitempty"`
	Range               *string           `json:"range,omitempty"` // bytes=a-b, inclusive
	MetadataDirective   *string           `json:"metadataDirective,omitempty"`
	ContentType         *string           `json:"contentType,omitempty"` // with REPLACE only
	FileInfo            map[string]string `json:"fileInfo,omitempty"`    // with REPLACE only
	FileRetention       *FileRetention    `json:"fileRetention,omitempty"`
	LegalHold           *string           `json:"legalHold,omitempty"`
	SourceSSE           *SSE              `json:"sourceServerSideEncryption,omitempty"`
	DestinationSSE      *SSE              `json:"destinationServerSideEncryption,omitempty"`
}

// Metadata directives of copy_file.
const (
	DirectiveCopy    = "COPY"
	DirectiveReplace = "REPLACE"
)

// CopyPartRequest makes a part of a large file from a version.
type CopyPartRequest struct {
	SourceFileID   string  `json:"sourceFileId"`
	LargeFileID    string  `json:"largeFileId"`
	PartNumber     int     `json:"partNumber"`
	Range          *string `json:"range,omitempty"`
	SourceSSE      *SSE    `json:"sourceServerSideEncryption,omitempty"`
	DestinationSSE *SSE    `json:"destinationServerSideEncryption,omitempty"`
}

// HideFileRequest adds a hide marker on a visible name.
type HideFileRequest struct {
	BucketID string `json:"bucketId"`
	FileName string `json:"fileName"`
}

// DeleteFileVersionRequest removes one version for good. Both name and id must
// match.
type DeleteFileVersionRequest struct {
	FileName         string `json:"fileName"`
	FileID           string `json:"fileId"`
	BypassGovernance bool   `json:"bypassGovernance,omitempty"`
}

// DeleteFileVersionResponse answers delete_file_version.
type DeleteFileVersionResponse struct {
	FileID   string `json:"fileId"`
	FileName string `json:"fileName"`
}

// UpdateRetentionRequest sets or removes the retention of a version.
type UpdateRetentionRequest struct {
	FileName         string        `json:"fileName"`
	FileID           string        `json:"fileId"`
	FileRetention    FileRetention `json:"fileRetention"`
	BypassGovernance bool          `json:"bypassGovernance,omitempty"`
}

// UpdateRetentionResponse answers update_file_retention with the plain value.
type UpdateRetentionResponse struct {
	FileID        string        `json:"fileId"`
	FileName      string        `json:"fileName"`
	FileRetention FileRetention `json:"fileRetention"`
}

// UpdateLegalHoldRequest sets a legal hold "on" or "off".
type UpdateLegalHoldRequest struct {
	FileName  string `json:"fileName"`
	FileID    string `json:"fileId"`
	LegalHold string `json:"legalHold"`
}

// UpdateLegalHoldResponse answers update_file_legal_hold.
type UpdateLegalHoldResponse struct {
	FileID    string `json:"fileId"`
	FileName  string `json:"fileName"`
	LegalHold string `json:"legalHold"`
}

// DownloadAuthorizationRequest asks for a token that downloads names with a
// prefix. The overrides, if given, must be repeated by the download.
type DownloadAuthorizationRequest struct {
	BucketID               string  `json:"bucketId"`
	FileNamePrefix         string  `json:"fileNamePrefix"`
	ValidDurationInSeconds int64   `json:"validDurationInSeconds"`
	ContentDisposition     *string `json:"b2ContentDisposition,omitempty"`
	ContentLanguage        *string `json:"b2ContentLanguage,omitempty"`
	Expires                *string `json:"b2Expires,omitempty"`
	CacheControl           *string `json:"b2CacheControl,omitempty"`
	ContentEncoding        *string `json:"b2ContentEncoding,omitempty"`
	ContentType            *string `json:"b2ContentType,omitempty"`
}

// DownloadAuthorizationResponse carries the token.
type DownloadAuthorizationResponse struct {
	BucketID           string `json:"bucketId"`
	FileNamePrefix     string `json:"fileNamePrefix"`
	AuthorizationToken string `json:"authorizationToken"`
}
