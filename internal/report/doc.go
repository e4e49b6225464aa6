// Package report makes the page that --report writes: what a run did, to look
// at in a browser.
//
// A [Collector] listens to the run and keeps sums, never lists that grow: a run
// of a million files makes a page as small as a run of a hundred. What it has
// gathered is [Data], which can be packed and kept, and [Data.WritePage] turns
// it into one HTML file that needs nothing else: styles, scripts and the chart
// library are inside, and the page forbids the browser to fetch anything. The
// tables can be read without script, and the page can be printed.
package report
