package interop

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2test"
)

// lab is what all worlds of one direction share.
type lab struct {
	t         *testing.T
	server    *b2test.Server
	client    *b2.Client
	reference *reference
	program   *program
	buckets   map[string]string // ids, by role
}

// bucketRoles are the buckets that a direction needs: its source, and one
// destination for each tool.
var bucketRoles = map[string][]string{
	"up": {"reference", "ours"}, "down": {"source"}, "copy": {"source", "reference", "ours"},
}

func newLab(t *testing.T, direction string) *lab {
	srv := b2test.NewServer(t)
	l := &lab{t: t, server: srv, client: srv.Client(t), reference: startReference(t, srv), program: ourProgram(t, srv), buckets: map[string]string{}}
	for _, role := range bucketRoles[direction] {
		bucket, err := l.client.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "differ-" + role, BucketType: b2.AllPrivate})
		if err != nil {
			t.Fatal(err)
		}
		l.buckets[role] = bucket.BucketID
	}
	return l
}

// clear empties the buckets for the next world.
func (l *lab) clear(t *rapid.T) {
	for _, id := range l.buckets {
		var all []b2.File
		for file, err := range l.client.ListVersions(t.Context(), id, b2.ListOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, file)
		}
		for _, file := range all {
			if err := l.client.DeleteVersion(t.Context(), file.Name, file.ID, false); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// world is a source and two destinations that are the same, one for each tool.
type world struct {
	*lab
	direction string
	root      string // of its local trees
	source    string // prefix in the source bucket
	target    string // prefix in the destination buckets
}

// version is one version of an object, or a hide marker.
type version struct {
	age     time.Duration
	modTime int64 // ms; 0 for an object that has none
	badTime bool  // its modification time is no number
	size    int
	hide    bool
}

// object is a name with versions, oldest first.
type object struct {
	bucket, name string
	versions     []version
}

// pieces are parts of names: those that sort around a slash, that a shell, a
// regular expression or a URL would take for something else, and those that are
// not ASCII.
var pieces = []string{
	"a", "a", "b", "a.txt", "b.log", "A", "a b", "a+b", "a-b", "a0", "é", "日本", "😀", "x'y", `x"y`, "$(x)", "-r",
	"#", "%41", "*", "[a]", "~", "...", ".hidden", `a\b`, "a:b", "\u0085", "\u2028", "\ufeffbom", "ﬀ",
}

func name(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 3).Draw(t, label), "/")
}

// moment is a modification time. There are few, so that many are equal or close.
func moment(t *rapid.T, label string) int64 {
	const base = 1_600_000_000_000
	return base + rapid.SampledFrom([]int64{0, 0, 1, 2, 999, 1000, 2500, -1, -500, 86_400_000, -1_500_000_000_000}).Draw(t, label)
}

func size(t *rapid.T) int { return rapid.SampledFrom([]int{0, 1, 1, 2, 3, 100, 4000}).Draw(t, "size") }

func drawVersion(t *rapid.T) version {
	v := version{
		age:  time.Duration(rapid.SampledFrom([]float64{0.1, 0.3, 0.7, 2, 4, 8, 20, 40}).Draw(t, "age in days") * float64(24*time.Hour)),
		hide: rapid.IntRange(0, 5).Draw(t, "hide") == 0,
		size: size(t),
	}
	if rapid.IntRange(0, 7).Draw(t, "has a time") > 0 {
		v.modTime = moment(t, "modified")
		v.badTime = rapid.IntRange(0, 40).Draw(t, "bad time") == 1
	}
	return v
}

// world makes a world.
func (l *lab) world(t *rapid.T, direction string) *world {
	l.clear(t)
	w := &world{lab: l, direction: direction, root: l.t.TempDir()}
	prefixes := rapid.SampledFrom([]string{"", "", "p", "p/q"})
	taken := map[string]bool{}
	var objects []object
	if direction == "up" {
		w.makeTree(t, "source", drawTree(t, taken, true))
	} else {
		w.source = prefixes.Draw(t, "source prefix")
		objects = append(objects, w.drawObjects(t, "source", w.source, taken)...)
	}
	if direction == "down" {
		tree := drawTree(t, taken, false)
		w.makeTree(t, "reference", tree)
		w.makeTree(t, "ours", tree)
	} else {
		w.target = prefixes.Draw(t, "destination prefix")
		for _, o := range w.drawObjects(t, "reference", w.target, nil) {
			twin := o
			twin.bucket = "ours"
			objects = append(objects, o, twin)
		}
	}
	w.upload(t, objects)
	return w
}

