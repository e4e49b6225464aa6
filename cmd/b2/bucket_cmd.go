package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2"
)

func newBucket(e *env) *cobra.Command {
	return newGroup("bucket", "Make, list, change and delete buckets",
		newBucketCreate(e), newBucketDelete(e), newBucketGet(e), newBucketGetDownloadAuth(e),
		newBucketList(e), newNotificationRule(e), newBucketUpdate(e))
}

// bucketOptions are what can be set when a bucket is made and when it is
// changed.
type bucketOptions struct {
	info, cors, replication jsonValue
	lifecycleRule           []string
	lifecycleRules          jsonValue
	encryption              *string
	algorithm               *string
	fileLock                bool
}

func (o *bucketOptions) add(flags *pflag.FlagSet) {
	flags.Var(&o.info, "bucket-info", "information to keep with the bucket, a `JSON` object of strings")
	flags.Var(&o.cors, "cors-rules", "which web pages may use the bucket, a `JSON` list of CORS rules")
	flags.StringArrayVar(&o.lifecycleRule, "lifecycle-rule", nil, "hide and delete old versions by this rule, a `JSON` object; may be repeated, and replaces all rules")
	flags.Var(&o.lifecycleRules, "lifecycle-rules", "deprecated: use --lifecycle-rule")
	flags.BoolVar(&o.fileLock, "file-lock-enabled", false, "turn Object Lock on; it can never be turned off again")
	flags.Var(&o.replication, "replication", "the replication of the bucket, a `JSON` object")
	o.encryption = addChoice(flags, "default-server-side-encryption", "", "encrypt new files by default: SSE-B2 or none", "SSE-B2", "none")
	o.algorithm = addChoice(flags, "default-server-side-encryption-algorithm", "AES256", "the cipher; there is only AES256", "AES256")
	flags.Lookup("lifecycle-rules").Hidden = true
}

// bucketSettings are the options in the shapes of the API. A nil field was not
// asked for.
type bucketSettings struct {
	info        *map[string]string
	cors        *[]b2.CORSRule
	lifecycle   *[]b2.LifecycleRule
	sse         *b2.EncryptionSetting
	fileLock    *bool
	replication json.RawMessage
}

func (o *bucketOptions) settings(cmd *cobra.Command) (*bucketSettings, error) {
	if err := exclusive(cmd, []string{"lifecycle-rule", "lifecycle-rules"}); err != nil {
		return nil, err
	}
	s := &bucketSettings{replication: o.replication.raw}
	if err := errors.Join(
		o.info.decode("--bucket-info", &s.info),
		o.cors.decode("--cors-rules", &s.cors),
		o.lifecycleRules.decode("--lifecycle-rules", &s.lifecycle),
	); err != nil {
		return nil, &usageError{cmd, err.Error()}
	}
	for _, text := range o.lifecycleRule {
		var rule b2.LifecycleRule
		if err := json.Unmarshal([]byte(text), &rule); err != nil {
			return nil, &usageError{cmd, fmt.Sprintf("argument --lifecycle-rule: '%s': %s", text, jsonTrouble(err))}
		}
		if s.lifecycle == nil {
			s.lifecycle = new([]b2.LifecycleRule)
		}
		*s.lifecycle = append(*s.lifecycle, rule)
	}
	switch *o.encryption {
	case "SSE-B2":
		s.sse = &b2.EncryptionSetting{Mode: o.encryption, Algorithm: o.algorithm}
	case "none":
		s.sse = &b2.EncryptionSetting{}
	}
	if o.fileLock {
		s.fileLock = new(true)
	}
	return s, nil
}

// bucketTypes are the types that a bucket can be given.
var bucketTypes = []string{b2.AllPublic, b2.AllPrivate}

// describeBucket is a bucket as the reference prints it.
func describeBucket(bucket *b2.Bucket) map[string]any {
	out := map[string]any{
		"accountId":                   bucket.AccountID,
		"bucketId":                    bucket.BucketID,
		"bucketName":                  bucket.BucketName,
		"bucketType":                  bucket.BucketType,
		"bucketInfo":                  orEmpty(bucket.BucketInfo),
		"corsRules":                   orEmptyList(bucket.CORSRules),
		"lifecycleRules":              orEmptyList(bucket.LifecycleRules),
		"options":                     orEmptyList(bucket.Options),
		"revision":                    bucket.Revision,
		"defaultServerSideEncryption": describeDefaultSSE(bucket.DefaultSSE.IsClientAuthorizedToRead, bucket.DefaultSSE.Value),
		"isFileLockEnabled":           nil,
		"defaultRetention":            map[string]any{"mode": "unknown"},
		"replication":                 describeReplication(bucket.Replication.Value),
	}
	if lock := bucket.FileLock; lock.IsClientAuthorizedToRead && lock.Value != nil {
		out["isFileLockEnabled"] = lock.Value.IsFileLockEnabled
		retention := map[string]any{"mode": lock.Value.DefaultRetention.Mode}
		if period := lock.Value.DefaultRetention.Period; period != nil {
			retention["period"] = period
		}
		out["defaultRetention"] = retention
	}
	return out
}

// describeReplication is the replication of a bucket as the service keeps it,
// with both of its sides.
func describeReplication(value json.RawMessage) map[string]any {
	sides := map[string]any{"asReplicationSource": nil, "asReplicationDestination": nil}
	if kept := map[string]json.RawMessage{}; json.Unmarshal(value, &kept) == nil { // no JSON: there is none
		for side, r := range kept {
			sides[side] = r
		}
	}
	return sides
}

func describeDefaultSSE(readable bool, sse *b2.EncryptionSetting) map[string]any {
	if !readable {
		return map[string]any{"mode": "unknown"}
	}
	out := map[string]any{"mode": "none"}
	if sse != nil && sse.Mode != nil {
		out["mode"] = *sse.Mode
		if sse.Algorithm != nil {
			out["algorithm"] = *sse.Algorithm
		}
	}
	return out
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func orEmptyList[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
