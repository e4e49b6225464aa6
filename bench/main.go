// Bench compares whole runs of Bowline with the same runs of rclone, and with
// bare programs that show what the machine allows:
//
//	go run . -quick             everything, small, under 3 minutes
//	go run . -n 5               everything, as in docs/performance.md
//	go run . -run small -n 7    the cases whose name matches
//	go run . -list              the names of the cases
//
// It makes its data below the user's cache folder, builds Bowline from the
// tree around it and rclone from its module, starts the servers, runs the
// tools of a case by turns, and prints a table with medians for each case.
//
// Times mean something only against other times of the same table: the server
// shares the machine with the tools, and so may other people. What others took
// of the processors is shown, and marked when it was much.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/bowline-sync/bowline/bench/floor"
	"github.com/bowline-sync/bowline/bench/stage"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is the harness, or one of the programs that it starts: itself again,
// with another first argument.
func run(args []string) error {
	if len(args) > 1 {
		switch args[0] {
		case "serve":
			return stage.Serve(args[1])
		case "floor":
			return floor.Run(args[1:])
		}
	}
	return measure(args)
}

func measure(args []string) error {
	b := &bench{real: &server{kind: stage.Real}, synth: &server{kind: stage.Synthetic}}
	set := flag.NewFlagSet("bench", flag.ExitOnError)
	set.StringVar(&b.dir, "dir", defaultDir(), "`folder` for data and programs; kept between runs")
	set.StringVar(&b.b2, "b2", "", "`file` of the b2 program to measure; empty builds it from this tree")
	set.IntVar(&b.rounds, "n", 5, "`rounds` of each case")
	set.DurationVar(&b.patience, "patience", 0, "wait up to this long before each run until others leave the processors alone")
	set.StringVar(&b.profiles, "profile", "", "write profiles of each run of Bowline to this `folder`; slows it a little")
	pattern := set.String("run", "", "only cases whose name matches this `regexp`")
	quick := set.Bool("quick", false, "small data and one round, to see that everything works")
	list := set.Bool("list", false, "print the names of the cases and end")
	set.BoolVar(&b.peers, "rclone", true, "run rclone too; building it takes minutes, once")
	if err := set.Parse(args); err != nil {
		return err
	}
	wanted, err := regexp.Compile(*pattern)
	if err != nil {
		return err
	}
	b.sizes = full
	if *quick {
		b.sizes, b.rounds = small, 1
	}
	var chosen []Case
	for _, c := range b.cases() {
		if wanted.MatchString(c.Name) {
			chosen = append(chosen, c)
		}
	}
	if *list {
		for _, c := range chosen {
			fmt.Printf("%-22s %s\n", c.Name, c.About)
		}
		return nil
	}
	return b.all(chosen)
}

// all builds what is missing, and measures one case after the other.
func (b *bench) all(cases []Case) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		b.real.stop()
		b.synth.stop()
		os.Exit(130)
	}()
	defer b.removeDownloads()
	defer b.real.stop()
	defer b.synth.stop()
	if err := b.build(); err != nil {
		return err
	}
	b.printHead()
	missed := 0
	for _, c := range cases {
		results, err := b.measure(&c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		missed += results.print(os.Stdout, &c)
	}
	fmt.Printf("%d goals were missed.\n", missed)
	return nil
}

// removeDownloads leaves of the cache what the next run can use.
func (b *bench) removeDownloads() {
	for _, name := range []string{"down", "large-down", "found"} {
		_ = os.RemoveAll(b.path(name))
	}
}

func defaultDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "bowline-bench")
}
