package b2test

import (
	"image"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPageInABrowser opens the server's page in headless Chromium. The
// pictures are kept with -artifacts.
func TestPageInABrowser(t *testing.T) {
	const browser = "/usr/bin/chromium"
	if testing.Short() {
		t.Skip("starts a browser")
	}
	if _, err := os.Stat(browser); err != nil {
		t.Skipf("there is no %s", browser)
	}
	_, a := open(t)
	b := a.bucket(t, object{"fileLockEnabled": true})
	b.upload(t, "docs/letter.txt", "once")
	b.upload(t, "docs/letter.txt", "twice")
	kept := b.upload(t, "kept", "x", "X-Bz-File-Legal-Hold", "on").str("fileId")
	defer func() { // so that the bucket can be removed
		a.call(t, "b2_update_file_legal_hold", object{"fileName": "kept", "fileId": kept, "legalHold": "off"}).ok(t)
	}()
	b.upload(t, "gone", "x")
	b.hide(t, "gone").ok(t)
	b.start(t, "film.mkv")

	base, err := url.Parse(a.url)
	if err != nil {
		t.Fatal(err)
	}
	base.User, base.Path = url.UserPassword(a.keyID, a.key), "/"
	home, dir := t.TempDir(), t.ArtifactDir()
	visit := func(query string, args ...string) string {
		t.Helper()
		at := *base
		at.RawQuery = query
		cmd := exec.CommandContext(t.Context(), browser, append([]string{"--headless=new", "--no-sandbox", "--disable-gpu",
			"--no-first-run", "--disable-background-networking", "--hide-scrollbars", "--user-data-dir=" + home, "--window-size=1200,800"},
			append(args, at.String())...)...)
		cmd.Env = append(os.Environ(), "HOME="+home)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("chromium %q: %v", query, err)
		}
		return string(out)
	}
	folder := "bucket=" + b.name
	if dom := visit(folder, "--dump-dom"); !strings.Contains(dom, "docs/") || !strings.Contains(dom, "hide marker") {
		t.Errorf("the page shows\n%.2000s", dom)
	}
	for name, query := range map[string]string{"buckets": "", "folder": folder, "versions": folder + "&prefix=docs/"} {
		light, dark := filepath.Join(dir, name+"-light.png"), filepath.Join(dir, name+"-dark.png")
		visit(query, "--screenshot="+light)
		visit(query, "--screenshot="+dark, "--blink-settings=preferredColorScheme=0")
		if l, d := brightness(t, light), brightness(t, dark); l < 0.8 || d > 0.3 {
			t.Errorf("%s: brightness %.2f in light, %.2f in dark", name, l, d)
		}
	}
}

// brightness is how bright a picture is on average, from 0 to 1.
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
	grey, n := 0.0, 0.0
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			at := picture.Bounds().Min.Add(image.Pt(x, y))
			r, g, b, _ := picture.At(at.X, at.Y).RGBA()
			grey += float64(r+g+b) / (3 * 0xffff)
			n++
		}
	}
	return grey / n
}
