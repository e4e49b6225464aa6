package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// old is a command's name of earlier versions.
type old struct {
	use   string // name and arguments then
	today string // name now
	make  func(*env) *cobra.Command
	// args makes today's arguments of those then; nil leaves them alone.
	args func([]string) []string
	// set are options that go with it.
	set map[string]string
}

// oldNames are the flat names of versions 1 to 3, which version 4 still knows.
var oldNames = []old{
	{use: "authorize-account [applicationKeyId] [applicationKey]", today: "account authorize", make: newAccountAuthorize},
	{use: "get-account-info", today: "account get", make: newAccountGet},
	{use: "clear-account", today: "account clear", make: newAccountClear},

	{use: "list-buckets", today: "bucket list", make: newBucketList},
	{use: "get-bucket bucketName", today: "bucket get", make: newBucketGet},
	{use: "create-bucket bucketName bucketType", today: "bucket create", make: newBucketCreate},
	{use: "update-bucket bucketName [bucketType]", today: "bucket update", make: newBucketUpdate},
	{use: "delete-bucket bucketName", today: "bucket delete", make: newBucketDelete},
	{use: "get-download-auth bucketName", today: "bucket get-download-auth", make: newBucketGetDownloadAuth},
	{use: "notification-rules", today: "bucket notification-rule", make: newNotificationRule},

	{use: "list-keys", today: "key list", make: newKeyList},
	{use: "create-key keyName [capabilities]", today: "key create", make: newKeyCreate},
	{use: "delete-key applicationKeyId", today: "key delete", make: newKeyDelete},

	{use: "replication-setup SOURCE_BUCKET_NAME DESTINATION_BUCKET_NAME", today: "replication setup", make: newReplicationSetup},
	{use: "replication-delete SOURCE_BUCKET_NAME REPLICATION_RULE_NAME", today: "replication delete", make: replicationCommand("delete")},
	{use: "replication-pause SOURCE_BUCKET_NAME REPLICATION_RULE_NAME", today: "replication pause", make: replicationCommand("pause")},
	{use: "replication-status SOURCE_BUCKET_NAME", today: "replication status", make: newReplicationStatus},
	{use: "replication-unpause SOURCE_BUCKET_NAME REPLICATION_RULE_NAME", today: "replication unpause", make: replicationCommand("unpause")},

	{use: "file-info B2_URI", today: "file info", make: newFileInfo},
	{use: "get-file-info fileId", today: "file info", make: newFileInfo, args: byID},
	{use: "get-url B2_URI", today: "file url", make: newFileURL},
	{use: "make-url fileId", today: "file url", make: newFileURL, args: byID},
	{use: "make-friendly-url bucketName fileName", today: "file url", make: newFileURL, args: byName},
	{use: "get-download-url-with-auth bucketName fileName", today: "file url", make: newFileURL, args: byName, set: map[string]string{"with-auth": "true"}},
	{use: "cat B2_URI", today: "file cat", make: newFileCat},
	{use: "upload-file bucketName localFilePath b2FileName", today: "file upload", make: newFileUpload},
	{use: "upload-unbound-stream bucketName localFilePath b2FileName", today: "file upload", make: newUploadUnboundStream},
	{use: "download-file B2_URI localFileName", today: "file download", make: newFileDownload},
	{use: "download-file-by-id fileId localFileName", today: "file download", make: newFileDownload, args: byID},
	{use: "download-file-by-name bucketName fileName localFileName", today: "file download", make: newFileDownload, args: byName},
	{use: "copy-file-by-id sourceFileId destinationBucketName b2FileName", today: "file server-side-copy", make: newFileServerSideCopy, args: copyByID},
	{use: "hide-file bucketName fileName", today: "file hide", make: newFileHide},
	{use: "delete-file-version [fileName] fileId", today: "rm", make: newDeleteFileVersion},
	{use: "update-file-legal-hold [fileName] fileId legalHold", today: "file update", make: newUpdateLegalHold},
	{use: "update-file-retention [fileName] fileId retentionMode", today: "file update", make: newUpdateRetention},

	{use: "list-parts fileId", today: "file large parts", make: newFileLargeParts, args: byID},
	{use: "list-unfinished-large-files bucketName", today: "file large unfinished list", make: newFileLargeUnfinishedList, args: byBucket},
	{use: "cancel-all-unfinished-large-files bucketName", today: "file large unfinished cancel", make: newFileLargeUnfinishedCancel, args: byBucket},
	{use: "cancel-large-file fileId", today: "file large unfinished cancel", make: newFileLargeUnfinishedCancel, args: byID},
}

// oldFileCopy is what the first releases of version 4 have in the group file.
var oldFileCopy = old{
	use: "copy-by-id sourceFileId destinationBucketName b2FileName", today: "file server-side-copy", make: newFileServerSideCopy, args: copyByID,
}

// byID makes a URI of a file id in the first place.
func byID(args []string) []string {
	return append([]string{"b2id://" + args[0]}, args[1:]...)
}

// byName makes a URI of a bucket and a file name in the first places.
func byName(args []string) []string {
	return append([]string{"b2://" + args[0] + "/" + args[1]}, args[2:]...)
}

// byBucket makes a URI of a bucket's name.
func byBucket(args []string) []string {
	return []string{"b2://" + strings.TrimPrefix(args[0], "b2://")}
}

// copyByID makes URIs of the source's id, and of the bucket and the name of the
// copy.
func copyByID(args []string) []string {
	return []string{"b2id://" + args[0], "b2://" + args[1] + "/" + args[2]}
}

// todayKey marks commands of old names with their names of today.
const todayKey = "today"

// oldCommands are the commands of old names. They do what today's do.
func oldCommands(e *env) []*cobra.Command {
	commands := make([]*cobra.Command, len(oldNames))
	for i := range oldNames {
		commands[i] = oldNames[i].command(e)
	}
	return commands
}

// command is today's command under its old name.
func (o *old) command(e *env) *cobra.Command {
	cmd := o.make(e)
	cmd.Use, cmd.Hidden = o.use, true
	cmd.Annotations = map[string]string{todayKey: o.today}
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for name, value := range o.set {
			if err := cmd.Flags().Set(name, value); err != nil {
				return err
			}
		}
		if o.args != nil {
			args = o.args(args)
		}
		return run(cmd, args)
	}
	return cmd
}

// oldCommand says whether a command, or the group that it is in, has a newer
// name.
func oldCommand(cmd *cobra.Command) *old {
	for ; cmd != nil; cmd = cmd.Parent() {
		if today := cmd.Annotations[todayKey]; today != "" {
			return &old{use: cmd.Name(), today: today}
		}
	}
	return nil
}

// replicationCommand makes one command of the group replication.
func replicationCommand(name string) func(*env) *cobra.Command {
	return func(e *env) *cobra.Command {
		group := newReplication(e)
		cmd := subcommand(group, name)
		group.RemoveCommand(cmd)
		return cmd
	}
}
