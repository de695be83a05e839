// Everything is defined: begin.

explanations();
scrolls();
({ run: runPage, compare: comparePage, sweep: sweepPage, validation: validationPage })[page.kind]();
