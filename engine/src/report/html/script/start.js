// Everything is defined: begin.

explanations();
({ run: runPage, compare: comparePage, sweep: sweepPage })[page.kind]();
