package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
)

// printReplication prints what was counted, with the columns that were asked
// for; nil is all.
func printReplication(w io.Writer, format string, reports []*replicationReport, columns []string) error {
	if columns == nil {
		columns = replicationColumns
	}
	switch format {
	case "json":
		return printJSON(w, replicationObjects(reports, columns))
	case "csv":
		return printReplicationCSV(w, reports, columns)
	}
	for _, report := range reports {
		table := [][]string{tableHeads(columns)}
		for _, state := range report.states {
			table = append(table, tableCells(report.values(state, columns)))
		}
		if _, err := fmt.Fprintf(w, "Replication %q:\n%s", report.rule, grid(table)); err != nil {
			return err
		}
	}
	return nil
}

// values are the columns of one state.
func (r *replicationReport) values(state replicationState, columns []string) []any {
	all := append(state[:], r.counts[state])
	values := make([]any, len(columns))
	for i, name := range columns {
		values[i] = all[slices.Index(replicationColumns, name)]
	}
	return values
}

// replicationObjects are the states as lists of objects, by the names of rules.
func replicationObjects(reports []*replicationReport, columns []string) map[string][]map[string]any {
	rules := map[string][]map[string]any{}
	for _, report := range reports {
		list := []map[string]any{}
		for _, state := range report.states {
			object := map[string]any{}
			for i, value := range report.values(state, columns) {
				object[columns[i]] = value
			}
			list = append(list, object)
		}
		rules[report.rule] = list
	}
	return rules
}

func printReplicationCSV(w io.Writer, reports []*replicationReport, columns []string) error {
	out := csv.NewWriter(w)
	headed := false
	for _, report := range reports {
		for _, state := range report.states {
			if !headed {
				headed = true
				if err := out.Write(append([]string{"rule name"}, tableHeads(columns)...)); err != nil {
					return err
				}
			}
			if err := out.Write(append([]string{report.rule}, tableCells(report.values(state, columns))...)); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// tableHeads are the names of columns with a word on each line, which keeps
// tables narrow.
func tableHeads(columns []string) []string {
	heads := make([]string, len(columns))
	for i, name := range columns {
		heads[i] = strings.ReplaceAll(name, "_", "\n")
	}
	return heads
}

func tableCells(values []any) []string {
	cells := make([]string, len(values))
	for i, value := range values {
		switch v := value.(type) {
		case nil:
		case bool:
			cells[i] = map[bool]string{true: "Yes", false: "No"}[v]
		default:
			cells[i] = fmt.Sprint(v)
		}
	}
	return cells
}

// grid draws a table; the first row is its head, whose cells may have several
// lines.
func grid(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			for line := range strings.SplitSeq(cell, "\n") {
				widths[i] = max(widths[i], len(line))
			}
		}
	}
	var b strings.Builder
	rule := func(line string) {
		for _, width := range widths {
			b.WriteString("+" + strings.Repeat(line, width+2))
		}
		b.WriteString("+\n")
	}
	rule("-")
	for r, row := range rows {
		height := 1
		for _, cell := range row {
			height = max(height, strings.Count(cell, "\n")+1)
		}
		for y := range height {
			for i, cell := range row {
				text := ""
				if lines := strings.Split(cell, "\n"); y < len(lines) {
					text = lines[y]
				}
				fmt.Fprintf(&b, "| %-*s ", widths[i], text)
			}
			b.WriteString("|\n")
		}
		if r == 0 {
			rule("=")
		} else {
			rule("-")
		}
	}
	return b.String()
}
