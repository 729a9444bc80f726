// The form of an MCP server: a dialog that writes one entry of `mcpServers`, and tries it before.
(() => {
  "use strict";

  const { button, call, dialog, make, t, wordsFor } = window.aiportal;
  const SERVERS = "/api/admin/tools/servers";
  const OF_HTTP = ["url", "headers"];
  const OF_PROGRAM = ["command", "args", "env", "folders", "network"];
  const DEFAULT_MS = 60_000;

  const addressOf = (name) => `${SERVERS}/${encodeURIComponent(name)}`;

  // Connects to a server; what came of it as an element.
  const tryServer = async (name, config) => {
    const query = name ? `?name=${encodeURIComponent(name)}` : "";
    const { fault, tools, problems } = await call("POST", `${SERVERS}/try${query}`, config);
    if (fault) return wordsFor(new Error(t("It cannot be used: {reason}", { reason: fault })));
    const box = make("div", "adtried");
    box.append(make("b", "", t("It answers. Tools: {count}", { count: tools.length })));
    if (tools.length) box.append(make("p", "mono", tools.join(", ")));
    box.append(...problems.map((one) => make("p", "", one)));
    return box;
  };

  let count = 0;

  // A labelled control with a place for what is wrong with it.
  class Field {
    constructor(label, control, hint) {
      const id = `ad-field-${(count += 1)}`;
      this.control = control;
      this.element = make("div", "field adf");
      this.words = make("label", "", label);
      this.error = make("p", "adwrong");
      control.id = this.words.htmlFor = id;
      this.error.id = `${id}-wrong`;
      control.setAttribute("aria-describedby", hint ? `${id}-hint ${id}-wrong` : `${id}-wrong`);
      this.element.append(this.words, control, this.error);
      if (hint) {
        const about = make("span", "hint", hint);
        about.id = `${id}-hint`;
        this.element.append(about);
      }
    }

    tell(words) {
      this.error.textContent = words;
      this.control.setAttribute("aria-invalid", String(Boolean(words)));
    }

    focus() {
      this.control.focus();
    }
  }

  const input = (value, more = {}) =>
    Object.assign(make("input"), { type: "text", value, autocomplete: "off", spellcheck: false, ...more });

  // One text a line. What is not touched stays as it was, lines within a text too.
  class Lines extends Field {
    constructor(label, values, hint) {
      const area = Object.assign(make("textarea"), { rows: 2, spellcheck: false, value: values.join("\n") });
      super(label, area, hint);
      this.first = area.value;
      this.values = values;
    }

    get value() {
      if (this.control.value === this.first) return this.values;
      return this.control.value.split("\n").filter((line) => line.trim());
    }
  }

  // Names with values. A value that is null is there, is not shown, and stays unless another is written.
  class Pairs {
    constructor(label, values, { add, hint }) {
      this.element = make("fieldset", "adpairs");
      this.label = label;
      this.rows = make("div", "adrows");
      this.error = make("p", "adwrong");
      this.error.id = `ad-field-${(count += 1)}-wrong`;
      const more = button("btn small i-plus", add, () => this.add("", "").focus());
      this.element.append(make("legend", "", label), this.rows, this.error, more, make("span", "hint", hint));
      for (const [name, value] of Object.entries(values)) this.add(name, value);
    }

    add(name, value) {
      const row = make("div", "adpair");
      const key = input(name, { ariaLabel: t("{field}: name", { field: this.label }) });
      const text = input(value ?? "", { ariaLabel: t("{field}: value", { field: this.label }) });
      if (value === null) {
        text.placeholder = t("Stays as it is");
        row.dataset.kept = name;
      }
      key.placeholder ||= t("Name");
      text.placeholder ||= "env:MCP_NAME";
      for (const one of [key, text]) one.setAttribute("aria-describedby", this.error.id);
      const remove = button("ib i-close", "", () => {
        row.remove();
        this.element.querySelector(".btn").focus();
      });
      remove.ariaLabel = remove.title = t("Remove this line");
      row.append(key, text, remove);
      this.rows.append(row);
      return key;
    }

    get value() {
      const found = {};
      for (const row of this.rows.children) {
        const [key, text] = row.querySelectorAll("input");
        const name = key.value.trim();
        if (!name && !text.value) continue;
        found[name] = !text.value && row.dataset.kept === name ? null : text.value;
      }
      return found;
    }

    tell(words, name = "") {
      this.error.textContent = words;
      this.wrong = null;
      for (const row of this.rows.children) {
        const isWrong = Boolean(words) && row.querySelector("input").value.trim() === name;
        for (const one of row.querySelectorAll("input")) one.setAttribute("aria-invalid", String(isWrong));
        if (isWrong) this.wrong ??= row;
      }
    }

    focus() {
      (this.wrong ?? this.element).querySelector("input, button").focus();
    }
  }

  const check = (text, isChecked, hint) => {
    const label = make("label", "adcheck");
    const box = Object.assign(make("input"), { type: "checkbox", checked: isChecked });
    const words = make("span", "", text);
    if (hint) words.append(make("span", "hint", hint));
    label.append(box, words);
    return { element: label, box };
  };

  class ServerForm {
    // server: null for a new one. saved: called with its name once it is written.
    constructor(server, saved) {
      this.name = server?.name ?? "";
      this.before = server?.config ?? {};
      this.saved = saved;
    }

    open() {
      const box = make("dialog", "dialog adform");
      const title = make("h2", "", this.name ? t("Edit {name}", { name: this.name }) : t("Add an MCP server"));
      title.id = "ad-form-title";
      box.setAttribute("aria-labelledby", title.id);
      this.result = make("div", "adresult");
      this.result.setAttribute("role", "status");
      this.trying = button("btn", t("Try"), () => this.attempt());
      const save = make("button", "btn primary", t("Save"));
      save.type = "submit";
      const acts = make("div", "acts");
      acts.append(button("btn", t("Cancel"), () => this.leave()), this.trying, save);
      const form = make("form");
      form.noValidate = true;
      form.append(...this.layOut(), this.result, acts);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.save();
      });
      box.append(title, form);
      box.addEventListener("cancel", (event) => {
        event.preventDefault();
        this.leave();
      });
      box.addEventListener("close", () => box.remove());
      this.box = box;
      document.body.append(box);
      this.filled = this.written();
      box.showModal();
      (this.name ? box.querySelector(".adform input:checked") : this.fields.name.control).focus();
    }

    layOut() {
      const { before } = this;
      const name = new Field(t("Name"), input(this.name, { maxLength: 30 }), t("Its tools are called name__tool."));
      name.control.disabled = Boolean(this.name);
      const url = input(before.url ?? "", { type: "url", placeholder: "https://crm.example.org/mcp" });
      const secret = t("env:MCP_NAME or Bearer env:MCP_NAME is a variable of the portal. Other values are not shown again.");
      const lines = t("One a line.");
      const seconds = input((before.timeout ?? DEFAULT_MS) / 1_000, { type: "number", min: 0.1, max: 300, step: "any" });
      this.fields = {
        name,
        url: new Field(t("Address"), url),
        headers: new Pairs(t("Headers"), before.headers ?? {}, { add: t("Add a header"), hint: secret }),
        command: new Field(t("Command"), input(before.command ?? "")),
        args: new Lines(t("Arguments"), before.args ?? [], lines),
        env: new Pairs(t("Environment"), before.env ?? {}, { add: t("Add a variable"), hint: secret }),
        folders: new Lines(t("Folders that it may read"), before.folders ?? [], lines),
        allowedTools: new Lines(
          t("Allowed tools"),
          before.allowedTools ?? [],
          t("Patterns of its own names such as search_*, one a line. None: all of them."),
        ),
        timeout: new Field(t("Seconds at most"), seconds),
      };
      this.network = check(
        t("May open connections"),
        before.network ?? false,
        t("It reaches whatever this machine does, the private network included."),
      );
      this.asks = check(t("Asks before each run"), before.requiresApproval ?? false);
      this.isOn = check(t("Switched on"), before.enabled ?? true);
      this.http = make("div", "adpart");
      this.program = make("div", "adpart");
      const { fields } = this;
      this.http.append(fields.url.element, fields.headers.element);
      this.program.append(
        ...[fields.command, fields.args, fields.env, fields.folders, this.network].map(({ element }) => element),
      );
      const rest = [fields.allowedTools, fields.timeout, this.asks, this.isOn].map(({ element }) => element);
      return [name.element, this.kinds(), this.http, this.program, ...rest];
    }

    kinds() {
      const group = make("fieldset", "seg");
      group.append(make("legend", "", t("Kind")));
      const show = (isProgram) => {
        this.isProgram = isProgram;
        this.http.hidden = isProgram;
        this.program.hidden = !isProgram;
      };
      for (const [text, isProgram] of [["HTTP", false], [t("Program"), true]]) {
        const label = make("label");
        const radio = Object.assign(make("input"), { type: "radio", name: "ad-kind" });
        radio.checked = isProgram === Boolean(this.before.command);
        radio.addEventListener("change", () => show(isProgram));
        label.append(radio, make("span", "", text));
        group.append(label);
      }
      show(Boolean(this.before.command));
      return group;
    }

    // The entry: what this form does not have of it stays.
    config() {
      const { fields, before } = this;
      const content = { ...before };
      for (const name of [...OF_HTTP, ...OF_PROGRAM]) delete content[name];
      if (this.isProgram !== Boolean(before.command)) delete content.type;
      const put = (name, value, isDefault) => {
        if (isDefault && !(name in before)) delete content[name];
        else content[name] = value;
      };
      if (this.isProgram) {
        content.command = fields.command.control.value.trim();
        for (const name of ["args", "folders"]) put(name, fields[name].value, !fields[name].value.length);
        put("env", fields.env.value, !Object.keys(fields.env.value).length);
        put("network", this.network.box.checked, !this.network.box.checked);
      } else {
        content.url = fields.url.control.value.trim();
        put("headers", fields.headers.value, !Object.keys(fields.headers.value).length);
      }
      const patterns = fields.allowedTools.value;
      if (patterns.length || patterns === before.allowedTools) content.allowedTools = patterns;
      else delete content.allowedTools;
      const timeout = Math.round(Number(fields.timeout.control.value) * 1_000);
      put("timeout", timeout, timeout === DEFAULT_MS);
      put("requiresApproval", this.asks.box.checked, !this.asks.box.checked);
      put("enabled", this.isOn.box.checked, this.isOn.box.checked);
      return content;
    }

    written() {
      return JSON.stringify([this.fields.name.control.value, this.config()]);
    }

    leave() {
      const close = () => this.box.close();
      if (this.written() === this.filled) {
        close();
        return;
      }
      const words = make("p", "", t("What you have written here is not saved."));
      dialog(t("Throw it away?"), words, t("Throw away"), "danger", close);
    }

    // Says what is wrong, at its field where it has one.
    tell(error) {
      const [place, ...names] = (error.param ?? "").split(".");
      const at = this.fields[place];
      if (!at || at.element.closest("[hidden]")) {
        this.result.replaceChildren(wordsFor(error));
        return;
      }
      at.tell(error.message, names.join(".").replace(/\.\[key\]$/, ""));
      at.focus();
    }

    clear() {
      for (const one of Object.values(this.fields)) one.tell("");
      this.result.replaceChildren();
    }

    isMissing(name) {
      const at = this.fields[name];
      if (at.control.value.trim()) return false;
      at.tell(t("This is needed."));
      at.focus();
      return true;
    }

    async attempt() {
      this.clear();
      if (this.isMissing(this.isProgram ? "command" : "url")) return;
      this.trying.disabled = true;
      this.result.replaceChildren(make("p", "hint", t("Connecting…")));
      try {
        const tried = await tryServer(this.name, this.config());
        this.result.replaceChildren(tried);
        this.result.scrollIntoView({ block: "nearest" });
      } catch (error) {
        this.clear();
        this.tell(error);
      } finally {
        this.trying.disabled = false;
      }
    }

    async save() {
      this.clear();
      if (this.isMissing("name") || this.isMissing(this.isProgram ? "command" : "url")) return;
      const name = this.name || this.fields.name.control.value.trim();
      try {
        await call("PUT", `${addressOf(name)}${this.name ? "" : "?new=true"}`, this.config());
        this.box.close();
        await this.saved(name);
      } catch (error) {
        this.tell(error);
      }
    }
  }

  window.aiportal.adminParts = { SERVERS, ServerForm, addressOf, tryServer };
})();
