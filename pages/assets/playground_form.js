// The form of a tool: one control for each field that the portal names, and what they hold.
(() => {
  "use strict";

  const { make, t } = window.aiportal;
  const { codeBox, described } = window.aiportal.parts;

  let count = 0;

  const option = (text, value) => new Option(text, value);
  const shownChoice = (text) => {
    const value = JSON.parse(text);
    return typeof value === "string" ? value : text;
  };

  const isSwitch = (field) => field.default !== null || field.is_required;

  const area = (rows) => {
    const box = make("textarea");
    box.rows = rows;
    return box;
  };

  // What a person types into, by the kind of the field.
  const controls = {
    text: (field) => {
      const input = make("input");
      input.autocomplete = "off";
      input.placeholder = field.example;
      return input;
    },
    number: () => {
      const input = make("input");
      Object.assign(input, { inputMode: "decimal", autocomplete: "off" });
      return input;
    },
    long: (field) => {
      const box = area(5);
      box.placeholder = field.example;
      return box;
    },
    code: (field) => {
      const box = area(14);
      box.placeholder = field.example;
      return box;
    },
    list: () => area(3),
    json: (field) => {
      const box = area(field.takes_text ? 1 : 3);
      box.classList.add("mono");
      box.spellcheck = false;
      return box;
    },
    choice: (field) => {
      const select = make("select");
      if (!field.is_required || field.default === null) select.add(option(t("not given"), ""));
      for (const one of field.choices) select.add(option(shownChoice(one), one));
      return select;
    },
    boolean: (field) => {
      if (isSwitch(field)) {
        const input = make("input");
        input.type = "checkbox";
        return input;
      }
      const select = make("select");
      select.add(option(t("not given"), ""));
      for (const one of ["true", "false"]) select.add(option(one, one));
      return select;
    },
  };
  controls.integer = () => Object.assign(controls.number(), { inputMode: "numeric" });

  const bounds = (field) => {
    const known = Object.fromEntries(field.bounds);
    const { minimum, maximum } = known;
    if (minimum !== undefined && maximum !== undefined) {
      return t("{least} to {most}", { least: minimum, most: maximum });
    }
    if (minimum !== undefined) return t("at least {least}", { least: minimum });
    return maximum === undefined ? "" : t("at most {most}", { most: maximum });
  };

  const hints = (field) => {
    const kinds = { list: t("One a line."), json: field.takes_text ? "" : t("As JSON.") };
    const range = bounds(field);
    return [field.description, kinds[field.kind], range && `(${range})`].filter(Boolean).join(" ");
  };

  class Control {
    constructor(field, path) {
      this.field = field;
      this.path = path;
      this.element = make("div", `pf pf-${field.kind}`);
      const id = `pf-${(count += 1)}`;
      this.input = controls[field.kind](field);
      this.input.id = id;
      const label = make("label", "", field.title);
      label.htmlFor = id;
      if (field.title !== field.name) label.append(make("code", "", field.name));
      if (field.is_required) {
        label.append(make("span", "need", t("needed")));
        this.input.required = field.kind !== "boolean";
      }
      const hint = described("hint", hints(field));
      hint.id = `${id}-hint`;
      this.fault = make("p", "ferr");
      this.fault.id = `${id}-fault`;
      this.fault.hidden = true;
      this.input.setAttribute("aria-describedby", `${hint.id} ${this.fault.id}`);
      this.input.addEventListener("input", () => this.tell(""));
      this.element.append(...this.laidOut(label, hint), this.fault);
      if (field.takes_null) this.element.append(this.nullBox());
    }

    laidOut(label, hint) {
      if (this.input.type === "checkbox") {
        const line = make("div", "pfcheck");
        line.append(this.input, label);
        return [line, hint];
      }
      if (this.field.kind !== "code") return [label, hint, this.input];
      this.code = codeBox(this.input);
      return [label, hint, this.code.box];
    }

    nullBox() {
      const label = make("label", "pfnull");
      this.isNull = make("input");
      this.isNull.type = "checkbox";
      this.isNull.addEventListener("change", () => (this.input.disabled = this.isNull.checked));
      label.append(this.isNull, make("span", "mono", "null"));
      return label;
    }

    // Undefined for what is not given.
    get value() {
      if (this.isNull?.checked) return null;
      if (this.input.type === "checkbox") return this.input.checked;
      return this.input.value === "" ? undefined : this.input.value;
    }

    set value(value) {
      if (this.isNull) {
        this.isNull.checked = value === null;
        this.input.disabled = value === null;
      }
      if (this.input.type === "checkbox") this.input.checked = value === true;
      else if (value === null || value === undefined) this.input.value = "";
      else this.input.value = value;
      this.code?.draw();
      this.tell("");
    }

    tell(words) {
      this.fault.textContent = words;
      this.fault.hidden = !words;
      if (words) this.input.setAttribute("aria-invalid", "true");
      else this.input.removeAttribute("aria-invalid");
    }

    all() {
      return [this];
    }
  }

  class Group {
    constructor(field, path) {
      this.field = field;
      this.path = path;
      this.element = make("fieldset", "pfgroup");
      const legend = make("legend", "", field.title);
      if (field.title !== field.name) legend.append(make("code", "", field.name));
      this.element.append(legend);
      if (field.description) this.element.append(described("hint", field.description));
      this.parts = made(field.fields, path);
      lay(this.element, this.parts);
    }

    get value() {
      return collected(this.parts);
    }

    set value(value) {
      for (const part of this.parts) part.value = value?.[part.field.name];
    }

    all() {
      return this.parts.flatMap((part) => part.all());
    }
  }

  const made = (fields, path) =>
    fields.map((field) => {
      const here = path ? `${path}.${field.name}` : field.name;
      return field.kind === "group" ? new Group(field, here) : new Control(field, here);
    });

  // What is needed or has a value of its own comes first; of many others the rest is folded.
  const MANY = 6;
  const lay = (element, parts) => {
    const isFirst = ({ field }) => field.is_required || field.kind === "group";
    const rest = parts.filter((part) => !isFirst(part));
    if (rest.length < MANY || rest.length === parts.length) {
      element.append(...parts.map((part) => part.element));
      return;
    }
    element.append(...parts.filter(isFirst).map((part) => part.element));
    const more = make("details", "pfmore");
    more.append(make("summary", "", t("Further fields ({count})", { count: rest.length })));
    const inside = make("div", "pfields");
    inside.append(...rest.map((part) => part.element));
    more.append(inside);
    element.append(more);
  };

  const collected = (parts) => {
    const values = {};
    for (const part of parts) if (part.value !== undefined) values[part.field.name] = part.value;
    return values;
  };

  class ToolForm {
    constructor({ fields, values }) {
      this.element = make("div", "pfields");
      this.parts = made(fields, "");
      lay(this.element, this.parts);
      if (!fields.length) this.element.append(make("p", "hint", t("This tool takes no parameters.")));
      this.values = values;
      for (const part of this.parts.flatMap((one) => one.all())) {
        part.input.dataset.start = part.input.value;
      }
      for (const more of this.element.querySelectorAll("details.pfmore")) more.open = false;
    }

    get values() {
      return collected(this.parts);
    }

    set values(values) {
      for (const part of this.parts) part.value = values[part.field.name];
      for (const more of this.element.querySelectorAll("details.pfmore")) {
        more.open ||= [...more.querySelectorAll("input, textarea, select")].some(
          (one) => one.type !== "checkbox" && one.value !== "" && one.value !== one.dataset.start,
        );
      }
    }

    // Each at its field; what has none is given back as words.
    tell(faults) {
      const all = this.parts.flatMap((part) => part.all());
      for (const control of all) control.tell("");
      const others = [];
      for (const { path, message } of faults) {
        const inside = ({ path: own }) => path === own || path.startsWith(`${own}.`);
        const control = all.find(inside);
        if (!control) {
          others.push(path ? `${path}: ${message}` : message);
          continue;
        }
        const rest = path.slice(control.path.length + 1);
        control.tell(rest ? `${rest}: ${message}` : message);
      }
      const first = all.find((control) => !control.fault.hidden);
      if (first) {
        for (let one = first.element; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
        first.input.focus();
      }
      return others.join(" ");
    }
  }

  window.aiportal.ToolForm = ToolForm;
})();
