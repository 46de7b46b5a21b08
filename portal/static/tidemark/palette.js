// The search box finds as you type. Without this script, it still searches.

const box = document.getElementById("find");
const list = document.getElementById("palette");
let waiting = 0;
let asked = "";

const hits = () => [...list.querySelectorAll(".palette-hit")];
const chosen = () => list.querySelector('[aria-selected="true"]');

function choose(hit) {
  chosen()?.removeAttribute("aria-selected");
  hit?.setAttribute("aria-selected", "true");
  hit?.scrollIntoView({ block: "nearest" });
  if (hit) box.setAttribute("aria-activedescendant", hit.id);
  else box.removeAttribute("aria-activedescendant");
}

function show(isShown) {
  list.hidden = !isShown;
  box.setAttribute("aria-expanded", String(isShown));
  if (!isShown) choose(null);
}

async function ask() {
  const words = box.value.trim();
  asked = words;
  if (!words) return show(false);
  const answer = await fetch(`${list.dataset.address}?q=${encodeURIComponent(words)}`, {
    headers: { "X-Requested-With": "palette" },
  }).catch(() => null);
  // A slow answer to what is no longer asked would replace a newer one.
  if (!answer?.ok || answer.redirected || asked !== words) return;
  list.innerHTML = await answer.text();
  choose(hits()[0]);
  show(hits().length > 0 && document.activeElement === box);
}

if (box && list) {
  const attributes = {
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": "palette",
    "aria-expanded": "false",
  };
  for (const [name, value] of Object.entries(attributes)) box.setAttribute(name, value);
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 90);
  });
  box.addEventListener("focus", () => box.value && ask());
  box.addEventListener("blur", () => setTimeout(() => show(false), 150));
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const all = hits();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all[(at - 1 + all.length) % all.length]);
    else if (event.key === "Escape") show(false);
    else if (event.key === "Enter" && chosen()) window.location.assign(chosen().href);
    else return;
    event.preventDefault();
  });
}
