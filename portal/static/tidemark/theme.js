// The choice between light, dark and the system's own. Without script the system decides.
const KEY = "tidemark-theme";
const root = document.documentElement;

function current() {
  return root.dataset.theme ?? "system";
}

function choose(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

for (const group of document.querySelectorAll("[data-theme-choice]")) {
  const buttons = [...group.querySelectorAll("button")];
  const mark = () => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.value === current())));
  buttons.forEach((button) => button.addEventListener("click", () => { choose(button.value); mark(); }));
  mark();
  group.hidden = false;
}
