// Everything is defined: begin.

explanations();
runPage();
