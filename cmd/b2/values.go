package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2sync"
)

// Values of options that are more than text. An error that Set returns is
// printed behind the option's name (usage.go), in the words of the reference.

// choice is one of a few words.
type choice struct {
	value   string
	allowed []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.allowed, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return invalidChoice(s, c.allowed)
	}
	c.value = s
	return nil
}

// invalidChoice is the error for a word that is none of a few.
func invalidChoice(s string, allowed []string) error {
	quoted := make([]string, len(allowed))
	for i, word := range allowed {
		quoted[i] = "'" + word + "'"
	}
	return fmt.Errorf("invalid choice: '%s' (choose from %s)", s, strings.Join(quoted, ", "))
}

// addChoice adds an option that is one of a few words.
func addChoice(flags *pflag.FlagSet, name, value, usage string, allowed ...string) *string {
	c := &choice{value, allowed}
	flags.Var(c, name, usage)
	return &c.value
}

// number is a whole number, with Python's idea of what one looks like.
type number struct {
	value int64
	set   bool
}

func (n *number) String() string {
	if !n.set {
		return ""
	}
	return strconv.FormatInt(n.value, 10)
}
func (n *number) Type() string { return "int" }

func (n *number) Set(s string) error {
	value, err := strconv.ParseInt(withoutUnderscores(s), 10, 64)
	if err != nil {
		return fmt.Errorf("invalid int value: '%s'", s)
	}
	n.value, n.set = value, true
	return nil
}

