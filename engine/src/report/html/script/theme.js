// Light or dark: what the system says, until the reader chooses; the choice is kept where it can be.

function theme(repaint) {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const apply = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Switch to light colours" : "Switch to dark colours");
    inks.clear();
    repaint();
  };
  try {
    const kept = localStorage.getItem("algo-trader-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch {
    // A page from a file may have no storage; then the choice lasts as long as the page.
  }
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("algo-trader-theme", root.dataset.theme);
    } catch {
      // As above.
    }
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}

/** Explanations can be sent away without moving the pointer. */
function explanations() {
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && document.activeElement?.classList.contains("term")) document.activeElement.blur();
  });
}
