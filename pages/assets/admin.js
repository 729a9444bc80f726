// The administration: for now its section "Tools". Nothing is asked for where the reader is no administrator.
(() => {
  "use strict";

  const { button, call, make, setDrawer, t, wordsFor } = window.aiportal;
  const { ServerList } = window.aiportal.adminParts;
  const TOOLS = "/api/admin/tools";
  const LOOK_EVERY_MS = 10_000;
  const LOOK_SOON_MS = 1_000;
  const REST_MS = 1_000; // between looks whether it is time

  const tierWords = (tier) => {
    if (tier === "namespaces") {
      return [t("Namespaces"), t("Each call has a system of its own: files, processes, no network. There is no stronger sandbox.")];
    }
    if (tier === "landlock") {
      return ["Landlock", t("Each call is kept to its own folder, without network. Namespaces would be stronger.")];
    }
    return [t("None"), t("Tools cannot run here.")];
  };

  class Tile {
    constructor(name) {
      this.element = make("div", "adtile");
      this.value = make("b", "", "…");
      this.words = make("p");
      this.element.append(make("h3", "", name), this.value, this.words);
    }

    show(value, words) {
      this.value.textContent = value;
      this.words.textContent = words;
    }
  }

  class Admin {
    constructor(element) {
      this.root = element.querySelector(".ad") ?? element;
      this.layOut();
      this.open();
    }

    layOut() {
      const side = make("div", "side");
      const list = make("nav", "slist grow-y");
      list.ariaLabel = t("Administration");
      const item = make("li", "on");
      const row = button("srow", "", () => setDrawer(false));
      row.setAttribute("aria-current", "true");
      row.append(make("span", "t", t("Tools")));
      item.append(row);
      const sections = make("ul");
      sections.append(item);
      list.append(sections);
      side.append(list);
      side.hidden = true;
      this.side = side;

      const bar = make("div", "row bar");
      const title = make("div", "ttl grow");
      const menu = button("icb i-menu only-m", "", () => {});
      menu.dataset.act = "drawer";
      menu.ariaLabel = t("Open the menu");
      menu.setAttribute("aria-expanded", "false");
      title.append(menu, make("h1", "", t("Administration")));
      const mode = button("icb mode", "", () => {});
      mode.dataset.act = "mode";
      mode.ariaLabel = mode.title = t("Light or dark");
      bar.append(title, mode);

      this.body = make("div", "adbody");
      const scroll = make("div", "adscroll scroll");
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "region");
      scroll.ariaLabel = t("Administration");
      scroll.append(this.body);
      const main = make("div", "main");
      main.append(bar, scroll);
      this.root.replaceChildren(side, main);
    }

    async open() {
      try {
        const { role } = await call("GET", "/api/auth/me");
        if (role !== "admin") {
          this.refuse();
          return;
        }
      } catch (error) {
        this.body.replaceChildren(wordsFor(error));
        return;
      }
      this.side.hidden = false;
      this.showTools();
    }

    refuse() {
      const box = make("div", "empty");
      const icon = make("span", "ic i-sliders");
      icon.setAttribute("aria-hidden", "true");
      const words = t("Tools, sandbox and MCP servers are seen to here. Ask an administrator of this portal for what you miss.");
      box.append(icon, make("h2", "", t("This is for administrators")), make("p", "", words));
      this.body.replaceChildren(box);
    }

    // ---- tools

    showTools() {
      this.sandbox = new Tile(t("Sandbox in force"));
      this.tools = new Tile(t("Tools"));
      this.counts = new Tile(t("MCP servers"));
      this.reloading = button("btn small i-retry", t("Reload"), () => this.reload());
      this.tools.element.append(this.reloading);
      const strip = make("div", "adstrip");
      strip.append(this.sandbox.element, this.tools.element, this.counts.element);
      this.why = make("section", "adsection");
      this.why.hidden = true;
      this.problems = make("section", "adsection");
      this.problems.hidden = true;
      this.fault = make("div");
      this.told = make("p", "only-sr");
      this.told.setAttribute("role", "status");
      this.servers = new ServerList((servers) => this.countServers(servers));
      const heading = make("h2", "only-sr", t("Tools"));
      this.body.replaceChildren(heading, strip, this.told, this.fault, this.why, this.problems, this.servers.element);
      this.loadSandbox();
      this.look();
      let last = Date.now();
      setInterval(() => {
        const due = this.servers.isSettled ? LOOK_EVERY_MS : LOOK_SOON_MS;
        if (document.visibilityState !== "visible" || !this.root.offsetParent || Date.now() - last < due) return;
        last = Date.now();
        this.look();
      }, REST_MS);
    }

    async look() {
      await this.servers.load();
      await this.loadState("GET", TOOLS);
    }

    async loadSandbox() {
      try {
        const { tier, reasons } = await call("GET", `${TOOLS}/sandbox`);
        this.sandbox.show(...tierWords(tier));
        this.sandbox.element.classList.toggle("bad", !tier);
        this.showList(this.why, tier ? t("Why no stronger one, and what would help") : t("Why, and what would help"), reasons);
      } catch (error) {
        this.sandbox.show("–", error.message);
      }
    }

    async reload() {
      this.reloading.disabled = true;
      this.told.textContent = "";
      await this.loadState("POST", `${TOOLS}/reload`);
      await this.servers.load();
      this.reloading.disabled = false;
      this.told.textContent = t("The files were read: {words}", { words: this.tools.words.textContent });
    }

    async loadState(method, path) {
      let state;
      try {
        state = await call(method, path);
      } catch (error) {
        this.fault.replaceChildren(wordsFor(error));
        return;
      }
      this.fault.replaceChildren();
      const ofServers = new Set(
        this.servers.servers.flatMap(({ name, problems }) => problems.map((one) => `mcpServers.${name} ${one}`)),
      );
      const problems = state.problems.filter(({ field, allowed }) => !ofServers.has(`${field} ${allowed}`));
      const words = problems.length
        ? t("Problems with their files: {count}", { count: problems.length })
        : t("Nothing is wrong with their files.");
      this.tools.show(String(state.tools), words);
      this.tools.element.classList.toggle("bad", problems.length > 0);
      const lines = problems.map(({ file, field, value, allowed }) => {
        const line = make("span");
        const where = make("code", "", [file, field].filter(Boolean).join(" · "));
        line.append(where, ` ${value ? `${value}: ` : ""}${allowed}`);
        return line;
      });
      this.showList(this.problems, t("Problems with the files of the tools"), lines);
    }

    showList(section, title, lines) {
      section.hidden = !lines.length;
      const list = make("ul", "adlines");
      for (const line of lines) {
        const item = make("li");
        item.append(line);
        list.append(item);
      }
      if (section.textContent === title + list.textContent) return;
      section.replaceChildren(make("h2", "", title), list);
    }

    countServers(servers) {
      const up = servers.filter(({ state }) => state === "connected").length;
      const away = servers.filter(({ state }) => state === "away").length;
      const words = away ? t("Away: {count}", { count: away }) : t("None is away.");
      this.counts.show(`${up} / ${servers.length}`, servers.length ? `${t("connected")} · ${words}` : t("There is no MCP server yet."));
      this.counts.element.classList.toggle("bad", away > 0);
    }
  }

  window.aiportal.admin = (element) => new Admin(element);
})();
