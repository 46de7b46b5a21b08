// The filter builder: offers the operators that suit a property and a field that suits both, adds
// and removes rows. What a field says is written into the plain text field of the row, which is the
// one that is sent; the server alone reads it. What suits what stands in the first row's options.

// What people ask first of lists and dates; of all else, whether it is something.
const USUAL = { array: "contains", "date-time": "between" };
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Make an element with properties and children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const asList = (values) => (values.some((value) => value.includes(",")) ? JSON.stringify(values) : values.join(", "));

function fromList(text) {
  if (!text.startsWith("[")) return text.split(",").map((part) => part.trim()).filter(Boolean);
  try {
    return JSON.parse(text).map(String);
  } catch {
    return [];
  }
}

class Builder {
  constructor(form) {
    this.form = form;
    this.rows = form.querySelector(".where-rows");
    this.words = this.rows.dataset;
    const first = this.rows.querySelector(".where-row");
    this.pattern = first.cloneNode(true);
    this.pattern.querySelectorAll("option[selected]").forEach((option) => option.removeAttribute("selected"));
    this.pattern.querySelector("input").setAttribute("value", "");
    this.types = new Map(this.options(first, "property").map((option) => [option.value, option.dataset]));
    this.operators = this.options(first, "operator").map((option) => ({ token: option.value, label: option.label, ...option.dataset }));
    // The rows that are blank are for pages without script, but for one to begin with.
    this.all().slice(1).filter((row) => !this.part(row, "property").value).forEach((row) => row.remove());
    this.all().forEach((row) => this.wire(row));
    form.querySelector(".where-hint").hidden = true;
    const add = form.querySelector(".where-add");
    add.hidden = false;
    add.addEventListener("click", () => this.add());
    // A row of which nothing was chosen says nothing, and makes addresses long.
    form.addEventListener("submit", () => this.all().slice(1).filter((row) => !this.part(row, "property").value).forEach((row) => row.remove()));
  }

  all() {
    return [...this.rows.children];
  }

  part(row, name) {
    return row.querySelector(`[name="where.${name}"]`);
  }

  options(row, name) {
    return [...this.part(row, name).options];
  }

  add() {
    const row = this.pattern.cloneNode(true);
    this.rows.append(row);
    this.wire(row);
    this.number();
    this.part(row, "property").focus();
  }

  number() {
    this.all().forEach((row, index) => row.setAttribute("aria-label", row.getAttribute("aria-label").replace(/\d+/, index + 1)));
  }

  wire(row) {
    const remove = row.querySelector(".where-remove");
    remove.hidden = false;
    remove.addEventListener("click", () => {
      const next = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      if (!this.all().length) this.add();
      else this.part(next, "property").focus();
      this.number();
    });
    this.part(row, "property").addEventListener("change", () => {
      this.part(row, "value").value = "";
      this.offer(row, USUAL[this.typeOf(row).type]);
    });
    this.part(row, "operator").addEventListener("change", () => {
      this.draw(row);
    });
    this.offer(row);
  }

  typeOf(row) {
    return this.types.get(this.part(row, "property").value) || {};
  }

  /** Offer the operators that suit, in the words that suit. */
  offer(row, wanted) {
    const select = this.part(row, "operator");
    const { type } = this.typeOf(row);
    const suiting = this.operators.filter((operator) => !type || operator.types.split(" ").includes(type));
    const label = (operator) => (type === "level" && operator.level) || (type === "date-time" && operator.dated) || operator.label;
    const chosen = wanted || select.value;
    select.replaceChildren(...suiting.map((operator) => new Option(label(operator), operator.token)));
    if (suiting.some((operator) => operator.token === chosen)) select.value = chosen;
    this.draw(row);
  }

  /** Show the field that suits property and operator; what it says goes into the plain one. */
  draw(row) {
    const plain = this.part(row, "value");
    const { operand } = this.operators.find((operator) => operator.token === this.part(row, "operator").value);
    row.querySelector(".where-widget")?.remove();
    plain.type = "hidden";
    if (operand === "none") {
      plain.value = "";
      return;
    }
    const widget = this.widget(row, operand, plain.value);
    if (!widget) {
      plain.type = "text";
      plain.placeholder = operand === "list" ? this.words.list : this.words.value;
      return;
    }
    const { parts, read } = widget;
    parts.forEach((part) => {
      if (!part.getAttribute("aria-label")) part.setAttribute("aria-label", this.words.value);
    });
    const place = make("span", { className: "where-widget" }, ...parts);
    const write = () => (plain.value = read());
    place.addEventListener("input", write);
    plain.before(place);
    write();
  }

