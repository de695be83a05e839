// Everything is defined: begin.

explanations();
({ run: runPage, compare: comparePage, sweep: sweepPage, validation: validationPage })[page.kind]();
