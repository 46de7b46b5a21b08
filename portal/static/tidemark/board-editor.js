// Dragging widgets in the editor of a dashboard. The buttons do all of it without this script.

let dragged = null;

const editor = () => document.getElementById("editor");
const over = (event, selector) => event.target.closest?.(selector);

function clear() {
  for (const name of ["is-over", "is-before", "is-behind"]) {
    for (const element of document.querySelectorAll(`.${name}`)) element.classList.remove(name);
  }
}

// The left half of a widget means before it, the right half behind it.
function side(widget, event) {
  const box = widget.getBoundingClientRect();
  return event.clientX < box.left + box.width / 2 ? 0 : 1;
}

function send(act) {
  const button = editor().querySelector("[data-drop]");
  button.value = `${act} ${dragged.dataset.id}`;
  button.click();
}

document.addEventListener("dragstart", (event) => {
  const grip = over(event, ".edit-grip");
  if (!grip) return;
  dragged = grip.closest(".edit-widget");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.id);
  event.dataTransfer.setDragImage(dragged, 20, 20);
  dragged.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  if (!dragged) return;
  clear();
  const gap = over(event, ".edit-gap");
  const widget = over(event, ".edit-widget");
  if (!gap && (!widget || widget === dragged)) return;
  event.preventDefault();
  if (gap) gap.classList.add("is-over");
  else widget.classList.add(side(widget, event) ? "is-behind" : "is-before");
});

document.addEventListener("drop", (event) => {
  if (!dragged) return;
  const gap = over(event, ".edit-gap");
  const widget = over(event, ".edit-widget");
  if (!gap && (!widget || widget === dragged)) return;
  event.preventDefault();
  if (gap) return send(`insert:${gap.dataset.row}`);
  const [row, place] = widget.dataset.place.split(".").map(Number);
  send(`place:${row}.${place + side(widget, event)}`);
});

document.addEventListener("dragend", () => {
  clear();
  dragged?.classList.remove("is-dragged");
  dragged = null;
});

// What was moved keeps the focus: on its button where it is still there, else on the widget.
document.addEventListener("htmx:afterSettle", () => {
  const place = editor()?.dataset.focus;
  if (!place || (document.activeElement !== document.body && document.activeElement)) return;
  const target = document.getElementById(place);
  target?.focus({ preventScroll: true });
  target?.scrollIntoView({ block: "nearest" });
});
