package report

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/ui"
)

// hostile is a name that tries to get out of the page's text.
const hostile = "</script><script>alert(1)</script>&<img src=x onerror=alert(2)>\x1b\xff\"'`${x}"

// sampleRun is a run with a bit of everything, of so many files.
func sampleRun(files int) *Data {
	c := NewCollector()
	top := []string{"photos", "documents", "music", "projects/website", hostile}
	names := make([]string, min(files, 20_000))
	for i := range names {
		names[i] = fmt.Sprintf("%s/%d/%03d/IMG_%d.jpg", top[i%7%5], 2015+i%11, i%500, i)
	}
	var s b2sync.Summary
	for i := range files {
		kind := b2sync.Kind(0)
		switch {
		case i%23 == 0:
			kind = b2sync.Delete
		case i%17 == 0:
			kind = b2sync.Hide
		case i%7 == 0:
			kind = b2sync.Copy
		}
		a := b2sync.Action{Kind: kind, Name: names[i%len(names)]}
		if kind != b2sync.Hide {
			a.Size = int64(i%9+1) * int64(i%13) * 31_000
		}
		e := b2sync.ActionDone{Action: a, Took: time.Duration(i%4000) * time.Millisecond}
		if i%401 == 400 {
			e.Err = fmt.Errorf("%d: %s", i, hostile)
			s.Failed++
		} else {
			s.Done[kind].Count++
			s.Done[kind].Bytes += a.Size
		}
		c.Event(e)
		if i < 5000 {
			c.observeAt(time.Duration(i)*time.Second/8, b2.Attempt{Call: "b2_upload_file", Class: 'A', Units: 1,
				Took: 3 * time.Second, Sent: a.Size + int64(i%97)*20_000})
		}
		if i%900 == 899 {
			c.observeAt(time.Duration(i)*time.Second/8, b2.Attempt{Call: "b2_upload_file", Class: 'A', Units: 1,
				Status: 503, Code: "service_unavailable", Err: errors.New("busy"), Retry: true})
		}
	}
	for i := range 12 {
		c.Event(b2sync.Problem{Path: fmt.Sprint("/srv/data/odd", i), Err: errors.New("could not be accessed (broken symlink?)"), Warning: true})
	}
	c.Event(b2sync.Remark{Text: "12 removals wait until everything was seen"})
	s.Started, s.Took, s.Warned = time.UnixMilli(1_790_000_000_000), 12*time.Minute, 12
	o := &ui.Outcome{Summary: s, Calls: ui.Calls{A: 5300, C: 4200, Retries: 5}, Prices: ui.DefaultPrices()}
	return c.Data(o, map[string]ui.Calls{
		"b2_upload_file":     {A: 5000, Requests: 5005, Retries: 5},
		"b2_list_file_names": {C: 4200, Requests: 420},
	}, "/srv/data", "b2://backup/"+hostile)
}

