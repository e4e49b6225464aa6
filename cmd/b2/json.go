package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
)

// printJSON prints a value as the reference does: keys in order, four spaces
// for each level, and nothing but ASCII.
func printJSON(w io.Writer, value any) error {
	text, err := formatJSON(value)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func formatJSON(value any) ([]byte, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	// Through maps, which are printed in the order of their keys.
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(tree); err != nil {
		return nil, err
	}
	return toASCII(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}

// toASCII escapes what is not ASCII. Outside of strings JSON has nothing else.
func toASCII(text []byte) []byte {
	if bytes.IndexFunc(text, func(r rune) bool { return r > 0x7e }) < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/2)
	for _, r := range string(text) {
		switch {
		case r < 0x80:
			out = append(out, byte(r))
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}
