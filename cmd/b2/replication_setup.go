package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

// replicationOptions are the options of `b2 replication setup`.
type replicationOptions struct {
	profile, name, prefix string
	priority              number
	existing              bool
}

func newReplicationSetup(e *env) *cobra.Command {
	var o replicationOptions
	cmd := &cobra.Command{
		Use: "setup SOURCE_BUCKET_NAME DESTINATION_BUCKET_NAME", Short: "Copy new files of one bucket to another",
		Long: `Makes the service copy the files of one bucket to another. Keys that the service needs
for that are made where there are none.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.setupReplication(cmd.Context(), &o, args[0], args[1])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.profile, "destination-profile", "", "the destination is in the stored account of this `NAME`")
	flags.StringVar(&o.name, "name", "", "the `NAME` of the rule (default: the destination's)")
	flags.Var(&o.priority, "priority", "the `NUMBER` that decides between rules (default: above all others)")
	flags.StringVar(&o.prefix, "file-name-prefix", "", "copy files whose names begin with this `PREFIX` only")
	flags.BoolVar(&o.existing, "include-existing-files", false, "copy the files that are there already, too")
	return cmd
}

func (e *env) setupReplication(ctx context.Context, o *replicationOptions, from, to string) error {
	source, destination, end, err := e.openBoth(ctx, o.profile)
	if err != nil {
		return err
	}
	defer end()
	fromBucket, outgoing, err := source.replication(ctx, from)
	if err != nil {
		return err
	}
	toBucket, incoming, err := destination.replication(ctx, to)
	if err != nil {
		return err
	}
	if fromBucket.BucketID == toBucket.BucketID {
		return fmt.Errorf("%s cannot be replicated to itself", from)
	}
	keyID, err := source.replicationSourceKey(ctx, outgoing, fromBucket)
	if err != nil {
		return err
	}
	if err := destination.acceptReplication(ctx, toBucket, incoming, keyID); err != nil {
		return err
	}
	outgoing.Source.Rules = append(outgoing.Source.Rules, o.rule(outgoing.Source.Rules, toBucket))
	return source.setReplication(ctx, fromBucket, outgoing)
}

// rule is the new rule beside those that there are.
func (o *replicationOptions) rule(others []replicationRule, to *b2.Bucket) replicationRule {
	priority := int64(128)
	for _, r := range others {
		if p, ok := r["priority"].(float64); ok {
			priority = max(priority, int64(p)+10)
		}
	}
	if o.priority.set {
		priority = o.priority.value
	}
	return replicationRule{
		"destinationBucketId": to.BucketID, "fileNamePrefix": o.prefix, "includeExistingFiles": o.existing,
		"isEnabled": true, "priority": priority, "replicationRuleName": cmp.Or(o.name, to.BucketName),
	}
}

// replicationSourceKey is the key that the service reads the source with.
func (s *session) replicationSourceKey(ctx context.Context, r *replication, bucket *b2.Bucket) (string, error) {
	if r.Source == nil {
		r.Source = &struct {
			Rules []replicationRule `json:"replicationRules"`
			KeyID string            `json:"sourceApplicationKeyId"`
		}{}
	}
	if r.Source.KeyID == "" {
		key, err := s.CreateKey(ctx, b2.CreateKeyRequest{
			KeyName: keyName(bucket.BucketName, "replisrc"), BucketIDs: []string{bucket.BucketID},
			Capabilities: []string{"readFiles", "readFileLegalHolds", "readFileRetentions"},
		})
		if err != nil {
			return "", err
		}
		r.Source.KeyID = key.ApplicationKeyID
	}
	return r.Source.KeyID, nil
}

// acceptReplication lets what is read with a key be written to a bucket.
func (s *session) acceptReplication(ctx context.Context, bucket *b2.Bucket, r *replication, sourceKeyID string) error {
	if r.Destination == nil {
		r.Destination = &struct {
			Keys map[string]string `json:"sourceToDestinationKeyMapping"`
		}{}
	}
	if _, ok := r.Destination.Keys[sourceKeyID]; ok {
		return nil
	}
	key, err := s.CreateKey(ctx, b2.CreateKeyRequest{
		KeyName: keyName(bucket.BucketName, "replidst"), BucketIDs: []string{bucket.BucketID},
		Capabilities: []string{"writeFiles", "writeFileLegalHolds", "writeFileRetentions", "deleteFiles"},
	})
	if err != nil {
		return err
	}
	if r.Destination.Keys == nil {
		r.Destination.Keys = map[string]string{}
	}
	r.Destination.Keys[sourceKeyID] = key.ApplicationKeyID
	return s.setReplication(ctx, bucket, r)
}

// keyName is the name of a key that the service uses for a bucket; at most 100
// characters.
func keyName(bucket, use string) string {
	return bucket[:min(len(bucket), 90)] + "-" + use
}
