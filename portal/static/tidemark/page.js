// Small comforts; every page works without them.

// Ctrl-K, or a slash outside a field, goes to the search box.
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  const isPalette = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  if (!isPalette && (event.key !== "/" || isTyping)) return;
  event.preventDefault();
  document.getElementById("find")?.select();
});

// A menu closes on Escape and on a click elsewhere.
const menus = "details[data-menu][open]";
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(menus)) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(menus)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
