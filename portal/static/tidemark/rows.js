// Rows of a table: groups fold. Without this script they stay open.

document.addEventListener("click", (event) => {
  const button = event.target.closest(".group-fold");
  if (!button) return;
  const isOpen = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(isOpen));
  for (const row of button.closest("tbody").rows) {
    if (!row.contains(button)) row.hidden = !isOpen;
  }
});
