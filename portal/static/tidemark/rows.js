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

// Ticking rows: how many, said beside what can be done to them; with Shift, all between two.
let last = null;

function tell(results) {
  const count = results?.querySelectorAll(".pick:checked").length;
  const place = results?.querySelector(".bulk-count");
  if (place && count) place.textContent = count === 1 ? place.dataset.one : place.dataset.many.replace("#", count);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest(".pick");
  if (!box) return;
  const results = box.closest(".results");
  const boxes = [...results.querySelectorAll(".pick")];
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
  if (event.shiftKey && from >= 0) boxes.slice(from, to + 1).forEach((between) => (between.checked = box.checked));
  last = box;
  tell(results);
});
