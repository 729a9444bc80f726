// The playground: the tools, the form of the chosen one, its run and what was run before.
(() => {
  "use strict";

  const { Approvals, RunHistory, ToolForm, ToolRun } = window.aiportal;
  const { button, copyAndSay, make, say, setDrawer, showMenu, t, uploads, wordsFor } = window.aiportal;
  const { API, described, send, size } = window.aiportal.parts;
  const MAX_FILES = 20;
  const MAX_FILE_BYTES = 20 * 1024 * 1024;
  const LOOK_EVERY_MS = 10_000;
  const NARROW = 820; // as in the stylesheet: one column
  const SESSION = "playground";

  const base64 = (file) =>
    new Promise((done, failed) => {
      const reader = new FileReader();
      reader.addEventListener("load", () => done(reader.result.slice(reader.result.indexOf(",") + 1)));
      reader.addEventListener("error", () => failed(new Error(t("{name} cannot be read.", { name: file.name }))));
      reader.readAsDataURL(file);
    });

  class Playground {
    constructor(element) {
      this.root = element.querySelector(".pg") ?? element;
      this.tools = [];
      this.tool = null;
      this.files = [];
      this.layOut();
      this.open();
    }

    // ---- the frame

    layOut() {
      this.side = make("div", "side");
      this.searching = make("input");
      Object.assign(this.searching, { type: "search", placeholder: t("Search tools"), ariaLabel: t("Search tools") });
      this.searching.addEventListener("input", () => this.drawList());
      const search = make("div", "side-search");
      search.append(this.searching);
      this.list = make("nav", "slist grow-y");
      this.list.ariaLabel = t("Tools");
      this.side.append(search, this.list);

      const bar = make("div", "row bar");
      const title = make("div", "ttl grow");
      const menu = button("icb i-menu only-m", "", () => {});
      Object.assign(menu.dataset, { act: "drawer" });
      menu.ariaLabel = t("Open the menu");
      menu.setAttribute("aria-expanded", "false");
      this.heading = make("h1", "", t("Tool playground"));
      title.append(menu, this.heading);
      this.copying = button("btn i-copy pgcopy", t("Copy as"), () => this.openCopyMenu());
      this.copying.setAttribute("aria-haspopup", "menu");
      this.copying.hidden = true;
      this.extras = make("div", "pgextras");
      const mode = button("icb mode", "", () => {});
      mode.dataset.act = "mode";
      mode.ariaLabel = mode.title = t("Light or dark");
      bar.append(title, this.extras, this.copying, mode);

      this.form = make("section", "pgform");
      this.form.ariaLabel = t("Parameters");
      this.shown = make("div", "pgshown");
      this.result = make("section", "pgresult");
      this.result.ariaLabel = t("Result");
      this.run = new ToolRun(this.shown, (run) => this.runChanged(run));
      this.history = new RunHistory({ show: (run) => this.showRun(run), again: (run) => this.again(run) });
      this.approvals = new Approvals({
        runs: this.run,
        nameOf: (id) => this.tools.find((one) => one.id === id)?.name ?? id,
        approved: (id, toolId) => this.runApproved(id, toolId),
      });
      this.result.append(this.approvals.element, this.shown, this.history.element);
      const grid = make("div", "pggrid");
      grid.append(this.form, this.result);
      this.scroll = make("div", "pgscroll");
      this.scroll.append(grid);
      const main = make("div", "main");
      main.append(bar, this.scroll);
      this.root.replaceChildren(this.side, main);
    }

    async open() {
      try {
        const me = await send("GET", "/api/auth/me");
        this.isAdmin = me.role === "admin";
        await this.load();
        window.aiportal.toolAdmin(this);
        this.choose(this.tools.find((one) => one.available) ?? this.tools[0]);
      } catch (error) {
        this.form.replaceChildren(wordsFor(error));
        return;
      }
      const look = () => {
        if (document.visibilityState === "visible" && this.root.offsetParent) this.approvals.load();
      };
      look();
      setInterval(look, LOOK_EVERY_MS);
    }

    async load() {
      const { data } = await send("GET", `${API}/tools?limit=500&all=${this.isAdmin}`);
      this.tools = data;
      this.drawList();
    }

    // ---- the list

    drawList() {
      const words = this.searching.value.trim().toLocaleLowerCase();
      const found = this.tools.filter(({ id, name, description, tags }) =>
        [id, name, description, ...tags].join(" ").toLocaleLowerCase().includes(words),
      );
      const groups = new Map();
      for (const tool of found) {
        const name = tool.category || "";
        groups.set(name, [...(groups.get(name) ?? []), tool]);
      }
      const names = [...groups.keys()].sort((a, b) => !a - !b || a.localeCompare(b));
      const parts = names.flatMap((name) => {
        const list = make("ul");
        list.append(...groups.get(name).map((tool) => this.row(tool)));
        if (!name && names.length === 1) return [list];
        return [make("h2", "", name || t("Others")), list];
      });
      if (!found.length) {
        const none = this.tools.length ? t("No tool has these words.") : t("There are no tools for you.");
        parts.push(make("p", "slist-note", none));
      }
      this.list.replaceChildren(...parts);
    }

    row(tool) {
      const item = make("li", tool.id === this.tool?.id ? "on" : "");
      const open = button("srow", "", () => {
        setDrawer(false);
        this.choose(tool);
      });
      if (tool.id === this.tool?.id) open.setAttribute("aria-current", "true");
      open.append(make("span", "t", tool.name));
      if (!tool.enabled) open.append(make("span", "meta", t("off")));
      else if (!tool.available) open.append(make("span", "meta", t("lacks something")));
      item.append(open);
      return item;
    }

    // ---- one tool

    async choose(tool) {
      if (!tool) {
        this.form.replaceChildren(make("p", "hint", t("There are no tools for you.")));
        return;
      }
      const left = this.run.leave();
      this.tool = tool;
      this.files = [];
      this.history.toolId = tool.id;
      this.heading.textContent = tool.name;
      this.copying.hidden = false;
      this.drawList();
      this.shown.replaceChildren(make("p", "hint pgempty", t("The result comes here.")));
      if (left !== null) this.tellLeft(left);
      try {
        const form = await send("GET", `${API}/tools/${encodeURIComponent(tool.id)}/form`);
        if (tool !== this.tool) return;
        this.drawForm(form);
        document.dispatchEvent(new CustomEvent("aiportal:tool", { detail: tool }));
        await this.history.load();
      } catch (error) {
        if (tool === this.tool) this.form.replaceChildren(wordsFor(error));
      }
    }

    tellLeft(name) {
      const words = t("The run of {name} was cancelled, because you chose another tool. It is listed with that tool’s runs.", { name });
      this.shown.prepend(make("p", "hint pgleft", words));
      say(words);
    }

    facts() {
      const { version, maxExecutionTime: time, requiresApproval: asks } = this.tool;
      const facts = make("div", "pgfacts");
      const words = [
        t("version {version}", { version }),
        t("{count} s at most", { count: time / 1_000 }),
        asks ? t("asks before it runs") : t("no approval needed"),
      ];
      facts.append(...words.map((one) => make("span", "tag", one)));
      return facts;
    }

    drawForm(form) {
      const { available, description, examples, missing } = this.tool;
      this.fresh = form;
      this.fields = form.fields ? new ToolForm({ fields: form.fields, values: form.values }) : null;
      this.json = make("textarea", "mono");
      Object.assign(this.json, { rows: 14, spellcheck: false, ariaLabel: t("Parameters as JSON"), value: "{}" });
      this.place = make("div", "pgplace");
      this.fault = make("div", "pgfault");
      this.fault.setAttribute("role", "alert");
      const head = make("div", "pgabout");
      head.append(described("pgdescription", description), this.facts());
      if (missing) {
        const why = make("div", "pgwhy");
        why.append(make("b", "", t("It cannot run:")), ` ${missing}`);
        head.append(why);
      }
      const parts = [head];
      if (examples.length) parts.push(this.exampleList(examples));
      if (this.fields) parts.push(this.modes());
      parts.push(this.place, this.fileList());
      if (form.fields?.some(({ kind }) => kind === "code")) parts.push(this.sessionBox());
      else this.session = null;
      parts.push(this.fault, this.acts(available));
      this.form.replaceChildren(...parts);
      this.setMode(this.fields ? "form" : "json");
      this.form.onkeydown = (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.start();
      };
    }

    exampleList(examples) {
      const box = make("div", "pgexamples");
      box.setAttribute("role", "group");
      box.ariaLabel = t("Examples");
      box.append(make("span", "hint", t("Examples")));
      const MOST = 8;
      for (const { name, parameters } of examples.slice(0, MOST)) {
        box.append(button("pgexample", name, () => this.fill(parameters)));
      }
      return box;
    }

    modes() {
      const set = make("fieldset", "seg pgmodes");
      set.append(make("legend", "only-sr", t("Write the parameters as")));
      for (const [value, text] of [["form", t("Form")], ["json", "JSON"]]) {
        const label = make("label");
        const input = make("input");
        Object.assign(input, { type: "radio", name: "pg-mode", value, checked: value === "form" });
        input.addEventListener("change", () => this.switchTo(value));
        label.append(input, make("span", "", text));
        set.append(label);
      }
      return set;
    }

    acts(isAvailable) {
      const box = make("div", "pgacts");
      this.go = button("btn", "", () => (this.run.isGoing ? this.stop() : this.start()));
      this.go.disabled = !isAvailable;
      this.drawGo();
      const reset = button("btn", t("Reset"), () => this.reset());
      box.append(this.go, reset, make("span", "hint", t("Ctrl + Enter runs")));
      return box;
    }

    sessionBox() {
      const label = make("label", "pfcheck");
      this.session = make("input");
      this.session.type = "checkbox";
      label.append(this.session, make("span", "", t("Keep the variables for the next run")));
      return label;
    }

    // ---- form and JSON

    setMode(mode) {
      this.mode = mode;
      this.place.replaceChildren(mode === "form" ? this.fields.element : this.json);
      for (const one of this.form.querySelectorAll('[name="pg-mode"]')) one.checked = one.value === mode;
    }

    tellFault(words) {
      this.fault.replaceChildren();
      if (words) this.fault.append(wordsFor(new Error(words)).firstChild);
      this.fault.classList.toggle("err", Boolean(words));
    }

    // What is written, as the portal understands it; null where it is no JSON, or another tool was chosen.
    async filled() {
      const { tool } = this;
      let written;
      if (this.mode === "form") written = `"values": ${JSON.stringify(this.fields.values)}`;
      else {
        try {
          JSON.parse(this.json.value || "{}");
        } catch (error) {
          this.tellFault(t("This is no JSON: {reason}", { reason: error.message }));
          this.json.focus();
          return null;
        }
        written = `"parameters": ${this.json.value || "{}"}`;
      }
      const names = JSON.stringify(this.files.map((file) => file.name));
      try {
        const path = `${API}/tools/${encodeURIComponent(tool.id)}/form`;
        const filled = await send("POST", path, `{${written}, "files": ${names}}`);
        return tool === this.tool ? filled : null;
      } catch (error) {
        if (tool === this.tool) this.tellFault(error.message);
        return null;
      }
    }

    async switchTo(mode) {
      if (mode === this.mode) return;
      this.tellFault("");
      const filled = await this.filled();
      if (filled && mode === "json") {
        this.json.value = filled.text;
        this.setMode("json");
      } else if (filled?.values) {
        this.fields.values = filled.values;
        this.setMode("form");
      } else {
        this.setMode(this.mode);
        if (filled) this.tellFault(t("The form cannot show these parameters. They stay as JSON."));
      }
    }

    // parameters: of an example or of a run before.
    async fill(parameters) {
      this.json.value = JSON.stringify(parameters, null, 2);
      const wanted = this.fields ? "form" : "json";
      this.setMode("json");
      this.tellFault("");
      const filled = await this.filled();
      if (filled?.values && wanted === "form") {
        this.fields.values = filled.values;
        this.setMode("form");
        return;
      }
      if (filled && wanted === "form") this.tellFault(t("The form cannot show these parameters. They stay as JSON."));
    }

    reset() {
      this.files = [];
      this.drawForm(this.fresh);
      document.dispatchEvent(new CustomEvent("aiportal:tool", { detail: this.tool }));
      this.go.focus();
    }

    // ---- files

    fileList() {
      const box = make("div", "pgattach");
      box.setAttribute("role", "group");
      box.ariaLabel = t("Files");
      this.chips = make("ul", "pgchips");
      const add = button("btn i-clip", t("Add files"), () =>
        uploads.choose((given) => this.attach(given), { accept: "" }),
      );
      box.append(add, this.chips);
      box.addEventListener("dragover", (event) => {
        if (uploads.holdsFiles(event)) event.preventDefault();
      });
      box.addEventListener("drop", (event) => {
        if (!uploads.holdsFiles(event)) return;
        event.preventDefault();
        this.attach(event.dataTransfer.files);
      });
      return box;
    }

    attach(given) {
      this.tellFault("");
      for (const file of given) {
        const all = this.files.reduce((sum, one) => sum + one.size, file.size);
        if (this.files.length >= MAX_FILES || all > MAX_FILE_BYTES) {
          const most = { count: MAX_FILES, size: size(MAX_FILE_BYTES) };
          this.tellFault(t("A run takes at most {count} files and {size} together.", most));
          break;
        }
        this.files = [...this.files.filter((one) => one.name !== file.name), file];
      }
      this.drawFiles();
    }

    drawFiles() {
      this.chips.replaceChildren(
        ...this.files.map((file) =>
          uploads.chip(file.name, size(file.size), "ready i-file", () => {
            this.files = this.files.filter((one) => one !== file);
            this.drawFiles();
            this.form.querySelector(".pgattach .btn").focus();
          }),
        ),
      );
    }

    // ---- running

    async start() {
      if (this.run.isGoing || this.go.disabled) return;
      this.tellFault("");
      const { tool } = this;
      const filled = await this.filled();
      if (!filled || this.run.isGoing) return;
      if (filled.faults.length) {
        const words = (one) => (one.path ? `${one.path}: ${one.message}` : one.message);
        this.tellFault(this.mode === "form" ? this.fields.tell(filled.faults) : filled.faults.map(words).join(" "));
        return;
      }
      if (this.mode === "form") this.fields.tell([]);
      let files;
      try {
        files = await Promise.all(this.files.map(async (file) => ({ name: file.name, data: await base64(file) })));
      } catch (error) {
        this.tellFault(error.message);
        return;
      }
      if (tool !== this.tool || this.run.isGoing) return;
      const more = { tool_id: tool.id, files, session: this.session?.checked ? SESSION : null };
      const body = `{"parameters": ${filled.text}, ${JSON.stringify(more).slice(1)}`;
      this.run.start(body, tool.name);
      if (this.scroll.clientWidth <= NARROW) this.result.scrollIntoView({ block: "start" });
    }

    stop() {
      this.run.cancel();
    }

    async runApproved(id, toolId) {
      const tool = this.tools.find((one) => one.id === toolId);
      const name = tool?.name ?? toolId;
      const body = JSON.stringify({ approval_id: id });
      if (this.run.isGoing) {
        await send("POST", `${API}/tool-runs`, body).then(() => say(t("{name} runs.", { name })), (error) => say(error.message));
        await this.history.load();
        return;
      }
      if (tool && tool !== this.tool) this.choose(tool);
      this.run.start(body, name);
    }

    runChanged(run) {
      if (this.go) this.drawGo();
      if (run) this.history.load();
    }

    drawGo() {
      const { isGoing } = this.run;
      this.go.textContent = isGoing ? t("Cancel") : t("Run tool");
      this.go.classList.toggle("primary", !isGoing);
    }

    async showRun({ id }) {
      if (this.run.isGoing) return;
      const { tool } = this;
      const isLate = () => tool !== this.tool || this.run.isGoing;
      try {
        const run = await send("GET", `${API}/tool-runs/${id}?shown=true`);
        if (isLate()) return;
        if (run.status === "running" || run.status === "waiting") {
          this.shown.replaceChildren(make("p", "hint", t("It runs in another tab.")));
        } else this.shown.replaceChildren(window.aiportal.resultOf(run));
      } catch (error) {
        if (isLate()) return;
        this.shown.replaceChildren(wordsFor(error));
      }
      this.shown.scrollIntoView({ block: "nearest" });
    }

    async again(run) {
      if (this.run.isGoing) return;
      const { tool } = this;
      await this.fill(run.parameters);
      if (tool !== this.tool) return;
      if (run.files.length) {
        const names = run.files.map((file) => file.name).join(", ");
        this.tellFault(t("The portal does not keep files. Add them again, then run: {names}", { names }));
        return;
      }
      await this.start();
    }

    // ---- the same call elsewhere

    openCopyMenu() {
      const menu = make("div", "menu");
      const item = (text, kind) =>
        button("mi i-copy", text, async () => {
          menu.hidePopover();
          this.tellFault("");
          const filled = await this.filled();
          if (filled) await copyAndSay(filled.code[kind], this.copying);
        });
      menu.append(item("curl", "curl"), item("Python", "python"), item(t("Notebook"), "notebook"));
      showMenu(menu, this.copying);
    }
  }

  window.aiportal.playground = (element) => new Playground(element);
})();