// places are the words for source and destination; tool 0 is the reference.
func (w *world) places(tool int) []string {
	role := []string{"reference", "ours"}[tool]
	bucket := func(role, prefix string) string {
		return strings.TrimSuffix("b2://differ-"+role+"/"+prefix, "/")
	}
	switch w.direction {
	case "up":
		return []string{filepath.Join(w.root, "source"), bucket(role, w.target)}
	case "down":
		return []string{bucket("source", w.source), filepath.Join(w.root, role)}
	}
	return []string{bucket("source", w.source), bucket(role, w.target)}
}

// file is a local file, or a link or a pipe.
type file struct {
	name    string
	modTime int64
	size    int
	link    string // what it links to, if it is a link
	pipe    bool
}

// twins are two links to one folder, in a folder that is linked to.
var twins = []file{
	{name: "a/f", modTime: 1_600_000_000_000}, {name: "twins/1", link: "a"}, {name: "twins/2", link: "a"}, {name: "A", link: "twins"},
}

// drawTree draws local files. No name lies below another one of taken, because
// a file system cannot hold both.
func drawTree(t *rapid.T, taken map[string]bool, odd bool) []file {
	var files []file
	if odd && rapid.IntRange(0, 30).Draw(t, "twins") == 1 {
		for _, f := range twins {
			takes(taken, f.name)
			files = append(files, f)
		}
	}
	for range rapid.IntRange(0, 6).Draw(t, "files") {
		f := file{name: name(t, "file"), modTime: moment(t, "modified"), size: size(t)}
		if odd {
			switch rapid.IntRange(0, 24).Draw(t, "odd") {
			case 1:
				f.link = "nowhere"
			case 2:
				f.link = rapid.SampledFrom([]string{"a", "a/b", "b", "."}).Draw(t, "link")
			case 3:
				f.name += "\tbad"
			case 4:
				f.pipe = true
			}
		}
		twice := slices.ContainsFunc(files, func(other file) bool { return other.name == f.name })
		if !twice && takes(taken, f.name) {
			files = append(files, f)
		}
	}
	return files
}

// takes takes a name unless it lies below or above one that is taken.
func takes(taken map[string]bool, name string) bool {
	for other := range taken {
		if other != name && (strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/")) {
			return false
		}
	}
	taken[name] = true
	return true
}

