// Everything is defined: begin.

explanations();
if (page.kind === "compare") comparePage();
else runPage();
