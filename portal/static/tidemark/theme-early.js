// Runs before the first paint, so that a chosen theme does not flash the other one. theme.js has the rest.
try {
  const theme = localStorage.getItem("tidemark-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the page then follows the system.
}
