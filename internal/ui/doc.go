// Package ui is what people and monitors read of a run.
//
// The engine reports events; every form that they take is a listener here, and
// all listeners are fed by the same events:
//
//	Text       action lines and warnings on standard output, errors on standard
//	           error, the verdict last; on a terminal with a status block
//	JSON       one object a line on standard output, nothing else
//	Metrics    a file for Prometheus' node exporter
//	Log        structured records for --log-file
//	Estimator  what a dry run would cost if it were done
//
// [Tee] joins several. The calls that a run makes are counted by a [Meter],
// which the client feeds, and [Verdict] makes one sentence of it all.
//
// The rules of speaking: standard output carries the list of actions, the
// WARNING lines, the NOTE lines and the verdict. Standard error carries ERROR
// lines and the status block, and stays empty when all went well on anything
// but a terminal, because monitors count on that.
package ui