// withoutUnderscores is a number without the space around it and without the
// underscores that Python allows between two digits. Any other underscore stays,
// so that it is no number.
func withoutUnderscores(s string) string {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	var out []byte
	for s, i := strings.TrimSpace(s), 0; i < len(s); i++ {
		if s[i] == '_' && i > 0 && i+1 < len(s) && digit(s[i-1]) && digit(s[i+1]) {
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

// within refuses a number that was given and is not from 1 to most.
func (n *number) within(option string, most int64) error {
	if n.set && (n.value < 1 || n.value > most) {
		return fmt.Errorf("--%s %d: must be from 1 to %d", option, n.value, most)
	}
	return nil
}

// period is a length of time: Go's notation, and days.
type period struct{ time.Duration }

func (p *period) String() string {
	if p.Duration == 0 {
		return ""
	}
	return p.Duration.String()
}
func (p *period) Type() string { return "duration" }

func (p *period) Set(s string) error {
	const day = 24 * time.Hour
	days, rest, found := strings.Cut(s, "d")
	if !found {
		days, rest = "0", s
	} else if rest == "" {
		rest = "0s"
	}
	n, err := strconv.ParseUint(days, 10, 16)
	d, restErr := time.ParseDuration(rest)
	if err != nil || restErr != nil || d < 0 || d > math.MaxInt64-time.Duration(n)*day || time.Duration(n)*day+d == 0 {
		return fmt.Errorf("'%s' is not a time such as 30s, 2h30m or 1d", s)
	}
	p.Duration = time.Duration(n)*day + d
	return nil
}

// numberOrAuto is a whole number, or the word auto.
type numberOrAuto struct {
	number
	auto bool
}

func (n *numberOrAuto) String() string {
	if n.auto {
		return "auto"
	}
	return n.number.String()
}

func (n *numberOrAuto) Set(s string) error {
	if s == "auto" {
		*n = numberOrAuto{auto: true, number: number{set: true}}
		return nil
	}
	n.auto = false
	return n.number.Set(s)
}

// decimal is a number with a fraction, with Python's idea of what one looks
// like: "1_000", "1e3" and "inf" are some, "0x10" is none.
type decimal struct {
	value float64
	set   bool
}

func (d *decimal) String() string {
	if !d.set {
		return ""
	}
	return strconv.FormatFloat(d.value, 'g', -1, 64)
}
func (d *decimal) Type() string { return "float" }

func (d *decimal) Set(s string) error {
	text := withoutUnderscores(s)
	value, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.ContainsAny(text, "xX_") {
		return fmt.Errorf("invalid float value: '%s'", s)
	}
	d.value, d.set = value, true
	return nil
}

// timestamp is a point in time in ms since the epoch.
type timestamp struct {
	millis int64
	set    bool
}

func (t *timestamp) String() string {
	if !t.set {
		return ""
	}
	return strconv.FormatInt(t.millis, 10)
}
func (t *timestamp) Type() string { return "timestamp" }

func (t *timestamp) Set(s string) error {
	millis, err := b2sync.ParseTimestamp(s)
	if err != nil {
		return fmt.Errorf("invalid parse_millis_from_float_timestamp value: '%s'", s)
	}
	t.millis, t.set = millis, true
	return nil
}

// limit is the time as a limit; nil if the option was not given.
func (t *timestamp) limit() *int64 {
	if !t.set {
		return nil
	}
	return &t.millis
}

// jsonValue is any JSON, kept as it came.
type jsonValue struct{ raw json.RawMessage }

func (j *jsonValue) String() string { return string(j.raw) }
func (j *jsonValue) Type() string   { return "json" }

func (j *jsonValue) Set(s string) error {
	if !json.Valid([]byte(s)) {
		return fmt.Errorf("'%s' is not a valid JSON value", s)
	}
	j.raw = json.RawMessage(s)
	return nil
}

// decode reads the JSON into target, if the option was given.
func (j *jsonValue) decode(option string, target any) error {
	if j.raw == nil {
		return nil
	}
	if err := json.Unmarshal(j.raw, target); err != nil {
		return fmt.Errorf("%s: %s", option, jsonTrouble(err))
	}
	return nil
}

// jsonTrouble is what is wrong with JSON, without the names of our types.
func jsonTrouble(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return "a JSON " + wrong.Value + " is not what is expected"
		}
		return fmt.Sprintf("%q cannot be a JSON %s", wrong.Field, wrong.Value)
	}
	return err.Error()
}

// parseBytes reads an amount of data: a number, with K, M, G or T behind it for powers
// of 1,024, as in other tools' limits.
func parseBytes(s string) (int64, error) {
	digits := strings.TrimRight(s, "kKmMgGtTiIbB")
	unit := strings.ToUpper(strings.TrimRight(strings.ToUpper(s[len(digits):]), "IB"))
	value, err := strconv.ParseFloat(digits, 64)
	shift, known := map[string]uint{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[unit]
	if err != nil || !known || !(value >= 0) || value > 1<<62/float64(int64(1)<<shift) {
		return 0, fmt.Errorf("'%s' is not an amount of data such as 500K, 10M or 1.5G", s)
	}
	return int64(value * float64(int64(1)<<shift)), nil
}

// bandwidth is a bytes-per-second option: RATE for both ways, or UP:DOWN.
type bandwidth struct{ up, down int64 }

func (b *bandwidth) String() string {
	if b.up == 0 && b.down == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d", b.up, b.down)
}
func (b *bandwidth) Type() string { return "rate" }

func (b *bandwidth) Set(s string) error {
	up, down, both := strings.Cut(s, ":")
	if !both {
		down = up
	}
	var err error
	if b.up, err = parseBytes(up); err != nil {
		return err
	}
	b.down, err = parseBytes(down)
	return err
}

// limit is N or N%.
type limit struct{ value *b2sync.Limit }

func (l *limit) String() string {
	if l.value == nil {
		return ""
	}
	return l.value.String()
}
func (l *limit) Type() string { return "limit" }

func (l *limit) Set(s string) error {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		percent, err := strconv.ParseFloat(share, 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return fmt.Errorf("'%s' is not a share from 0%% to 100%%", s)
		}
		l.value = &b2sync.Limit{Percent: percent, Share: true}
		return nil
	}
	names, err := strconv.ParseInt(s, 10, 64)
	if err != nil || names < 0 {
		return fmt.Errorf("'%s' is neither a number of names nor a share such as 10%%", s)
	}
	l.value = &b2sync.Limit{Names: names}
	return nil
}

// ordered are two options that are kept in one list, because the order between
// them counts.
type ordered struct {
	list *[]b2sync.Glob
	sign bool // include
}

func (o *ordered) String() string { return "" }
func (o *ordered) Type() string   { return "pattern" }

func (o *ordered) Set(s string) error {
	*o.list = append(*o.list, b2sync.Glob{Include: o.sign, Pattern: s})
	return nil
}

// GetSlice are the patterns that were given with this option.
func (o *ordered) GetSlice() []string {
	var patterns []string
	for _, glob := range *o.list {
		if glob.Include == o.sign {
			patterns = append(patterns, glob.Pattern)
		}
	}
	return patterns
}
