package ui

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Prices is what the service charges. What is not known for sure is nil, and
// what depends on it is shown as unpriced, never as free.
type Prices struct {
	Date     string `json:"date"`   // when the prices were looked up
	Source   string `json:"source"` // where
	Currency string `json:"currency"`
	Classes  struct {
		A *ClassPrice `json:"A"`
		B *ClassPrice `json:"B"`
		C *ClassPrice `json:"C"`
	} `json:"classes"`
	StoragePerGBMonth *float64 `json:"storagePerGBMonth"` // a GB is 1e9 bytes
	DownloadPerGB     *float64 `json:"downloadPerGB"`
}

// ClassPrice is the price of one class of calls.
type ClassPrice struct {
	Price      float64 `json:"price"`      // of Per calls
	Per        int64   `json:"per"`        // at least 1
	FreePerDay int64   `json:"freePerDay"` // calls that cost nothing each day, of the whole account
}

// Cost is what a number of calls costs. What is free each day is shared by all
// that the account does that day, so a run costs something from Least, when
// nothing else used the allowance, to Most, when it was used up.
type Cost struct {
	Least, Most float64
	Currency    string
	Unpriced    []string // what has no known price, in words
}

//go:embed prices.json
var pricesFile []byte

// DefaultPrices are the prices that the program was built with.
func DefaultPrices() *Prices {
	p, err := parsePrices(pricesFile)
	if err != nil {
		panic("prices.json: " + err.Error()) // a test reads the file
	}
	return p
}

// LoadPrices reads a price file: JSON of the same form as the built-in table.
// What it leaves out is unpriced.
func LoadPrices(file string) (*Prices, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p, err := parsePrices(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

func parsePrices(text []byte) (*Prices, error) {
	var p Prices
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, notPrices(err)
	}
	if p.Currency == "" {
		p.Currency = "USD"
	}
	for name, class := range p.byClass() {
		if class != nil && (class.Per < 1 || class.Price < 0 || class.FreePerDay < 0) {
			return nil, fmt.Errorf("class %s: a price needs a count of calls from 1 and no negative numbers", name)
		}
	}
	if p.StoragePerGBMonth != nil && *p.StoragePerGBMonth < 0 || p.DownloadPerGB != nil && *p.DownloadPerGB < 0 {
		return nil, fmt.Errorf("a price per GB cannot be negative")
	}
	return &p, nil
}

// notPrices says what is wrong with the JSON of a price file.
func notPrices(err error) error {
	kind, wrong := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case wrong && kind.Field == "":
		return fmt.Errorf("not a price file: it is a JSON %s, not an object", kind.Value)
	case wrong:
		return fmt.Errorf("not a price file: %s cannot be a JSON %s", kind.Field, kind.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not a price file: it ends too early")
	}
	return fmt.Errorf("not a price file: %s", strings.TrimPrefix(err.Error(), "json: "))
}

func (p *Prices) byClass() map[string]*ClassPrice {
	return map[string]*ClassPrice{"A": p.Classes.A, "B": p.Classes.B, "C": p.Classes.C}
}

// Of is the cost of calls and of downloading so many bytes.
func (p *Prices) Of(c Calls, downloaded int64) Cost {
	cost := Cost{Currency: p.Currency}
	for _, used := range []struct {
		name  string
		n     int64
		class *ClassPrice
	}{{"class A", c.A, p.Classes.A}, {"class B", c.B, p.Classes.B}, {"class C", c.C, p.Classes.C}} {
		switch {
		case used.n == 0:
		case used.class == nil:
			cost.Unpriced = append(cost.Unpriced, used.name)
		default:
			cost.Most += used.class.of(used.n)
			cost.Least += used.class.of(max(0, used.n-used.class.FreePerDay))
		}
	}
	switch {
	case downloaded == 0:
	case p.DownloadPerGB == nil:
		cost.Unpriced = append(cost.Unpriced, "download traffic")
	default:
		traffic := float64(downloaded) / 1e9 * *p.DownloadPerGB
		cost.Most += traffic
		cost.Least += traffic
	}
	return cost
}

// ClassBill is what the calls of one class cost.
type ClassBill struct {
	Class      string `json:"class"`
	Calls      int64  `json:"calls"`
	FreePerDay int64  `json:"freePerDay"`
	Cost       string `json:"cost"` // in words
}

// Bill is the cost of calls class by class, of the classes that were used.
func (p *Prices) Bill(c Calls) []ClassBill {
	var bill []ClassBill
	for _, one := range []struct {
		name  string
		calls Calls
		class *ClassPrice
	}{{"A", Calls{A: c.A}, p.Classes.A}, {"B", Calls{B: c.B}, p.Classes.B}, {"C", Calls{C: c.C}, p.Classes.C}} {
		line := ClassBill{Class: one.name, Calls: one.calls.A + one.calls.B + one.calls.C, Cost: "unpriced"}
		if line.Calls == 0 {
			continue
		}
		if one.class != nil {
			line.FreePerDay, line.Cost = one.class.FreePerDay, p.Of(one.calls, 0).String()
		}
		bill = append(bill, line)
	}
	return bill
}

func (c *ClassPrice) of(n int64) float64 { return float64(n) * c.Price / float64(c.Per) }

// String is the cost for people: "$0.00", "$0.00 to $0.02", with what is
// unpriced named.
func (c Cost) String() string {
	text := money(c.Least, c.Currency)
	if most := money(c.Most, c.Currency); most != text {
		text += " to " + most
	}
	for i, what := range c.Unpriced {
		if i == 0 {
			text += " ("
		} else {
			text += ", "
		}
		text += what
	}
	if len(c.Unpriced) > 0 {
		text += " unpriced)"
	}
	return text
}

func money(amount float64, currency string) string {
	text := strconv.FormatFloat(amount, 'f', 2, 64)
	if currency == "USD" {
		return "$" + text
	}
	return text + " " + currency
}
