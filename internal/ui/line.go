package ui

import (
	"strings"

	"github.com/bowline-sync/bowline/b2sync"
)

// appendAction appends the line of an action, without its line end, to the
// letter as the reference prints it: scripts read these lines. Names in upload,
// hide and delete lines are quoted, those in dnload and copy lines are not.
func appendAction(dst []byte, a b2sync.Action, escape bool) []byte {
	switch a.Kind {
	case b2sync.Upload:
		return appendName(append(dst, "upload "...), a.Name, escape, true)
	case b2sync.Download:
		return appendName(append(dst, "dnload "...), a.Name, escape, false)
	case b2sync.Copy:
		return appendName(append(dst, "copy "...), a.Name, escape, false)
	case b2sync.Hide:
		return appendName(append(dst, "hide   "...), a.Name, escape, true)
	case b2sync.Delete:
		dst = appendName(append(dst, "delete "...), a.Name, escape, true)
		return append(dst, deleteNote(a.Note)...)
	default: // kinds that the reference does not have
		dst = append(dst, a.Kind.String()...)
		return appendName(append(dst, "  "...), a.Name, escape, true)
	}
}

// deleteNote ends a delete line. The reference leaves a trailing space where a
// version in a bucket has no note, and none for a local file.
func deleteNote(n b2sync.Note) string {
	switch n {
	case b2sync.NoteOldVersion:
		return " (old version)"
	case b2sync.NoteHideMarker:
		return " (hide marker)"
	case b2sync.NoteLocal:
		return ""
	default:
		return " "
	}
}

// failure is one thing that went wrong, in words: what was tried and why it
// failed.
func failure(a b2sync.Action, why string) string {
	what := string(appendAction(nil, a, true))
	return strings.TrimRight(what, " ") + ": " + escaped(why, true)
}

// problem is one name that could not be dealt with, in words. Many errors name
// the file themselves; the others get the path in front.
func problem(p b2sync.Problem, text string, escape bool) string {
	where := p.Path
	if where == "" {
		where = p.Name
	}
	if p.Warning {
		return warning(where, text, escape)
	}
	if strings.Contains(text, where) || p.Name != "" && strings.Contains(text, p.Name) {
		return escaped(text, escape)
	}
	return escaped(where+": "+text, escape)
}

// warning begins with the path, quoted as in the lines of uploads, and goes on
// with what is the matter.
func warning(path, text string, escape bool) string {
	text = strings.TrimPrefix(strings.TrimPrefix(text, path), " ")
	return string(appendEscaped(append(appendName(nil, path, escape, true), ' '), text, escape))
}
