package main

import (
	"strings"

	"github.com/bowline-sync/bowline/b2"
)

// describeFile is a version as the reference prints it.
func describeFile(f *b2.File, accountID string) map[string]any {
	out := map[string]any{
		"accountId":            accountID,
		"action":               f.Action,
		"bucketId":             f.BucketID,
		"fileId":               f.ID,
		"fileInfo":             f.Info(),
		"fileName":             f.Name,
		"fileRetention":        describeRetention(f),
		"legalHold":            describeLegalHold(f),
		"replicationStatus":    orNil(strings.ToUpper(f.Replication)),
		"serverSideEncryption": describeSSE(f.SSEMode),
		"size":                 f.Size,
		"uploadTimestamp":      f.Uploaded,
	}
	if f.ContentType != "" {
		out["contentType"] = f.ContentType
	}
	if sum := describeSHA1(f); sum != "" {
		out["contentSha1"] = sum
	}
	if f.MD5 != "" {
		out["contentMd5"] = f.MD5
	}
	return out
}

// describeSHA1 is the hash as the service puts it.
func describeSHA1(f *b2.File) string {
	switch {
	case f.SHA1 == "" && (f.Action == b2.ActionHide || f.Action == b2.ActionFolder):
		return ""
	case f.SHA1 == "":
		return "none"
	case f.Unverified:
		return "unverified:" + f.SHA1
	}
	return f.SHA1
}

// unseen stands for what the key may not see.
const unseen = "unknown"

func describeRetention(f *b2.File) map[string]any {
	out := map[string]any{"mode": orNil(f.RetentionMode), "retainUntilTimestamp": nil}
	if f.RetentionUnseen {
		out["mode"] = unseen
	}
	if f.RetainUntil != 0 {
		out["retainUntilTimestamp"] = f.RetainUntil
	}
	return out
}

func describeLegalHold(f *b2.File) any {
	switch {
	case f.HoldUnseen:
		return unseen
	case f.LegalHold:
		return "on"
	case f.HoldLifted:
		return "off"
	}
	return nil
}

// describeSSE is the encryption of a version. Keys are never known.
func describeSSE(mode string) map[string]any {
	switch mode {
	case "":
		return map[string]any{"mode": "none"}
	case "SSE-C":
		const hidden = "******"
		return map[string]any{"mode": mode, "algorithm": "AES256", "customerKey": hidden, "customerKeyMd5": hidden}
	}
	return map[string]any{"mode": mode, "algorithm": "AES256"}
}
