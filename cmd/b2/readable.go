package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bowline-sync/bowline/internal/ui"
)

// readable shows a tree of JSON for people: a line for each value, deeper
// levels indented, the id or name of an object first.
func readable(tree any) string {
	var b strings.Builder
	writeReadable(&b, tree, 0, false)
	return b.String()
}

// writeReadable writes a value. begun says that the line has begun already.
func writeReadable(b *strings.Builder, value any, indent int, begun bool) {
	margin := strings.Repeat(" ", indent)
	start := func(i int) {
		if i > 0 || !begun {
			b.WriteString(margin)
		}
	}
	switch v := value.(type) {
	case map[string]any:
		for i, key := range readableKeys(v) {
			start(i)
			b.WriteString(key + ": ")
			if nested(v[key]) {
				b.WriteByte('\n')
				writeReadable(b, v[key], indent+2, false)
			} else {
				writeReadable(b, v[key], 0, true)
			}
		}
	case []map[string]any:
		for i, item := range v {
			start(i)
			b.WriteString("- ")
			writeReadable(b, item, indent+2, true)
		}
	case []any:
		for i, item := range v {
			start(i)
			b.WriteString("- ")
			writeReadable(b, item, indent+2, true)
		}
	default:
		start(0)
		b.WriteString(readableWord(v) + "\n")
	}
}

func nested(value any) bool {
	switch value.(type) {
	case map[string]any, []any, []map[string]any:
		return true
	}
	return false
}

// readableKeys puts id and name first, then the others in order.
func readableKeys(m map[string]any) []string {
	rank := func(key string) int {
		switch strings.ToLower(key) {
		case "id":
			return 0
		case "name":
			return 1
		}
		return 2
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

// readableWord is a plain value. Strings that look like something else are in
// quotes.
func readableWord(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		word := ui.Escaped(v)
		switch strings.ToLower(word) {
		case "", "true", "false", "null", "yes", "no":
			return "'" + word + "'"
		}
		if strings.Trim(word, "0123456789") == "" {
			return "'" + word + "'"
		}
		return word
	}
	return fmt.Sprint(value)
}
