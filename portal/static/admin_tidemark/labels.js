// The boxes that select2 draws over a select say what they are for, as the select's label does.
const PARTS = ".select2-selection, .select2-selection__rendered[role], .select2-search__field";

const nameBoxes = () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const words = select.getAttribute("aria-label") || select.labels?.[0]?.textContent.trim();
    const box = select.nextElementSibling;
    if (!words || !box?.classList.contains("select2-container")) continue;
    for (const part of box.querySelectorAll(PARTS)) part.setAttribute("aria-label", words);
  }
};

// They are drawn when other scripts find the time, and again for every row that is added.
new MutationObserver(nameBoxes).observe(document.documentElement, { childList: true, subtree: true });
