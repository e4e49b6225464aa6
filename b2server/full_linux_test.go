package b2server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A disk that is really full, wherever that strikes: contents, journal or
// index. Every upload is an answer, those that were taken are there, also
// after a crash, and with space, which can be made by removing files, the store
// goes on.
func TestRealDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a small disk cannot be made here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	d := openDisk(t, dir)
	d.index.journal.room = 64 << 10
	s, _, _, path, auth := hostileServer(t, d)
	content := func(i int) string { return strings.Repeat(fmt.Sprint(i), 200+i%5*1000) } // inline and not
	var taken []int
	refused := 0
	for i := 0; refused < 20 && i < 5000; i++ {
		switch code := uploadHere(s, path, auth, fmt.Sprint(i), content(i)); code {
		case http.StatusOK:
			taken = append(taken, i)
		case http.StatusServiceUnavailable:
			refused++
		default:
			t.Fatalf("upload %d: %d", i, code)
		}
	}
	if refused == 0 || len(taken) < 100 {
		t.Fatalf("%d taken, %d refused", len(taken), refused)
	}
	taken = slices.DeleteFunc(taken, func(i int) bool {
		if len(content(i)) <= maxInline {
			return false
		}
		_, err := s.remove(func(tx Tx) (*version, error) { return current(tx, []byte(strings.Repeat("\xab", 12)), fmt.Sprint(i)) })
		if err != nil {
			t.Errorf("removing %d from the full disk: %v", i, err)
		}
		return err == nil
	})
	if code := uploadHere(s, path, auth, "with space", "x"); code != http.StatusOK {
		t.Errorf("an upload when there is space again: %d", code)
	}
	abandon(d)
	again := openDisk(t, dir)
	if lost, err := again.dropLost(); lost != 0 || err != nil {
		t.Errorf("%d versions have lost their content, %v", lost, err)
	}
	for _, i := range taken {
		if err := again.View(func(tx Tx) error {
			v, err := current(tx, []byte(strings.Repeat("\xab", 12)), fmt.Sprint(i))
			if v == nil || v.Size != int64(len(content(i))) {
				t.Errorf("%d was taken and is %v, %v", i, v, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