  /** Return the parts of a field and how to read them, null where plain text is best. */
  widget(row, operand, text) {
    const { type, item } = this.typeOf(row);
    const choices = this.choices(row, type);
    if (choices.length && ["value", "scalar", "ordered"].includes(operand) && (type !== "array" || operand === "scalar")) return this.choice(choices, text);
    if (choices.length && operand === "list") return this.several(choices, text);
    if (type === "boolean" && operand === "value") {
      const answers = [["true", this.words.yes], ["false", this.words.no]];
      return this.choice(answers, text);
    }
    if (type === "date-time" && operand === "range") return this.span(text);
    if (type === "date-time" && operand === "ordered" && (!text || DAY.test(text))) return this.field("date", text);
    if (type === "number" && operand === "range") return this.pair("number", text);
    if (type === "number" && ["value", "ordered"].includes(operand)) return this.field("number", text);
    return null;
  }

  /** Return what can be chosen: the quick filters of the page know. */
  choices(row, type) {
    const key = this.part(row, "property").value;
    const name = type === "level" ? key : key === "$team" ? "team" : `property.${key}`;
    const filter = document.querySelector(`#filters select[name="${CSS.escape(name)}"]`);
    const found = [...(filter?.options || [])].map((option) => [option.value, option.label]);
    return found.filter(([value]) => value && (type !== "level" || (value !== "none" && !value.startsWith("below:"))));
  }

  choice(choices, text) {
    const blank = new Option(this.words.choose, "");
    const select = make("select", { className: "input" }, blank, ...choices.map(([value, label]) => new Option(label, value)));
    if (text && !choices.some(([value]) => value === text)) select.add(new Option(text, text));
    select.value = text;
    return { parts: [select], read: () => select.value };
  }

  several(choices, text) {
    const chosen = fromList(text);
    const known = new Set(choices.map(([value]) => value));
    const all = [...choices, ...chosen.filter((value) => !known.has(value)).map((value) => [value, value])];
    const options = all.map(([value, label]) => new Option(label, value, false, chosen.includes(value)));
    const select = make("select", { className: "input", multiple: true, size: Math.min(all.length, 5) }, ...options);
    return { parts: [select], read: () => asList([...select.selectedOptions].map((option) => option.value)) };
  }

  field(type, text) {
    const input = make("input", { className: "input", type, value: text, placeholder: this.words.value });
    if (type === "number") input.step = "any";
    return { parts: [input], read: () => input.value };
  }

  pair(type, text) {
    const [from = "", to = ""] = text.split(",").map((part) => part.trim());
    const ends = [from, to].map((value) => this.field(type, value));
    ends.forEach(({ parts: [input] }, index) => {
      input.placeholder = index ? this.words.to : this.words.from;
      input.setAttribute("aria-label", input.placeholder);
    });
    const read = () => (ends.some((end) => end.read()) ? ends.map((end) => end.read()).join(", ") : "");
    return { parts: ends.flatMap((end) => end.parts), read };
  }

  /** A span of time with a name, or two dates. */
  span(text) {
    const presets = [...document.querySelectorAll("#where-spans option")].map((option) => [option.value, option.label]);
    const isNamed = !text || presets.some(([token]) => token === text);
    if (!isNamed && !text.split(",").every((part) => DAY.test(part.trim()))) return null;
    const select = make("select", { className: "input" }, new Option(this.words.between, ""), ...presets.map(([token, label]) => new Option(label, token)));
    select.value = isNamed ? text || "lastMonth" : "";
    const dates = this.pair("date", isNamed ? "" : text);
    const show = () => dates.parts.forEach((part) => (part.hidden = Boolean(select.value)));
    select.addEventListener("change", show);
    show();
    return { parts: [select, ...dates.parts], read: () => select.value || dates.read() };
  }
}

const wired = new WeakSet();

/** Bring the form to life, if it is new; say whether it was. */
function wire() {
  const form = document.getElementById("where");
  if (!form || wired.has(form)) return false;
  wired.add(form);
  new Builder(form);
  return true;
}

document.addEventListener("htmx:afterSwap", () => {
  if (wire()) document.querySelector("#where select[name='where.property']").focus();
});
wire();
