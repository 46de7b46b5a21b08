// Levels that are typed, renamed or removed on a scorecard's form show at once in the rules' choices.
"use strict";
{
  // The first level is where every entity starts; it owns no rules.
  const titles = () => allTitles().slice(1);

  const allTitles = () =>
    [...document.querySelectorAll("#levels-group .form-group:not(.empty-form) .tm-level-title")]
      .filter((input) => !input.closest(".form-group").querySelector("input.delete:checked"))
      .map((input) => input.value.trim())
      .filter(Boolean);

  /** Offer the levels in every rule; a choice that was renamed follows, one that is gone stays to be seen. */
  function offer(renamed = {}) {
    const known = titles();
    for (const select of document.querySelectorAll("select.tm-level-choice")) {
      const chosen = renamed[select.value] || select.value;
      const shown = chosen && !known.includes(chosen) ? [...known, chosen] : known;
      select.replaceChildren(new Option("Choose a level", ""), ...shown.map((title) => new Option(title, title)));
      select.value = chosen;
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const before = new WeakMap();
    const remember = () =>
      document.querySelectorAll(".tm-level-title").forEach((input) => before.set(input, input.value.trim()));
    remember();
    document.addEventListener("input", (event) => {
      if (!event.target.classList.contains("tm-level-title")) return;
      const old = before.get(event.target);
      const now = event.target.value.trim();
      if (!now) return;
      offer(old && !titles().includes(old) ? { [old]: now } : {});
      before.set(event.target, now);
    });
    document.addEventListener("change", (event) => {
      if (event.target.classList.contains("delete")) offer();
    });
    document.addEventListener("formset:added", () => offer());
    document.addEventListener("formset:removed", () => offer());
  });
}
