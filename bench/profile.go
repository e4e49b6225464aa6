package main

import (
	"encoding/json"
	"os"
)

// profiledMain stands in for cmd/b2/main.go in a program that writes profiles:
// what is shipped has nothing of it.
const profiledMain = `package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

func main() {
	ballast := tuneGarbage()
	base := os.Getenv("` + profileVariable + `")
	if base == "" {
		os.Exit(run(context.Background(), systemEnv()))
	}
	runtime.MemProfileRate = 64 << 10
	cpu := create(base + ".cpu")
	pprof.StartCPUProfile(cpu)
	go watchHeap(base + ".heap")
	status := run(context.Background(), systemEnv())
	runtime.KeepAlive(ballast)
	pprof.StopCPUProfile()
	cpu.Close()
	allocs := create(base + ".allocs")
	pprof.Lookup("allocs").WriteTo(allocs, 0)
	allocs.Close()
	os.Exit(status)
}

func create(name string) *os.File {
	f, err := os.Create(name)
	if err != nil {
		panic(err)
	}
	return f
}

// watchHeap keeps the profile of the largest heap.
func watchHeap(name string) {
	var most uint64
	for range time.Tick(100 * time.Millisecond) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapInuse > most+most/10 {
			most = m.HeapInuse
			f := create(name)
			pprof.Lookup("heap").WriteTo(f, 0)
			f.Close()
		}
	}
}
`

const profileVariable = "BENCH_PROFILE"

// buildProfiled builds b2 with a main function that writes a profile of
// processor time, one of allocations, and one of the heap at its largest.
func (b *bench) buildProfiled(main string) error {
	standIn := b.path("profiled_main.go")
	if err := os.WriteFile(standIn, []byte(profiledMain), 0o666); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {main: standIn}})
	if err != nil {
		return err
	}
	plan := b.path("overlay.json")
	if err := os.WriteFile(plan, overlay, 0o666); err != nil {
		return err
	}
	b.b2 = b.path("b2-profiled")
	return goTool(repository(), nil, "build", "-overlay", plan, "-o", b.b2, "./cmd/b2")
}
