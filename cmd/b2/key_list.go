package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newKeyList(e *env) *cobra.Command {
	var long bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the account's application keys",
		Long: `Lists the account's application keys, one a line: its id and its name. With --long
also the buckets that it is confined to, the date and the time at which it expires,
the prefix of names that it is confined to, and its capabilities. A dash means none;
id=... is a bucket that no longer exists.`,
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			s, err := e.open(ctx)
			if err != nil {
				return err
			}
			defer s.Close()
			names := bucketNames{session: s}
			for key, err := range s.ListKeys(ctx) {
				if err != nil {
					return err
				}
				line := fmt.Sprintf("%s   %-20s", key.ApplicationKeyID, key.KeyName)
				if long {
					if line, err = names.longKey(ctx, line, &key); err != nil {
						return err
					}
				}
				if _, err := fmt.Fprintln(e.stdout, line); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&long, "long", "l", false, "print what the keys may do, too")
	return cmd
}

// bucketNames finds the names of buckets, with one call when the first is asked
// for.
type bucketNames struct {
	*session
	byID map[string]string
}

// longKey adds the columns of --long to a line.
func (n *bucketNames) longKey(ctx context.Context, line string, key *b2.Key) (string, error) {
	buckets, err := n.of(ctx, key.BucketIDs)
	if err != nil {
		return "", err
	}
	date, clock := "-", "-"
	if key.ExpirationTimestamp != nil {
		at := time.UnixMilli(*key.ExpirationTimestamp).UTC()
		date, clock = at.Format(time.DateOnly), at.Format(time.TimeOnly)
	}
	prefix := ""
	if key.NamePrefix != nil {
		prefix = *key.NamePrefix
	}
	return fmt.Sprintf("%s   %-20s   %-10s   %-8s   '%s'   %s",
		line, buckets, date, clock, n.env.name(prefix), strings.Join(key.Capabilities, ",")), nil
}

// of is the names of buckets by their ids; "-" for all buckets.
func (n *bucketNames) of(ctx context.Context, ids []string) (string, error) {
	if ids == nil {
		return "-", nil
	}
	if n.byID == nil {
		n.byID = map[string]string{}
		buckets, err := n.ListBuckets(ctx, b2.ListBucketsRequest{BucketTypes: []string{"all"}})
		if err != nil {
			return "", err
		}
		for i := range buckets {
			n.byID[buckets[i].BucketID] = buckets[i].BucketName
		}
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = cmp.Or(n.byID[id], "id="+id)
	}
	return strings.Join(names, ", "), nil
}
