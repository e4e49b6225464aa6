package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newKeyCreate(e *env) *cobra.Command {
	var buckets []string
	var prefix string
	var duration number
	var all bool
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
			if len(args) == 1 && !all {
				return &usageError{cmd, "one of the arguments capabilities --all-capabilities is required"}
			}
			if len(args) == 2 && all {
				return &usageError{cmd, "argument --all-capabilities: not allowed with argument capabilities"}
			}
			req := b2.CreateKeyRequest{KeyName: args[0]}
			if prefix != "" {
				req.NamePrefix = &prefix
			}
			if duration.set {
				req.ValidDurationInSeconds = &duration.value
			}
			s, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			for _, name := range buckets {
				ref, err := s.bucket(cmd.Context(), name)
				if err != nil {
					return err
				}
				req.BucketIDs = append(req.BucketIDs, ref.ID)
			}
			if all {
				a, err := s.Account(cmd.Context())
				if err != nil {
					return err
				}
				req.Capabilities = everyCapability(a.Allowed.Capabilities)
			} else {
				req.Capabilities = splitList(args[1])
			}
			key, err := s.CreateKey(cmd.Context(), req)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "%s %s\n", key.ApplicationKeyID, key.Secret)
			return err
		},
	}
	cmd.Flags().StringArrayVar(&buckets, "bucket", nil, "the key can use this `BUCKET` only; may be repeated")
	cmd.Flags().StringVar(&prefix, "name-prefix", "", "the key can use files whose names begin with this `PREFIX` only")
	cmd.Flags().Var(&duration, "duration", "the key expires after so many `SECONDS`")
	cmd.Flags().BoolVar(&all, "all-capabilities", false, "give the key every capability that is known")
	return cmd
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
