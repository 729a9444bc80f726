// The list of MCP servers: how each fares, and what can be done to it.
(() => {
  "use strict";

  const { button, call, dialog, make, moment, t, wordsFor } = window.aiportal;
  const { SERVERS, ServerForm, addressOf, tryServer } = window.aiportal.adminParts;

  const stateWords = (state) =>
    ({ connected: t("Connected"), connecting: t("Connecting…"), away: t("Away"), off: t("Switched off") })[state];

  const clock = (time) => moment(time, { timeStyle: "medium" });

  class Row {
    constructor(list, name) {
      this.list = list;
      this.name = name;
      this.element = make("li", "adserver");
      const head = make("div", "adhead");
      this.state = make("span", "adstate");
      this.kind = make("span", "tag");
      const title = make("h3", "", name);
      const acts = make("div", "adacts");
      const icon = (kind, words, act) => {
        const one = button(`ib ${kind}`, "", act);
        one.ariaLabel = one.title = words;
        return one;
      };
      this.trying = button("btn small", t("Try"), () => this.attempt());
      this.trying.ariaLabel = t("Try {name}", { name });
      this.editing = icon("i-pencil", t("Edit {name}", { name }), () => this.edit());
      acts.append(
        this.trying,
        this.editing,
        icon("i-trash", t("Remove {name}", { name }), () => this.remove()),
      );
      head.append(title, this.kind, this.state, acts);
      this.where = make("p", "adwhere mono");
      this.facts = make("p", "hint");
      this.reason = make("p", "adreason");
      this.result = make("div", "adresult");
      this.result.setAttribute("role", "status");
      this.element.append(head, this.where, this.reason, this.facts, this.result);
    }

    show(server) {
      this.server = server;
      const { config, state, reason, tools, problems } = server;
      this.state.textContent = stateWords(state);
      this.state.dataset.state = state;
      this.kind.textContent = config.url ? "HTTP" : t("Program");
      this.where.textContent = config.url ?? [config.command, ...(config.args ?? [])].join(" ");
      this.reason.textContent = state === "away" ? reason : "";
      this.reason.hidden = state !== "away";
      const facts = [t("Tools: {count}", { count: tools })];
      if (server.asked_at) facts.push(t("last asked at {time}", { time: clock(server.asked_at) }));
      if (state === "away") facts.push(this.next());
      if (state === "connected") facts.push(...problems);
      this.facts.textContent = facts.join(" · ");
    }

    next() {
      const { next_try_at: time } = this.server;
      if (!time) return t("not tried again until something is changed");
      return t("tried again at {time}", { time: clock(time) });
    }

    async attempt() {
      this.trying.disabled = true;
      this.result.replaceChildren(make("p", "hint", t("Connecting…")));
      try {
        this.result.replaceChildren(await tryServer(this.name, this.server.config));
      } catch (error) {
        this.result.replaceChildren(wordsFor(error));
      }
      this.trying.disabled = false;
    }

    edit() {
      new ServerForm(this.server, async () => {
        this.result.replaceChildren();
        await this.list.load();
        this.editing.focus();
      }).open();
    }

    remove() {
      const words = make("p", "", t("Its tools are gone at once. The entry goes from tools/config.json."));
      dialog(t("Remove {name}?", { name: this.name }), words, t("Remove"), "danger", async () => {
        try {
          await call("DELETE", addressOf(this.name));
        } catch (error) {
          this.result.replaceChildren(wordsFor(error));
          return;
        }
        await this.list.load();
        this.list.adding.focus();
      });
    }
  }

  class ServerList {
    // changed: called with the servers each time that they were asked for.
    constructor(changed) {
      this.changed = changed;
      this.rows = new Map();
      this.servers = [];
      this.element = make("section", "adsection");
      const head = make("div", "adtitle");
      const title = make("h2", "", t("MCP servers"));
      title.id = "ad-servers";
      this.element.setAttribute("aria-labelledby", title.id);
      this.adding = button("btn primary i-plus", t("Add a server"), () =>
        new ServerForm(null, async (name) => {
          await this.load();
          this.rows.get(name)?.editing.focus();
        }).open(),
      );
      head.append(title, this.adding);
      const about = t("Other programs whose tools are offered beside the portal's own.");
      this.fault = make("div");
      this.list = make("ul", "adservers");
      this.none = make("p", "adnone", t("There is no MCP server yet."));
      this.none.hidden = true;
      this.element.append(head, make("p", "adabout", about), this.fault, this.none, this.list);
    }

    async load() {
      try {
        const { data } = await call("GET", SERVERS);
        this.servers = data;
        this.fault.replaceChildren();
      } catch (error) {
        this.fault.replaceChildren(wordsFor(error));
        return;
      }
      this.draw();
      this.changed(this.servers);
    }

    draw() {
      const names = new Set(this.servers.map(({ name }) => name));
      for (const [name, row] of this.rows) {
        if (names.has(name)) continue;
        row.element.remove();
        this.rows.delete(name);
      }
      for (const server of this.servers) {
        if (!this.rows.has(server.name)) {
          const row = new Row(this, server.name);
          this.rows.set(server.name, row);
          this.list.append(row.element);
        }
        this.rows.get(server.name).show(server);
      }
      this.none.hidden = this.servers.length > 0;
      this.list.hidden = !this.servers.length;
    }

    get isSettled() {
      return this.servers.every(({ state }) => state !== "connecting");
    }
  }

  window.aiportal.adminParts.ServerList = ServerList;
})();
