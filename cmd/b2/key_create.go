package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

// keyOptions are the options of `b2 key create`.
type keyOptions struct {
	buckets  []string
	prefix   string
	duration number
	all      bool
}

func newKeyCreate(e *env) *cobra.Command {
	var o keyOptions
	cmd := &cobra.Command{
		Use: "create keyName [capabilities]", Short: "Make an application key and print it",
		Long: `Makes an application key and prints its id and the key itself. The key is shown this
once only.

Capabilities are a list with commas, such as listBuckets,listFiles,readFiles. With
--bucket the key can use these buckets only.`,
		Example: `    b2 key create backup listBuckets,listFiles,readFiles,writeFiles --bucket my-bucket
    b2 key create everything --all-capabilities`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			var capabilities []string
			switch {
			case len(args) == 1 && !o.all:
				return &usageError{cmd, "one of the arguments capabilities --all-capabilities is required"}
			case len(args) == 2 && o.all:
				return &usageError{cmd, "argument --all-capabilities: not allowed with argument capabilities"}
			case len(args) == 2:
				capabilities = splitList(args[1])
			}
			return e.createKey(cmd.Context(), &o, args[0], capabilities)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.buckets, "bucket", nil, "the key can use this `BUCKET` only; may be repeated")
	flags.StringVar(&o.prefix, "name-prefix", "", "the key can use files whose names begin with this `PREFIX` only")
	flags.Var(&o.duration, "duration", "the key expires after so many `SECONDS`")
	flags.BoolVar(&o.all, "all-capabilities", false, "give the key every capability that is known")
	return cmd
}

// createKey makes a key and prints it. Its capabilities are those given, or all.
func (e *env) createKey(ctx context.Context, o *keyOptions, name string, capabilities []string) error {
	req := b2.CreateKeyRequest{KeyName: name, Capabilities: capabilities}
	if o.prefix != "" {
		req.NamePrefix = &o.prefix
	}
	if o.duration.set {
		req.ValidDurationInSeconds = &o.duration.value
	}
	s, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, bucket := range o.buckets {
		ref, err := s.bucket(ctx, bucket)
		if err != nil {
			return err
		}
		req.BucketIDs = append(req.BucketIDs, ref.ID)
	}
	if o.all {
		a, err := s.Account(ctx)
		if err != nil {
			return err
		}
		req.Capabilities = everyCapability(a.Allowed.Capabilities)
	}
	key, err := s.CreateKey(ctx, req)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s %s\n", key.ApplicationKeyID, key.Secret)
	return err
}

// splitList is the words of a list with commas.
func splitList(text string) []string {
	words := strings.Split(text, ",")
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	return words
}

// knownCapabilities are those of the API documentation that every account has.
var knownCapabilities = []string{
	"listKeys", "writeKeys", "deleteKeys",
	"listBuckets", "listAllBucketNames", "readBuckets", "writeBuckets", "deleteBuckets",
	"readBucketEncryption", "writeBucketEncryption", "readBucketRetentions", "writeBucketRetentions",
	"readBucketReplications", "writeBucketReplications",
	"listFiles", "readFiles", "shareFiles", "writeFiles", "deleteFiles",
	"readFileRetentions", "writeFileRetentions", "readFileLegalHolds", "writeFileLegalHolds", "bypassGovernance",
}

// everyCapability is what is known, and what else our own key has.
func everyCapability(own []string) []string {
	set := map[string]bool{}
	for _, c := range append(slices.Clone(own), knownCapabilities...) {
		set[c] = true
	}
	return slices.Sorted(maps.Keys(set))
}
