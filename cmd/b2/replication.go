package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newReplication(e *env) *cobra.Command {
	return newGroup("replication", "Manage how the service copies one bucket to another",
		newReplicationChange(e, "delete", "Delete a replication rule", func(replicationRule) replicationRule { return nil }),
		newReplicationChange(e, "pause", "Pause a replication rule", func(r replicationRule) replicationRule {
			r["isEnabled"] = false
			return r
		}),
		newReplicationSetup(e), newReplicationStatus(e),
		newReplicationChange(e, "unpause", "Go on with a replication rule", func(r replicationRule) replicationRule {
			r["isEnabled"] = true
			return r
		}))
}

// replicationRule is a rule as the service keeps it. Fields that are not known
// here go through unchanged.
type replicationRule = map[string]any

// replication is the replication of a bucket, as a source and as a destination.
type replication struct {
	Source *struct {
		Rules []replicationRule `json:"replicationRules"`
		KeyID string            `json:"sourceApplicationKeyId"`
	} `json:"asReplicationSource"`
	Destination *struct {
		Keys map[string]string `json:"sourceToDestinationKeyMapping"`
	} `json:"asReplicationDestination"`
}

// newReplicationChange is a command that changes one rule; nil deletes it.
func newReplicationChange(e *env, name, short string, change func(replicationRule) replicationRule) *cobra.Command {
	return &cobra.Command{
		Use: name + " SOURCE_BUCKET_NAME REPLICATION_RULE_NAME", Short: short,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			return s.changeReplication(cmd.Context(), args[0], args[1], change)
		},
	}
}

func (s *session) changeReplication(ctx context.Context, bucketName, ruleName string, change func(replicationRule) replicationRule) error {
	bucket, current, err := s.replication(ctx, bucketName)
	if err != nil {
		return err
	}
	found := false
	if current.Source != nil {
		var rules []replicationRule
		for _, r := range current.Source.Rules {
			if r["replicationRuleName"] == ruleName {
				found = true
				if r = change(r); r == nil {
					continue
				}
			}
			rules = append(rules, r)
		}
		current.Source.Rules = orEmptyList(rules)
	}
	if !found {
		return errors.New("replication rule could not be found!")
	}
	return s.setReplication(ctx, bucket, current)
}

// replication looks up a bucket and its replication.
func (s *session) replication(ctx context.Context, name string) (*b2.Bucket, *replication, error) {
	buckets, err := s.ListBuckets(ctx, b2.ListBucketsRequest{BucketName: &name, BucketTypes: []string{"all"}})
	if err != nil {
		return nil, nil, err
	}
	if len(buckets) == 0 {
		return nil, nil, bucketNotFound(name)
	}
	bucket, current := &buckets[0], new(replication)
	if !bucket.Replication.IsClientAuthorizedToRead {
		return nil, nil, fmt.Errorf("the application key lacks the capability readBucketReplications, so the replication of %s cannot be seen", name)
	}
	if len(bucket.Replication.Value) > 0 {
		if err := json.Unmarshal(bucket.Replication.Value, current); err != nil {
			return nil, nil, fmt.Errorf("the replication of %s cannot be read: %w", name, err)
		}
	}
	return bucket, current, nil
}

// setReplication stores a replication, unless somebody changed the bucket
// meanwhile.
func (s *session) setReplication(ctx context.Context, bucket *b2.Bucket, r *replication) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = s.UpdateBucket(ctx, b2.UpdateBucketRequest{
		BucketID: bucket.BucketID, Replication: text, IfRevisionIs: &bucket.Revision,
	})
	return err
}
