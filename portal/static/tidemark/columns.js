// The menu of columns: find one, move one by a press or by dragging. Nothing is sent before Apply;
// without this, the arrows are buttons of the form.

const itemOf = (element) => element.closest(".columns-shown .columns-item[data-name]");

// What is said to those who do not see the list move.
function say(form, item) {
  const items = [...form.querySelectorAll(".columns-shown .columns-item[data-name]")];
  const words = form.dataset.moved
    .replace("{title}", item.dataset.name)
    .replace("{place}", items.indexOf(item) + 1)
    .replace("{count}", items.length);
  form.querySelector("[data-columns-said]").textContent = words;
}

function narrow(form, words) {
  const wanted = words.trim().toLowerCase();
  let found = 0;
  for (const group of form.querySelectorAll(".columns-group")) {
    let shown = 0;
    for (const item of group.querySelectorAll(".columns-item")) {
      const name = (item.dataset.name ?? "").toLowerCase();
      item.hidden = wanted !== "" && !name.includes(wanted);
      shown += item.hidden ? 0 : 1;
    }
    group.hidden = shown === 0;
    found += shown;
  }
  form.querySelector(".columns-none").hidden = found > 0;
}

function prepare(form) {
  form.querySelector(".columns-find").hidden = false;
  for (const item of form.querySelectorAll(".columns-shown .columns-item[data-name]")) {
    item.draggable = true;
  }
}

function prepareAll() {
  document.querySelectorAll("form[data-columns]").forEach(prepare);
}

document.addEventListener("input", (event) => {
  if (event.target.id === "columns-find") narrow(event.target.form, event.target.value);
});

document.addEventListener("keydown", (event) => {
  if (event.target.id === "columns-find" && event.key === "Enter") event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest(".columns-move");
  if (!button) return;
  event.preventDefault();
  const item = itemOf(button);
  if (button.name === "up" && itemOf(item.previousElementSibling)) item.previousElementSibling.before(item);
  if (button.name === "down") item.nextElementSibling?.after(item);
  button.focus();
  say(button.form, item);
});

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target instanceof Element ? itemOf(event.target) : null;
  if (!dragged) return;
  dragged.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const over = dragged && itemOf(event.target);
  if (!over || over === dragged) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  if (event.clientY < box.top + box.height / 2) over.before(dragged);
  else over.after(dragged);
});
document.addEventListener("drop", (event) => {
  if (dragged) event.preventDefault();
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("is-dragged");
  say(dragged.closest("form"), dragged);
  dragged = null;
});

document.addEventListener("htmx:afterSettle", prepareAll);
prepareAll();
