package wire

// Class is the price class of a call: A is free, B and C are priced
// (API documentation).
type Class byte

// The classes.
const (
	ClassA Class = 'A'
	ClassB Class = 'B'
	ClassC Class = 'C'
)

// Names of the calls, as they stand in a URL.
const (
	CallAuthorize        = "b2_authorize_account"
	CallCancelLarge      = "b2_cancel_large_file"
	CallCopyFile         = "b2_copy_file"
	CallCopyPart         = "b2_copy_part"
	CallCreateBucket     = "b2_create_bucket"
	CallCreateKey        = "b2_create_key"
	CallDeleteBucket     = "b2_delete_bucket"
	CallDeleteVersion    = "b2_delete_file_version"
	CallDeleteKey        = "b2_delete_key"
	CallDownloadByID     = "b2_download_file_by_id"
	CallDownloadByName   = "b2_download_file_by_name"
	CallFinishLarge      = "b2_finish_large_file"
	CallGetNotifications = "b2_get_bucket_notification_rules"
	CallGetDownloadAuth  = "b2_get_download_authorization"
	CallGetFileInfo      = "b2_get_file_info"
	CallGetUploadPartURL = "b2_get_upload_part_url"
	CallGetUploadURL     = "b2_get_upload_url"
	CallHideFile         = "b2_hide_file"
	CallListBuckets      = "b2_list_buckets"
	CallListNames        = "b2_list_file_names"
	CallListVersions     = "b2_list_file_versions"
	CallListKeys         = "b2_list_keys"
	CallListParts        = "b2_list_parts"
	CallListUnfinished   = "b2_list_unfinished_large_files"
	CallSetNotifications = "b2_set_bucket_notification_rules"
	CallStartLarge       = "b2_start_large_file"
	CallUpdateBucket     = "b2_update_bucket"
	CallUpdateLegalHold  = "b2_update_file_legal_hold"
	CallUpdateRetention  = "b2_update_file_retention"
	CallUploadFile       = "b2_upload_file"
	CallUploadPart       = "b2_upload_part"
)

// ClassOf maps each call to its price class (API documentation). A listing counts
// one call for every started 1,000 entries that it returns.
var ClassOf = map[string]Class{
	CallAuthorize: ClassC, CallCancelLarge: ClassA, CallCopyFile: ClassC, CallCopyPart: ClassC,
	CallCreateBucket: ClassC, CallCreateKey: ClassC, CallDeleteBucket: ClassA, CallDeleteVersion: ClassA,
	CallDeleteKey: ClassA, CallDownloadByID: ClassB, CallDownloadByName: ClassB, CallFinishLarge: ClassA,
	CallGetNotifications: ClassC, CallGetDownloadAuth: ClassC, CallGetFileInfo: ClassB,
	CallGetUploadPartURL: ClassA, CallGetUploadURL: ClassA, CallHideFile: ClassA, CallListBuckets: ClassC,
	CallListNames: ClassC, CallListVersions: ClassC, CallListKeys: ClassC, CallListParts: ClassC,
	CallListUnfinished: ClassC, CallSetNotifications: ClassC, CallStartLarge: ClassA,
	CallUpdateBucket: ClassC, CallUpdateLegalHold: ClassA, CallUpdateRetention: ClassA,
	CallUploadFile: ClassA, CallUploadPart: ClassA,
}