func pageOf(t *testing.T, d *Data) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := d.WritePage(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestNamesAreText looks for elements that only a name could have brought in:
// the page itself has two scripts and no images.
func TestNamesAreText(t *testing.T) {
	text := strings.ToLower(string(pageOf(t, sampleRun(5000))))
	for element, want := range map[string]int{"<script": 2, "</script": 2, "<img": 0, "<link": 0, "<iframe": 0, " src=\"": 0} {
		if n := strings.Count(text, element); n != want {
			t.Errorf("the page has %s %d times, want %d", element, n, want)
		}
	}
}

func TestPageHasTheNumbers(t *testing.T) {
	text := string(pageOf(t, sampleRun(5000)))
	for _, want := range []string{"incomplete: ", "4,2", "photos/2015", "b2_list_file_names", "503 service_unavailable",
		"12 removals wait", "broken symlink?", "Slowest files", "default-src &#39;none&#39;"} {
		if !strings.Contains(text, want) && !strings.Contains(text, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(text, "ZgotmplZ") {
		t.Error("the template refused a value")
	}
}

func TestMillionFilesMakeASmallPage(t *testing.T) {
	if testing.Short() {
		t.Skip("gathers a million files")
	}
	d := sampleRun(1_000_000)
	if n := len(pageOf(t, d)); n > 2_000_000 {
		t.Errorf("the page is %d bytes", n)
	}
	packed, err := d.Pack()
	if err != nil || len(packed) > 100_000 {
		t.Errorf("packed it is %d bytes, %v", len(packed), err)
	}
}

func TestWorstNamesMakeASmallPage(t *testing.T) {
	c := NewCollector()
	long := strings.Repeat("<\xff", 500)
	for i := range 5000 {
		name := fmt.Sprintf("%s%d/%s/%s/f", long, i, long, long)
		c.Event(b2sync.ActionDone{Action: b2sync.Action{Name: name, Size: int64(i)}, Took: time.Duration(i)})
		c.Event(b2sync.Problem{Path: name, Err: errors.New(name), Warning: i%2 == 0})
	}
	d := c.Data(&ui.Outcome{}, nil, long, long)
	if n := len(pageOf(t, d)); n > 2_000_000 {
		t.Errorf("the page is %d bytes", n)
	}
}

func TestEmptyRunMakesAPage(t *testing.T) {
	text := string(pageOf(t, NewCollector().Data(&ui.Outcome{}, nil, "a", "b2://b")))
	if !strings.Contains(text, "nothing to do") {
		t.Error("the page does not say that nothing was done")
	}
}

func TestPackedDataComesBack(t *testing.T) {
	d := sampleRun(3000)
	packed, err := d.Pack()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	got.Started = got.Started.Local()
	if !reflect.DeepEqual(got, d) {
		t.Errorf("it comes back as\n%+v, want\n%+v", got, d)
	}
	for _, broken := range [][]byte{nil, []byte("x"), packed[:len(packed)/2]} {
		if _, err := Unpack(broken); err == nil {
			t.Errorf("%d bytes of it are no error", len(broken))
		}
	}
}

func TestTimelineKeepsItsSum(t *testing.T) {
	tl := newTimeline()
	for i := range 10_000 {
		at := time.Duration(i) * 700 * time.Millisecond
		tl.spread(at-5*time.Second, at, 1001, 7)
		if i%100 == 0 {
			tl.retry(at)
		}
	}
	sum := func(slots []int64) (n int64) {
		for _, x := range slots {
			n += x
		}
		return n
	}
	if sum(tl.Up) != 10_010_000 || sum(tl.Down) != 70_000 || sum(tl.Retries) != 100 {
		t.Errorf("the sums are %d, %d and %d", sum(tl.Up), sum(tl.Down), sum(tl.Retries))
	}
	if len(tl.Up) > slots || tl.Width != 32*time.Second {
		t.Errorf("%d slots of %v", len(tl.Up), tl.Width)
	}
}

func TestObserveUsesTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCollector()
		time.Sleep(10 * time.Second)
		c.Observe(b2.Attempt{Call: "b2_upload_file", Class: 'A', Took: 4 * time.Second, Sent: 50})
		want := []int64{0, 0, 0, 0, 0, 0, 10, 10, 10, 10, 10}
		if !reflect.DeepEqual(c.timeline.Up, want) {
			t.Errorf("50 bytes in 4 s are spread as %v", c.timeline.Up)
		}
	})
}

func TestFoldersStayFew(t *testing.T) {
	f := newFolders()
	var count, bytes int64
	for i := range 200_000 {
		f.add(fmt.Sprintf("%d/%d/%d/%d/x", i%5000, i%70, i%9, i), int64(i))
		count, bytes = count+1, bytes+int64(i)
	}
	if len(f.sums) > foldersKept || f.depth != 1 {
		t.Errorf("%d folders of depth %d are kept", len(f.sums), f.depth)
	}
	shown, rest := f.top()
	for _, folder := range shown {
		rest.Count, rest.Bytes = rest.Count+folder.Count, rest.Bytes+folder.Bytes
	}
	if rest.Count != count || rest.Bytes != bytes || len(shown) != foldersShown {
		t.Errorf("%d folders with %d changes of %d bytes, want %d and %d", len(shown), rest.Count, rest.Bytes, count, bytes)
	}
}

func TestFolderOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		depth int
		want  string
	}{{"a", 3, ""}, {"a/b", 3, "a"}, {"a/b/c/d/e", 3, "a/b/c"}, {"a/b/c/d/e", 1, "a"}, {"a/b/c/", 2, "a/b"}, {"", 2, ""}} {
		if got := folderOf(c.name, c.depth); got != c.want {
			t.Errorf("the folder of %s to depth %d is %q", c.name, c.depth, got)
		}
	}
}

func TestSlowestAreKept(t *testing.T) {
	var s slowest
	for i := range 1000 {
		s.add(Slow{Name: fmt.Sprint(i), Took: time.Duration(i * 7 % 1000)})
	}
	if len(s) != slowestKept || s[0].Took != 999 || s[slowestKept-1].Took != 980 {
		t.Errorf("kept are %v", s)
	}
}

// artifacts is where the pictures of a test are kept: in a folder of its own in
// that of BOWLINE_ARTIFACTS, if that is set, or with -artifacts.
func artifacts(t *testing.T) string {
	t.Helper()
	all := os.Getenv("BOWLINE_ARTIFACTS")
	if all == "" {
		return t.ArtifactDir()
	}
	dir := filepath.Join(all, "report")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestInABrowser opens the page in headless Chromium, light, dark, printed and
// without script.
func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser, err := exec.LookPath("/usr/bin/chromium")
	if err != nil {
		t.Skip("there is no /usr/bin/chromium")
	}
	dir := artifacts(t)
	file := filepath.Join(dir, "report.html")
	var page bytes.Buffer
	if err := sampleRun(5000).WritePage(&page); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	open := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), browser, append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
			"--no-first-run", "--disable-background-networking", "--user-data-dir=" + home, "--window-size=1280,2400", "--virtual-time-budget=4000"}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+home)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("chromium %v: %v", args, err)
		}
		return out
	}

	dom := string(open("--dump-dom", "file://"+file))
	if !strings.Contains(dom, `data-charts="4"`) {
		t.Errorf("the charts are not drawn: %.300s", dom)
	}
	light, dark := filepath.Join(dir, "light.png"), filepath.Join(dir, "dark.png")
	open("--screenshot="+light, "file://"+file)
	open("--screenshot="+dark, "--blink-settings=preferredColorScheme=0", "file://"+file)
	if b := brightness(t, light); b < 0.8 {
		t.Errorf("the light page has brightness %.2f", b)
	}
	if b := brightness(t, dark); b > 0.35 {
		t.Errorf("the dark page has brightness %.2f", b)
	}
	bare := filepath.Join(dir, "no-script.html")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body, _, _ := bytes.Cut(whole, []byte("<script>")) // headless Chromium takes no pictures with scripts turned off
	if err := os.WriteFile(bare, body, 0o644); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(dir, "no-script.png")
	open("--screenshot="+plain, "file://"+bare)
	if b := brightness(t, plain); b < 0.8 {
		t.Errorf("the page without script has brightness %.2f", b)
	}
	printed := filepath.Join(dir, "report.pdf")
	open("--print-to-pdf="+printed, "file://"+file)
	if text, err := os.ReadFile(printed); err != nil || !bytes.HasPrefix(text, []byte("%PDF")) {
		t.Errorf("it cannot be printed: %v", err)
	}
}

// brightness is how bright a picture is, from 0 to 1; a picture of one colour
// fails the test.
func brightness(t *testing.T, file string) float64 {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	var sum, n float64
	colours := map[[3]uint32]bool{}
	area := picture.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y += 3 {
		for x := area.Min.X; x < area.Max.X; x += 3 {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum += float64(r+g+b) / (3 * 0xffff)
			n++
			colours[[3]uint32{r, g, b}] = true
		}
	}
	if len(colours) < 50 {
		t.Errorf("%s has %d colours: there are no charts", filepath.Base(file), len(colours))
	}
	return sum / n
}

func BenchmarkCollect(b *testing.B) {
	c := NewCollector()
	var e b2sync.Event = b2sync.ActionDone{Action: b2sync.Action{Name: "photos/2024/summer/IMG_2024.jpg", Size: 3_000_000}}
	b.ReportAllocs()
	for b.Loop() {
		c.Event(e)
	}
}
