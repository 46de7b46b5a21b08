// Conditions in forms: adds and removes rows, offers the operators that suit a property, and keeps
// rows and JSON in step. The server reads the side named in the hidden "edited" field, by its own
// rules; what this script writes on the other side is what people see, not what is trusted.
"use strict";
{
  const RELATION = "relation#";
  let data = { subjects: {}, groups: [], operators: [], presets: {} };
  const operators = new Map();

  const chosenBlueprints = () =>
    [...document.querySelectorAll("input[name=blueprints]:checked")].map((input) => input.value);

  /** Return what conditions can be about, by key: of the ticked blueprints, or of all. */
  function subjects() {
    const chosen = chosenBlueprints();
    const names = chosen.length ? chosen : Object.keys(data.subjects);
    const found = new Map();
    for (const name of names) {
      for (const subject of data.subjects[name] || []) {
        const known = found.get(subject.key);
        if (!known) found.set(subject.key, subject);
        else if (known.type !== subject.type) found.set(subject.key, { ...known, type: null, item: null });
      }
    }
    return found;
  }

  // Values -------------------------------------------------------------------------------------

  const scalarType = (subject) =>
    !subject || subject.type === "object" ? null : subject.type === "array" ? subject.item : subject.type;

  function guess(text) {
    try {
      const value = JSON.parse(text);
      return ["number", "boolean", "string"].includes(typeof value) ? value : text;
    } catch {
      return text;
    }
  }

  function scalar(text, type) {
    if (type === "string" || type === "date-time") return text;
    if (type === "boolean") return { true: true, yes: true, false: false, no: false }[text.toLowerCase()] ?? text;
    return guess(text);
  }

  function list(text, type) {
    if (text.startsWith("[")) return guessJson(text);
    return text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => scalar(part, type));
  }

  function guessJson(text) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  function readValue(text, operand, subject) {
    const type = scalarType(subject);
    const mayBeDate = !subject || subject.type === null || subject.type === "date-time";
    if (text in data.presets && mayBeDate && ["range", "value"].includes(operand)) return { preset: text };
    if (operand === "text") return text;
    if (operand === "list") return list(text, type);
    if (operand === "range") {
      const [from, to] = text.split(",").map((part) => scalar(part.trim(), type));
      return { from, to };
    }
    if (operand === "value" && subject?.type === "array") return list(text, type);
    if (operand === "value" && subject?.type === "object") return guessJson(text);
    return scalar(text, type);
  }

  function writeValue(value, type) {
    if (Array.isArray(value)) {
      const plain = value.map((item) => writeValue(item, type)).join(", ");
      return plain && same(list(plain, type), value) ? plain : JSON.stringify(value);
    }
    if (value !== null && typeof value === "object") {
      if ("preset" in value) return String(value.preset);
      if ("from" in value && "to" in value) return `${writeValue(value.from, type)}, ${writeValue(value.to, type)}`;
    }
    if (typeof value === "string") return type !== null || guess(value) === value ? value : JSON.stringify(value);
    return JSON.stringify(value);
  }

  const same = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

  function sorted(value) {
    if (Array.isArray(value)) return value.map(sorted);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
  }

  // One condition field ------------------------------------------------------------------------

  class Condition {
    constructor(root) {
      this.root = root;
      this.rows = root.querySelector(".tm-condition-rows");
      this.note = root.querySelector(".tm-condition-note");
      this.json = root.querySelector(".tm-condition-json textarea");
      this.template = root.querySelector("template");
      this.addButton = root.querySelector(".tm-condition-add");
      // Names are read from the page: a form that was added has got its number by now.
      this.edited = root.querySelector("input[type=hidden][name$='-edited']");
      this.addButton.hidden = this.isJsonOnly;
      this.addButton.addEventListener("click", () => this.add().querySelector("select").focus());
      this.rows.addEventListener("input", (event) => this.rowsEdited(event.target));
      this.rows.addEventListener("click", (event) => this.maybeRemove(event.target));
      this.json.addEventListener("input", () => this.jsonEdited());
      // Blank rows are for pages without script; here there is a button.
      this.all().filter((row) => !this.key(row)).slice(this.all().some((row) => this.key(row)) ? 0 : 1).forEach((row) => row.remove());
      this.refresh();
    }

    get isJsonOnly() {
      return this.rows.hidden;
    }

    all() {
      return [...this.rows.querySelectorAll(".tm-condition-row")];
    }

    part(row, name) {
      return row.querySelector(`[name$='-${name}']`);
    }

    key(row) {
      return this.part(row, "property").value;
    }

    add(key = "", operator = "", text = "") {
      const piece = this.template.content.cloneNode(true);
      if (!this.rows.querySelector(".tm-condition-combinator")) {
        this.rows.append(piece.querySelector(".tm-condition-combinator"));
      }
      const row = piece.querySelector(".tm-condition-row");
      this.rows.append(row);
      this.fill(row, key, operator, text);
      return row;
    }

    fill(row, key, operator, text) {
      this.offerSubjects(row, subjects());
      const property = this.part(row, "property");
      if (key && ![...property.options].some((option) => option.value === key)) property.add(new Option(key, key));
      property.value = key;
      if (operator) this.part(row, "operator").value = operator;
      this.part(row, "value").value = text;
      this.offerOperators(row, subjects());
    }

    maybeRemove(target) {
      if (!target.classList.contains("tm-condition-remove")) return;
      target.closest(".tm-condition-row").remove();
      if (!this.all().length) this.add();
      this.rowsEdited(null);
    }

    /** Offer what the ticked blueprints have, and operators that suit. */
    refresh() {
      const known = subjects();
      for (const row of this.all()) {
        this.offerSubjects(row, known);
        this.offerOperators(row, known);
        row.querySelector(".tm-condition-remove").hidden = false;
      }
    }

    offerSubjects(row, known) {
      const select = this.part(row, "property");
      const chosen = select.value;
      const groups = data.groups.map((name) => [name, [...known.values()].filter((item) => item.group === name)]);
      select.replaceChildren(new Option("Choose a property", ""));
      for (const [name, items] of groups.filter(([, items]) => items.length)) {
        const group = document.createElement("optgroup");
        group.label = name;
        group.append(...items.map((item) => new Option(item.title, item.key)));
        select.append(group);
      }
      if (chosen && !known.has(chosen)) select.add(new Option(`${chosen} (not there)`, chosen));
      select.value = chosen;
      row.querySelector(".tm-condition-remove").hidden = false;
    }

    offerOperators(row, known) {
      const subject = known.get(this.key(row));
      const select = this.part(row, "operator");
      for (const option of select.options) {
        const suits = !subject?.type || operators.get(option.value).types.includes(subject.type);
        // What is chosen stays on offer: it may have been chosen on purpose.
        option.hidden = option.disabled = !suits && !option.selected;
      }
      this.showValue(row, subject);
    }

    showValue(row, subject) {
      const { operand } = operators.get(this.part(row, "operator").value);
      const input = this.part(row, "value");
      const type = scalarType(subject);
      input.classList.toggle("tm-hidden", operand === "none");
      const takesPreset = operand === "range" && subject?.type !== "number";
      if (takesPreset) input.setAttribute("list", "tidemark-presets");
      else input.removeAttribute("list");
      const hint = { number: "a number", boolean: "true or false", "date-time": "2026-01-31" }[type] || "value";
      input.placeholder =
        operand === "list" ? "one, another" : operand === "range" ? (takesPreset ? "lastMonth, or from, to" : "from, to") : hint;
    }

    rowsEdited(target) {
      const row = target?.closest(".tm-condition-row");
      if (row && target === this.part(row, "property")) this.propertyChosen(row);
      if (row && target === this.part(row, "operator")) this.showValue(row, subjects().get(this.key(row)));
      this.edited.value = "rows";
      const document = this.document();
      this.json.value = document ? JSON.stringify(document, null, 2) : "";
    }

    propertyChosen(row) {
      const known = subjects();
      const select = this.part(row, "operator");
      const type = known.get(this.key(row))?.type;
      if (type && !operators.get(select.value).types.includes(type)) {
        select.value = data.operators.find((operator) => operator.types.includes(type)).token;
      }
      this.offerOperators(row, known);
    }

    document() {
      const known = subjects();
      const conditions = this.all().filter((row) => this.key(row)).map((row) => this.leaf(row, known));
      const combinator = this.rows.querySelector("[name$='-combinator']")?.value || "and";
      return conditions.length ? { combinator, conditions } : null;
    }

    leaf(row, known) {
      const key = this.key(row);
      const operator = this.part(row, "operator").value;
      const leaf = key.startsWith(RELATION)
        ? { relation: key.slice(RELATION.length), operator }
        : { property: key, operator };
      const { operand } = operators.get(operator);
      if (operand !== "none") leaf.value = readValue(this.part(row, "value").value.trim(), operand, known.get(key));
      return leaf;
    }

    jsonEdited() {
      this.edited.value = "json";
      let document;
      try {
        document = this.json.value.trim() ? JSON.parse(this.json.value) : null;
      } catch {
        return;
      }
      const rows = this.rowsOf(document);
      this.rows.hidden = this.addButton.hidden = rows === null;
      this.note.hidden = rows !== null;
      if (rows === null) return;
      this.all().forEach((row) => row.remove());
      for (const row of rows.length ? rows : [["", "", ""]]) this.add(...row);
      this.rows.querySelector("[name$='-combinator']").value = document?.combinator || "and";
    }

    /** Return the rows that say the same as a document, or null where rows cannot. */
    rowsOf(document) {
      if (document === null) return [];
      const leaves = document?.conditions || document?.rules;
      if (!Array.isArray(leaves) || !["and", "or"].includes(document.combinator)) return null;
      const known = subjects();
      const rows = [];
      for (const leaf of leaves) {
        const key = leaf?.relation ? RELATION + leaf.relation : leaf?.property;
        const operator = operators.get(leaf?.operator);
        if (typeof key !== "string" || !operator || "combinator" in leaf || "not" in leaf) return null;
        const text = "value" in leaf ? writeValue(leaf.value, scalarType(known.get(key))) : "";
        if ("value" in leaf && !same(readValue(text, operator.operand, known.get(key)), leaf.value)) return null;
        rows.push([key, leaf.operator, text]);
      }
      return rows;
    }
  }

  // The page -----------------------------------------------------------------------------------

  const wired = new Map();

  function wire(place) {
    for (const root of place.querySelectorAll(".tm-condition")) {
      if (!root.dataset.name.includes("__prefix__") && !wired.has(root)) wired.set(root, new Condition(root));
    }
  }

  /** Give the choosers of a form that was just added their search. */
  function wireChoosers(place) {
    if (window.django?.jQuery?.fn.select2) window.django.jQuery(place).find(".unfold-admin-autocomplete").djangoCustomSelect2();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const element = document.getElementById("tidemark-conditions");
    if (!element) return;
    data = JSON.parse(element.textContent);
    data.operators.forEach((operator) => operators.set(operator.token, operator));
    wire(document);
    document.addEventListener("formset:added", (event) => {
      wire(event.target);
      wireChoosers(event.target);
    });
    document.addEventListener("change", (event) => {
      if (event.target.name === "blueprints") wired.forEach((condition) => condition.refresh());
    });
  });
}
