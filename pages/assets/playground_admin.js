// What administrators do with tools: switch, limit, write and check them, and see what they run in.
(() => {
  "use strict";

  const { button, dialog, make, setDrawer, t, wordsFor } = window.aiportal;
  const { codeBox, send } = window.aiportal.parts;
  const ADMIN = "/api/admin/tools";

  const field = (label, control, hint) => {
    const box = make("label", "field", label);
    box.append(control);
    if (hint) box.append(make("span", "hint", hint));
    return box;
  };

  const check = (text, isChecked) => {
    const label = make("label", "pfcheck");
    const input = make("input");
    input.type = "checkbox";
    input.checked = isChecked;
    label.append(input, make("span", "", text));
    return { label, input };
  };

  const figure = (value, bounds) => {
    const input = make("input");
    Object.assign(input, { type: "number", min: 1, step: "any", ...bounds, value: value ?? "" });
    return input;
  };

  // ---- the switches and limits of a tool

  class Limits {
    constructor(tool, changed) {
      this.tool = tool;
      this.changed = changed;
      this.element = make("details", "pfmore pgadmin");
      this.element.append(make("summary", "", t("Administration")));
      this.body = make("div", "pfields pgedit");
      this.element.append(this.body);
      this.element.addEventListener("toggle", () => this.element.open && this.draw());
    }

    async draw() {
      const address = `${ADMIN}/${encodeURIComponent(this.tool.id)}`;
      let config;
      let sandbox;
      try {
        [{ config }, sandbox] = await Promise.all([
          send("GET", `${address}/source`),
          send("GET", `${ADMIN}/sandbox`),
        ]);
      } catch (error) {
        this.body.replaceChildren(wordsFor(error));
        return;
      }
      const isOn = check(t("Switched on"), this.tool.enabled);
      const asks = check(t("Asks before each run"), config.requiresApproval ?? false);
      const seconds = figure(this.tool.maxExecutionTime / 1_000, { min: 0.001, max: 600 });
      const rpm = figure(config.rateLimit?.rpm, { max: 100_000, step: 1 });
      const parallel = figure(config.rateLimit?.parallel, { max: 1_000, step: 1 });
      const status = make("p", "hint");
      status.setAttribute("role", "status");
      const save = button("btn", t("Save"), async () => {
        if (![seconds, rpm, parallel].every((one) => one.reportValidity())) return;
        const rate = {};
        if (rpm.value) rate.rpm = Number(rpm.value);
        if (parallel.value) rate.parallel = Number(parallel.value);
        const change = {
          enabled: isOn.input.checked,
          requiresApproval: asks.input.checked,
          maxExecutionTime: Math.round(Number(seconds.value) * 1_000),
          rateLimit: rate,
        };
        try {
          await send("PATCH", address, JSON.stringify(change));
          await this.changed(this.tool.id);
        } catch (error) {
          status.textContent = error.message;
        }
      });
      const figures = make("div", "three");
      figures.append(
        field(t("Seconds at most"), seconds),
        field(t("Calls a minute"), rpm),
        field(t("Calls at once"), parallel),
      );
      this.body.replaceChildren(isOn.label, asks.label, figures, save, status, sandboxReport(sandbox));
    }
  }

  const sandboxReport = ({ tier, reasons }) => {
    const box = make("div", "pgsandbox");
    const words = tier ? t("Tools run in the sandbox {tier}.", { tier }) : t("Tools cannot run here.");
    box.append(make("b", "", words));
    const list = make("ul");
    list.append(...reasons.map((one) => make("li", "", one)));
    box.append(reasons.length ? list : make("p", "hint", t("There is no stronger one.")));
    return box;
  };

  // ---- the editor

  class Editor {
    // toolId: null for a new one. saved: is called with the id of what was written.
    constructor(toolId, saved) {
      this.toolId = toolId;
      this.saved = saved;
    }

    async open() {
      const box = make("dialog", "dialog pgeditor");
      const title = make("h2", "", this.toolId ? t("Edit {name}", { name: this.toolId }) : t("New tool"));
      title.id = "pg-editor-title";
      box.setAttribute("aria-labelledby", title.id);
      this.body = make("div", "pgedit pg");
      this.problems = make("div", "pgproblems");
      this.problems.setAttribute("role", "alert");
      const acts = make("div", "acts");
      this.save = button("btn primary", t("Save"), () => this.write());
      acts.append(
        button("btn", t("Close"), () => this.leave(() => box.close())),
        button("btn", t("Check"), () => this.validate()),
        this.save,
      );
      box.append(title, this.body, this.problems, acts);
      box.addEventListener("cancel", (event) => {
        event.preventDefault();
        this.leave(() => box.close());
      });
      box.addEventListener("close", () => box.remove());
      this.box = box;
      document.body.append(box);
      box.showModal();
      try {
        await this.draw();
      } catch (error) {
        this.body.replaceChildren(wordsFor(error));
        this.save.disabled = true;
      }
    }

    async draw() {
      this.config = make("textarea");
      this.controller = make("textarea");
      this.config.rows = 14;
      this.controller.rows = 16;
      const areas = [
        [t("Configuration"), "config.json", this.config],
        [t("Program"), "controller.py", this.controller],
      ].map(([name, file, area]) => {
        const part = make("div", "pf");
        const label = make("label", "", name);
        area.id = label.htmlFor = `pg-${file.replace(".", "-")}`;
        label.append(make("code", "", file));
        const code = codeBox(area);
        part.append(label, code.box);
        return { part, code };
      });
      const fill = ({ config, controller }) => {
        this.config.value = JSON.stringify(config, null, 2);
        this.controller.value = controller;
        for (const { code } of areas) code.draw();
        this.filled = this.written();
      };
      const parts = areas.map(({ part }) => part);
      if (this.toolId) {
        const source = await send("GET", `${ADMIN}/${encodeURIComponent(this.toolId)}/source`);
        fill(source);
        if (source.files.length) {
          const names = source.files.join(", ");
          parts.push(make("p", "hint", t("Its other files stay as they are: {names}", { names })));
        }
      } else {
        const { data } = await send("GET", `${ADMIN}/templates`);
        const select = make("select");
        for (const { id, name } of data) select.add(new Option(name, id));
        let chosen = data[0];
        select.addEventListener("change", () => {
          const wanted = data.find(({ id }) => id === select.value);
          select.value = chosen.id;
          this.leave(() => {
            chosen = wanted;
            select.value = wanted.id;
            fill(wanted);
          });
        });
        fill(chosen);
        const from = make("div", "pf");
        const label = make("label", "", t("Begin with"));
        select.id = label.htmlFor = "pg-template";
        from.append(label, select);
        parts.unshift(from);
      }
      this.body.replaceChildren(...parts);
      this.body.querySelector("select, textarea").focus();
    }

    written() {
      return JSON.stringify([this.config.value, this.controller.value]);
    }

    // Does what would throw away what was written, once that is agreed to.
    leave(go) {
      if (!this.controller || this.filled === undefined || this.written() === this.filled) {
        go();
        return;
      }
      const words = make("p", "", t("What you have written here is not saved."));
      dialog(t("Throw it away?"), words, t("Throw away"), "danger", go);
    }

    show(...nodes) {
      this.problems.replaceChildren(...nodes);
      this.problems.scrollIntoView({ block: "nearest" });
    }

    tell(...lines) {
      const box = make("div", "err");
      const list = make("ul");
      list.append(...lines.map((one) => make("li", "", one)));
      box.append(list);
      this.show(box);
    }

    // The draft as JSON text, null where the configuration is no JSON.
    draft() {
      try {
        JSON.parse(this.config.value);
      } catch (error) {
        this.tell(`config.json: ${t("This is no JSON: {reason}", { reason: error.message })}`);
        this.config.focus();
        return null;
      }
      return `{"config": ${this.config.value}, "controller": ${JSON.stringify(this.controller.value)}}`;
    }

    async validate() {
      const draft = this.draft();
      if (!draft) return;
      try {
        const { problems } = await send("POST", `${ADMIN}/validate`, draft);
        const words = ({ file, field: name, value, allowed }) =>
          `${[file.replace(/^tool\//, ""), name].filter(Boolean).join(" · ")}: ${value ? `${value}; ` : ""}${allowed}`;
        if (problems.length) this.tell(...problems.map(words));
        else this.show(make("p", "hint", t("Nothing is wrong with it.")));
      } catch (error) {
        this.tell(error.message);
      }
    }

    async write() {
      const draft = this.draft();
      if (!draft) return;
      const address = this.toolId ? `${ADMIN}/${encodeURIComponent(this.toolId)}` : ADMIN;
      try {
        const { id } = await send(this.toolId ? "PUT" : "POST", address, draft);
        this.box.close();
        await this.saved(id);
      } catch (error) {
        this.tell(error.message);
      }
    }
  }

  // ---- in the tab

  window.aiportal.toolAdmin = (playground) => {
    if (!playground.isAdmin) return;
    const saved = async (id) => {
      await playground.load();
      await playground.choose(playground.tools.find((one) => one.id === id));
    };
    const create = button("new btn i-plus", t("New tool"), () => {
      setDrawer(false);
      new Editor(null, saved).open();
    });
    playground.side.prepend(create);
    const edit = button("icb i-pencil", "", () => new Editor(playground.tool.id, saved).open());
    edit.ariaLabel = edit.title = t("Edit this tool");
    playground.extras.append(edit);
    const show = (tool) => {
      const limits = new Limits(tool, saved);
      playground.form.append(limits.element);
    };
    document.addEventListener("aiportal:tool", ({ detail }) => show(detail));
  };
})();
