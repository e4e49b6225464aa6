package b2server

import (
	"encoding/json"
	"strings"

	"github.com/bowline-sync/bowline/internal/wire"
)

// replication is checked as far as its shape goes. Nothing is replicated: what
// a rule covers waits for it for ever.
type replication struct {
	Source *struct {
		Rules []replicationRule `json:"replicationRules"`
		KeyID *string           `json:"sourceApplicationKeyId"`
	} `json:"asReplicationSource"`
	Destination *struct {
		Keys map[string]string `json:"sourceToDestinationKeyMapping"`
	} `json:"asReplicationDestination"`
}

type replicationRule struct {
	Destination string `json:"destinationBucketId"`
	Prefix      string `json:"fileNamePrefix"`
	Existing    bool   `json:"includeExistingFiles"`
	Enabled     bool   `json:"isEnabled"`
	Priority    int64  `json:"priority"`
	Name        string `json:"replicationRuleName"`
}

// checkReplication answers the configuration to keep; nil when both halves are
// null, which clears it.
func checkReplication(raw json.RawMessage) (json.RawMessage, error) {
	var r replication
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, badRequest("replicationConfiguration has a wrong shape: %v", err)
	}
	if r.Source == nil && r.Destination == nil {
		return nil, nil
	}
	if r.Source != nil {
		for _, rule := range r.Source.Rules {
			// The documentation begins at 1, but Backblaze tests its Go library on
			// the service with 0.
			if rule.Priority < 0 || rule.Priority > 1<<31-1 {
				return nil, badRequest("the priority of a replication rule must be 0 to 2147483647")
			}
			if n := len(rule.Name); n < 1 || n > 64 || strings.Trim(rule.Name, letters+digits+"-_") != "" {
				return nil, badRequest("replicationRuleName must be 1 to 64 letters, digits, '-' and '_'")
			}
		}
	}
	kept, err := json.Marshal(r)
	return kept, err
}

// replicationRules are the rules, of a replication that checkReplication kept,
// by which a bucket is a source; nil when it is none.
func replicationRules(kept json.RawMessage) []replicationRule {
	var r replication
	if len(kept) == 0 || json.Unmarshal(kept, &r) != nil || r.Source == nil {
		return nil
	}
	if r.Source.Rules == nil {
		return []replicationRule{}
	}
	return r.Source.Rules
}

// replicationStatus is how far the replication of a version has come.
type replicationStatus byte

const (
	replicationNone    replicationStatus = 0
	replicationPending replicationStatus = 'p'
)

func (s replicationStatus) String() string {
	if s == replicationPending {
		return wire.ReplicationPending
	}
	return ""
}

// maxReplicatedInfo is how many bytes of file info a replicated file may have
// (Backblaze, "What are the restrictions and limitations of Cloud
// Replication").
const maxReplicatedInfo = 2048

// replicationOf is the status that a finished new version of the bucket has.
// Hide markers, files encrypted with a customer's key and those with much file
// info are not replicated.
func (b *bucket) replicationOf(v *version) replicationStatus {
	if len(b.replicates) == 0 || v.Seal.Mode == sseC || v.infoSize() > maxReplicatedInfo {
		return replicationNone
	}
	for i := range b.replicates {
		if r := &b.replicates[i]; r.Enabled && strings.HasPrefix(v.Name, r.Prefix) {
			return replicationPending
		}
	}
	return replicationNone
}

// infoSize is the bytes of the file info, names and values.
func (v *version) infoSize() (n int) {
	for _, p := range v.Info {
		n += len(p.Name) + len(p.Value)
	}
	return n
}
