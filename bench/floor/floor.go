// Package floor holds the programs that tools are measured against: each does
// the work of one kind of run and nothing else. No comparison, no retries, no
// reports; what is left is what the machine, net/http and the kernel cost.
//
// The harness runs them as processes of their own, so that their time, memory
// and processor use are taken as those of the tools are.
package floor

import (
	"flag"
	"fmt"
	"slices"
	"strings"
)

// options of all programs; each uses what it needs.
type options struct {
	url, keyID, key string
	bucket, target  string
	dir             string
	prefix          string
	threads         int
	whole           bool
}

// programs by name.
var programs = map[string]func(*options) error{
	"scan":       scan,
	"list":       list,
	"post":       post,
	"get":        get,
	"copy":       copyFiles,
	"post-parts": postParts,
	"get-ranges": getRanges,
}

// Run runs the program that args name with the options that follow.
func Run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("name one of the floor programs: %s", names())
	}
	program, ok := programs[args[0]]
	if !ok {
		return fmt.Errorf("no floor program is called %q; there are %s", args[0], names())
	}
	var o options
	set := flag.NewFlagSet(args[0], flag.ContinueOnError)
	set.StringVar(&o.url, "url", "", "base `URL` of the server")
	set.StringVar(&o.keyID, "key-id", "", "application key `id`")
	set.StringVar(&o.key, "key", "", "application `key`")
	set.StringVar(&o.bucket, "bucket", "", "`name` of the bucket")
	set.StringVar(&o.target, "target", "", "`name` of the bucket to copy to")
	set.StringVar(&o.dir, "dir", "", "local `folder`")
	set.StringVar(&o.prefix, "prefix", "", "list names with this `prefix` only")
	set.IntVar(&o.threads, "threads", 10, "requests at once, or folders read ahead")
	set.BoolVar(&o.whole, "whole", false, "hash the whole large file before its first part is sent")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	return program(&o)
}

func names() string {
	var all []string
	for name := range programs {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
