package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2"
)

// completeWait bounds what a press of the tab key may take.
const completeWait = 3 * time.Second

// addCompletion makes shells complete the arguments of all commands below cmd,
// and the values of options that are one of a few words.
func (e *env) addCompletion(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		e.addCompletion(sub)
	}
	if cmd.HasSubCommands() {
		cmd.ValidArgsFunction = completeOldName
		return
	}
	cmd.ValidArgsFunction = e.completeArgument
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if c, ok := flag.Value.(*choice); ok {
			words := cobra.FixedCompletions(c.allowed, cobra.ShellCompDirectiveNoFileComp)
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, words) // fails only for a name that is none
		}
	})
}

// completeOldName completes what begins like the old name of a command and like
// none of today's. Cobra adds it to today's names.
func completeOldName(cmd *cobra.Command, args []string, begun string) (old []string, _ cobra.ShellCompDirective) {
	for _, sub := range cmd.Commands() {
		switch {
		case len(args) > 0, begun == "", !strings.HasPrefix(sub.Name(), begun):
		case oldCommand(sub) != nil:
			old = append(old, sub.Name())
		case !sub.Hidden:
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
	}
	return old, cobra.ShellCompDirectiveNoFileComp
}

// completeArgument completes the next argument by its name in the Use line.
func (e *env) completeArgument(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	params := strings.Fields(cmd.Use)[1:]
	if len(args) >= len(params) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWait)
	defer cancel()
	switch strings.Trim(params[len(args)], "[]") {
	case "source", "destination":
		if begun == "" || !strings.HasPrefix("b2://", begun) && !strings.HasPrefix(begun, "b2:") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return e.completeURI(ctx, begun)
	case "B2_URI", "sourceB2Uri", "destinationB2Uri":
		return e.completeURI(ctx, begun)
	case "bucketName", "SOURCE_BUCKET_NAME", "DESTINATION_BUCKET_NAME", "destinationBucketName":
		return e.completeBucket(ctx, "", begun, ""), cobra.ShellCompDirectiveNoFileComp
	case "fileName":
		if len(args) > 0 {
			return e.completePath(ctx, "", args[len(args)-1], begun), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		}
	case "bucketType":
		return bucketTypes, cobra.ShellCompDirectiveNoFileComp
	case "localFilePath", "localFileName":
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeURI completes a bucket's name and then, folder by folder, a path.
func (e *env) completeURI(ctx context.Context, begun string) ([]string, cobra.ShellCompDirective) {
	const scheme = "b2://"
	const more = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	rest, ok := strings.CutPrefix(begun, scheme)
	if !ok {
		if strings.HasPrefix(scheme, begun) {
			return []string{scheme}, more
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	bucket, path, inside := strings.Cut(rest, "/")
	if !inside {
		return e.completeBucket(ctx, scheme, bucket, "/"), more
	}
	return e.completePath(ctx, scheme+bucket+"/", bucket, path), more
}

// completeBucket are the names of buckets that begin so: those that are
// remembered, else those that the service lists.
func (e *env) completeBucket(ctx context.Context, before, begun, after string) []string {
	s, err := e.open(ctx)
	if err != nil {
		return nil
	}
	defer s.Close()
	var names []string
	for _, name := range s.knownBuckets(ctx) {
		if strings.HasPrefix(name, begun) {
			names = append(names, before+name+after)
		}
	}
	return names
}

// knownBuckets are the names of buckets, with as few calls as possible.
func (s *session) knownBuckets(ctx context.Context) (names []string) {
	var refs []b2.BucketRef
	if file := s.names(); file != nil {
		refs, _ = file.Buckets(ctx)
	}
	if a, err := s.Account(ctx); refs == nil && err == nil {
		refs = a.Allowed.Buckets
	}
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	if refs != nil {
		return names
	}
	buckets, _ := s.ListBuckets(ctx, b2.ListBucketsRequest{BucketTypes: []string{"all"}})
	for i := range buckets {
		names = append(names, buckets[i].BucketName)
	}
	return names
}

// completions is how many names are offered at most.
const completions = 100

// completePath are the files and folders of a bucket that begin so.
func (e *env) completePath(ctx context.Context, before, bucket, begun string) (names []string) {
	s, err := e.open(ctx)
	if err != nil {
		return nil
	}
	defer s.Close()
	ref, err := s.bucket(ctx, bucket)
	if err != nil {
		return nil
	}
	for f, err := range s.ListNames(ctx, ref.ID, b2.ListOptions{Prefix: begun, Delimiter: "/", PageSize: completions}) {
		if err != nil || len(names) == completions {
			break
		}
		names = append(names, before+f.Name)
	}
	return names
}
