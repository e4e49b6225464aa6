package interop

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is Debian's.
const browser = "/usr/bin/chromium"

// TestPage goes through the server's page in headless Chromium, by keyboard
// alone. go test -artifacts -outputdir FOLDER keeps the pictures.
func TestPage(t *testing.T) {
	if _, err := os.Stat(browser); err != nil {
		t.Skipf("there is no %s", browser)
	}
	s := serve(t)
	s.furnish(t)
	ctx := openBrowser(t)
	home, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	home.User, home.Path = url.UserPassword(s.keyID, s.key), "/"
	dir := t.ArtifactDir()

	do(t, ctx, chromedp.Navigate(home.String()))
	picture(t, ctx, dir, "buckets")
	press(t, ctx, kb.Tab)
	if at := focus(t, ctx); at != "Skip to the list" {
		t.Errorf("the first stop is %q", at)
	}
	tabTo(t, ctx, "photos-of-trips")
	picture(t, ctx, dir, "focus")
	follow(t, ctx, "bucket=photos-of-trips")
	picture(t, ctx, dir, "folder")
	for text, want := range map[string]string{"2025/": "folder", "letter.txt": "current", "plan.md": "hide marker", "film.mkv": "unfinished"} {
		if row := rowOf(t, ctx, text); !strings.Contains(row, want) {
			t.Errorf("the row of %s is %q, want %s in it", text, row, want)
		}
	}
	press(t, ctx, kb.ArrowDown)
	if at := focus(t, ctx); at != "2025/" {
		t.Errorf("the arrow goes to %q", at)
	}
	follow(t, ctx, "prefix=2025%2F")
	picture(t, ctx, dir, "versions")
	if row := rowOf(t, ctx, "notes.txt"); !strings.Contains(row, "current") {
		t.Errorf("the newest version is %q", row)
	}
	if row := rowOf(t, ctx, "older"); !strings.Contains(row, "notes.txt") {
		t.Errorf("the version before is %q", row)
	}
	tabTo(t, ctx, "photos-of-trips")
	follow(t, ctx, "bucket=photos-of-trips")
	// As one event, so that the page can keep the character from being typed.
	_, err = chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "/", Text: "/", WindowsVirtualKeyCode: 191})
	if err != nil {
		t.Fatal(err)
	}
	press(t, ctx, "plan")
	shown := ask(t, ctx, `[...document.querySelectorAll("#list tr:not([hidden]) td:first-child")].map(e => e.textContent).join()`)
	status := ask(t, ctx, `document.getElementById("count").textContent`)
	if shown != "plan.md,plan.md" || !strings.Contains(status, "2 of") {
		t.Errorf("the filter shows %q and says %q", shown, status)
	}
}

// furnish makes something to look at.
func (s server) furnish(t *testing.T) {
	env := []string{"HOME=" + t.TempDir(), "B2_ENVIRONMENT=" + s.url, "B2_APPLICATION_KEY_ID=" + s.keyID, "B2_APPLICATION_KEY=" + s.key}
	b2 := func(args ...string) string { return tool(t, env, binary, args...) }
	dir := t.TempDir()
	upload := func(name, content string) {
		write(t, dir, "f", []byte(content))
		b2("file", "upload", "--quiet", "photos-of-trips", filepath.Join(dir, "f"), name)
	}
	bucketID := strings.TrimSpace(b2("bucket", "create", "photos-of-trips", "allPrivate", "--file-lock-enabled"))
	b2("bucket", "create", "backups-jo", "allPrivate")
	b2("bucket", "create", "public-files", "allPublic")
	b2("key", "create", "--bucket", "photos-of-trips", "--name-prefix", "2025/", "reader", "listFiles,readFiles")
	b2("key", "create", "--duration", "86400", "nightly-backup", "listBuckets,listFiles,readFiles,writeFiles")
	upload("2025/notes.txt", "once")
	upload("2025/notes.txt", "twice")
	upload("2025/lake.jpg", strings.Repeat("picture", 50_000))
	upload("2025/map.svg", "<svg/>")
	upload("2026/tent.jpg", strings.Repeat("tent", 20_000))
	upload("letter.txt", "Dear all")
	upload("plan.md", "# Plan")
	b2("file", "hide", "b2://photos-of-trips/plan.md")
	s.start(t, bucketID, "film.mkv")
}

// start begins a large file that nobody finishes.
func (s server) start(t *testing.T, bucketID, name string) {
	call := func(base, auth, name string, request, answer any) {
		t.Helper()
		body, _ := json.Marshal(request)
		r, err := http.NewRequestWithContext(t.Context(), "POST", base+"/b2api/v3/"+name, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", auth)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(answer); err != nil || res.StatusCode != 200 {
			t.Fatal(name, res.Status, err)
		}
	}
	var account struct{ AuthorizationToken string }
	login := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.keyID+":"+s.key))
	call(s.url, login, "b2_authorize_account", struct{}{}, &account)
	call(s.url, account.AuthorizationToken, "b2_start_large_file",
		map[string]string{"bucketId": bucketID, "fileName": name, "contentType": "b2/x-auto"}, &struct{}{})
}

// openBrowser starts Chromium with one page.
func openBrowser(t *testing.T) context.Context {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.WindowSize(1200, 800), chromedp.Env("HOME="+t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute) // of all that it does
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

func do(t *testing.T, ctx context.Context, step chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, step); err != nil {
		t.Fatal(err)
	}
}

// ask is the value of a script's expression.
func ask(t *testing.T, ctx context.Context, expression string) string {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return text
}

func press(t *testing.T, ctx context.Context, keys string) {
	t.Helper()
	do(t, ctx, chromedp.KeyEvent(keys))
}

// focus is the text of what the keyboard is on.
func focus(t *testing.T, ctx context.Context) string {
	t.Helper()
	return ask(t, ctx, `document.activeElement.textContent.trim()`)
}

// tabTo presses Tab until it is on a link.
func tabTo(t *testing.T, ctx context.Context, text string) {
	t.Helper()
	for range 30 {
		press(t, ctx, kb.Tab)
		if focus(t, ctx) == text {
			return
		}
	}
	t.Fatalf("Tab does not come to %q", text)
}

// follow presses Enter on a link, which must lead to a page whose query has
// this in it.
func follow(t *testing.T, ctx context.Context, query string) {
	t.Helper()
	res, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(kb.Enter))
	if err != nil || !strings.Contains(res.URL, query) || res.Status != 200 {
		t.Fatalf("Enter led to %+v, %v; want %s", res, err, query)
	}
}

// rowOf is the first row of the list that has this text.
func rowOf(t *testing.T, ctx context.Context, text string) string {
	t.Helper()
	return ask(t, ctx, fmt.Sprintf(`[...document.querySelectorAll("#list tr")].map(e => e.innerText).find(e => e.includes(%q)) ?? ""`, text))
}

// picture keeps how the page looks, in light and in dark.
func picture(t *testing.T, ctx context.Context, dir, name string) {
	t.Helper()
	bright := map[string]float64{}
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-"+scheme+".png"), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		bright[scheme] = brightness(t, raw)
	}
	if bright["light"] < 0.8 || bright["dark"] > 0.3 {
		t.Errorf("%s: brightness %v", name, bright)
	}
}

// brightness is how bright a picture is on average, from 0 to 1.
func brightness(t *testing.T, raw []byte) float64 {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	grey, n := 0.0, 0.0
	box := picture.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			grey += float64(r+g+b) / (3 * 0xffff)
			n++
		}
	}
	return grey / n
}