// drawObjects draws the objects of a bucket: below its prefix, and some beside
// it. taken, if it is not nil, are names that must be possible in one folder.
func (w *world) drawObjects(t *rapid.T, bucket, prefix string, taken map[string]bool) []object {
	byName := map[string]object{}
	for range rapid.IntRange(0, 6).Draw(t, "objects of "+bucket) {
		relative := strings.ReplaceAll(name(t, "object"), `\`, "|")
		o := object{bucket: bucket, name: relative}
		switch beside := rapid.IntRange(0, 30).Draw(t, "beside"); {
		case prefix == "":
		case beside == 1:
			o.name = prefix
		case beside == 2:
			o.name = prefix + "2/" + relative
		default:
			o.name = prefix + "/" + relative
		}
		switch {
		case taken != nil && w.direction == "down" && rapid.IntRange(0, 30).Draw(t, "bad") == 1:
			o.name = strings.TrimPrefix(prefix+"/", "/") + rapid.SampledFrom([]string{"../x", "a/../b", "b/."}).Draw(t, "bad name")
		case taken != nil && !takes(taken, relative):
			continue
		}
		o.versions = rapid.SliceOfN(rapid.Custom(drawVersion), 1, 4).Draw(t, "versions")
		slices.SortFunc(o.versions, func(a, b version) int { return cmp.Compare(b.age, a.age) })
		o.versions = possible(o.versions)
		if len(o.versions) > 0 {
			byName[o.name] = o
		}
	}
	return slices.Collect(maps.Values(byName))
}

// possible leaves out what no bucket can hold: two versions of one moment, and
// hide markers that hide nothing.
func possible(versions []version) (out []version) {
	for _, v := range versions {
		last := len(out) - 1
		if last >= 0 && out[last].age == v.age || v.hide && (last < 0 || out[last].hide) {
			continue
		}
		out = append(out, v)
	}
	return out
}

// makeTree makes a local tree.
func (w *world) makeTree(t *rapid.T, role string, files []file) {
	root := filepath.Join(w.root, role)
	if err := os.MkdirAll(root, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(root, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := f.make(root, path); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *file) make(root, path string) error {
	switch {
	case f.link != "":
		return os.Symlink(filepath.Join(root, f.link), path)
	case f.pipe:
		return syscall.Mkfifo(path, 0o666)
	}
	if err := os.WriteFile(path, content(f.size), 0o666); err != nil {
		return err
	}
	return os.Chtimes(path, time.Time{}, time.UnixMilli(f.modTime).Add(400*time.Microsecond))
}

func content(size int) []byte { return []byte(strings.Repeat("x", size)) }

// upload puts the history of all buckets into the server, in the order of time.
func (w *world) upload(t *rapid.T, objects []object) {
	type step struct {
		object
		version
	}
	var steps []step
	for _, o := range objects {
		for _, v := range o.versions {
			steps = append(steps, step{o, v})
		}
	}
	slices.SortFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(b.age, a.age), cmp.Compare(a.object.name, b.object.name), cmp.Compare(a.bucket, b.bucket))
	})
	now := time.Now()
	defer w.server.SetNow(w.t, now)
	for _, s := range steps {
		w.server.SetNow(w.t, now.Add(-s.age))
		var err error
		if s.hide {
			_, err = w.client.Hide(t.Context(), w.buckets[s.bucket], s.object.name)
		} else {
			request := b2.UploadRequest{BucketID: w.buckets[s.bucket], Name: s.object.name,
				Content: strings.NewReader(string(content(s.size))), Size: int64(s.size)}
			if s.modTime != 0 {
				request.ModTime = new(s.modTime)
			}
			if s.badTime {
				request.Info = map[string]string{"src_last_modified_millis": "yesterday"}
			}
			_, err = w.client.Upload(t.Context(), request)
		}
		if err != nil {
			t.Fatalf("%q: %v", s.object.name, err)
		}
	}
}

// patterns are regular expressions for names like those of worlds.
var patterns = []string{
	".", ".*", "", "a", "a$", "a/", "a/.*", "b", ".*b", `.*\.txt$`, `.*\.log`, "(?i)A", "[^/]+$", "[a-b]+/", "(a|b)$", "a(?!/)", ".*/a$",
	"é|日本", `.*\s`, `\w+$`, "p/", `.*(?<=a)b`, "(a)/\\1", `\.`, ".*[.]h", `[^a]`, "a{2}|b", `\W`, "^a", "a|", `.*\\`,
}

func (w *world) options(t *rapid.T) (args []string) {
	add := func(chance int, words ...string) {
		if rapid.IntRange(1, 100).Draw(t, words[0]) <= chance {
			args = append(args, words...)
		}
	}
	pattern := func(option string) []string { return []string{option, rapid.SampledFrom(patterns).Draw(t, option)} }
	when := func(option string, ms int64) []string {
		return []string{option, strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64)}
	}
	switch rapid.IntRange(0, 3).Draw(t, "removal") {
	case 1:
		args = append(args, "--delete")
	case 2:
		if w.direction != "down" {
			args = append(args, "--keep-days", rapid.SampledFrom([]string{"0.5", "1", "5", "30"}).Draw(t, "days"))
		}
	}
	args = append(args, rapid.SampledFrom([][]string{nil, nil, {"--skip-newer"}, {"--replace-newer"}}).Draw(t, "newer")...)
	args = append(args, rapid.SampledFrom([][]string{nil, nil, {"--compare-versions", "none"}, {"--compare-versions", "modTime"}, {"--compare-versions", "size"}}).Draw(t, "compare")...)
	args = append(args, rapid.SampledFrom([][]string{nil, nil, nil, {"--compare-threshold", "0"}, {"--compare-threshold", "1"}, {"--compare-threshold", "2"}, {"--compare-threshold", "1000"}}).Draw(t, "threshold")...)
	if rapid.IntRange(0, 2).Draw(t, "filters") == 0 {
		add(60, pattern("--exclude-regex")...)
		add(20, pattern("--exclude-regex")...)
		if slices.Contains(args, "--exclude-regex") {
			add(50, pattern("--include-regex")...)
			add(20, pattern("--include-regex")...)
		}
		add(40, pattern("--exclude-dir-regex")...)
	}
	add(15, when("--exclude-if-modified-after", moment(t, "modified after"))...)
	if w.direction != "up" {
		ago := time.Duration(rapid.SampledFrom([]float64{0.5, 3, 10}).Draw(t, "uploaded after") * float64(24*time.Hour))
		add(15, when("--exclude-if-uploaded-after", time.Now().Add(-ago).UnixMilli())...)
	}
	add(10, "--exclude-all-symlinks")
	add(70, "--allow-empty-source")
	return args
}
