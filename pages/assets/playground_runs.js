// One run at a time, followed until it is over; those of before; calls that wait for approval.
(() => {
  "use strict";

  const { button, dialog, make, moment, number, resultOf, say, t, wordsFor } = window.aiportal;
  const { API, send } = window.aiportal.parts;
  const WAIT_S = 5;
  const PAGE = 20;

  const shortParameters = (parameters) => {
    const text = Object.values(parameters)
      .map((one) => (typeof one === "string" ? one : JSON.stringify(one)))
      .join(" · ");
    return text.length > 120 ? `${text.slice(0, 120)}…` : text || "–";
  };

  const asked = (approval, act) => {
    const box = make("div", "pgasks");
    box.setAttribute("role", "group");
    box.ariaLabel = t("Approval of {name}", { name: approval.name });
    const words = make("pre", "pgtext", JSON.stringify(approval.parameters, null, 2));
    words.tabIndex = 0;
    words.setAttribute("role", "region");
    words.ariaLabel = t("Parameters");
    const acts = make("div", "acts");
    acts.append(
      button("btn primary", t("Approve"), () => act(true)),
      button("btn", t("Decline"), () => act(false)),
    );
    box.append(make("b", "", t("{name} asks before it runs. It would be called with:", approval)), words, acts);
    return box;
  };

  // ---- the run that goes on

  class Run {
    // changed: is called when it begins, waits and is over. of: the run that is shown here, a new object
    // for each: what comes of one that was left belongs to the runs of its tool, and is not shown.
    constructor(element, changed) {
      this.element = element;
      this.changed = changed;
      this.id = null;
      this.of = null;
      addEventListener("pagehide", () => {
        if (this.id) send("POST", `${API}/tool-runs/${this.id}/cancel`, undefined, { keepalive: true }).catch(() => {});
      });
    }

    get isGoing() {
      return this.id !== null;
    }

    // body: JSON text of the run to start.
    async start(body, name) {
      this.leave();
      const own = (this.of = { name });
      this.id = "";
      this.begun = performance.now();
      this.showProgress(t("Running"));
      this.changed();
      say(t("{name} runs.", { name }));
      try {
        const run = await send("POST", `${API}/tool-runs`, body);
        if (this.of !== own) {
          await send("POST", `${API}/tool-runs/${run.id}/cancel`);
          this.changed(run);
          return;
        }
        this.id = run.id;
        const ended = await this.followed(run.id, own);
        if (this.of === own) this.over(ended);
      } catch (error) {
        if (this.of === own) this.over(null, error);
      }
    }

    async followed(id, own) {
      let asking = "";
      for (;;) {
        const wait = asking ? 2 : WAIT_S;
        const run = await send("GET", `${API}/tool-runs/${id}?shown=true&wait=${wait}`);
        if (this.of !== own || (run.status !== "running" && run.status !== "waiting")) return run;
        if (run.status === "waiting" && asking !== run.approval_id) {
          asking = run.approval_id;
          this.ask(run, own.name);
        }
      }
    }

    // Cancels the run that goes on, if one does, and shows nothing more of it. Its tool's name, or null.
    leave() {
      if (!this.isGoing) return null;
      const { id } = this;
      const { name } = this.of;
      clearInterval(this.timer);
      this.id = this.of = null;
      if (id) send("POST", `${API}/tool-runs/${id}/cancel`).catch(() => {});
      this.changed();
      return name;
    }

    ask(run, name) {
      const own = this.of;
      const act = async (approve) => {
        this.showProgress(approve ? t("Running") : t("Declining"));
        try {
          await send("POST", `${API}/tools/approvals/${run.approval_id}`, JSON.stringify({ approve }));
        } catch (error) {
          if (this.of === own) this.over(null, error);
        }
      };
      clearInterval(this.timer);
      const box = asked({ name, parameters: run.parameters }, act);
      this.element.replaceChildren(box);
      box.querySelector("button").focus();
      say(t("{name} asks before it runs.", { name }));
    }

    showProgress(words) {
      clearInterval(this.timer);
      const line = make("div", "pgstatus going");
      const seconds = make("span", "secs");
      const tick = () => {
        const passed = (performance.now() - this.begun) / 1_000;
        seconds.textContent = t("{count} s", { count: number(passed, { maximumFractionDigits: 0 }) });
      };
      tick();
      this.timer = setInterval(tick, 250);
      line.append(make("span", "pulse"), make("b", "", words), seconds);
      this.element.replaceChildren(line);
    }

    over(run, error) {
      clearInterval(this.timer);
      if (this.id === null) return;
      this.id = this.of = null;
      this.element.replaceChildren(run ? resultOf(run) : wordsFor(error));
      if (run) say(this.element.querySelector(".pgstatus").textContent);
      this.changed(run);
    }

    async cancel() {
      const { id } = this;
      if (!id) {
        this.over(null, new Error(t("Cancelled")));
        return;
      }
      await send("POST", `${API}/tool-runs/${id}/cancel`).catch(() => {});
    }
  }

  // ---- what was run before

  const SIGNS = { done: "i-check", failed: "i-close", cancelled: "i-stop", interrupted: "i-close" };
  const STATES = {
    running: t("running"),
    waiting: t("waits for approval"),
    done: t("succeeded"),
    failed: t("failed"),
    cancelled: t("cancelled"),
    interrupted: t("broken off"),
  };

  class History {
    // acts: show(run), again(run).
    constructor(acts) {
      this.acts = acts;
      this.element = make("section", "pghistory");
      this.element.ariaLabel = t("Your runs");
      const head = make("div", "pghead");
      this.clear = button("lnk", t("Delete all"), () => this.askToClear());
      head.append(make("h2", "", t("Your runs")), this.clear);
      this.list = make("ul", "pgruns");
      this.more = button("btn", t("Show older runs"), () => this.load(this.last));
      this.note = make("p", "hint");
      this.element.append(head, this.list, this.note, this.more);
    }

    async load(after = "") {
      const { toolId } = this;
      try {
        const path = `${API}/tool-runs?limit=${PAGE}&tool_id=${encodeURIComponent(toolId)}`;
        const found = await send("GET", after ? `${path}&after=${after}` : path, undefined, { isExact: true });
        if (toolId !== this.toolId) return;
        if (!after) this.list.replaceChildren();
        this.list.append(...found.data.map((run) => this.row(run)));
        this.last = found.data.at(-1)?.id;
        this.more.hidden = !found.has_more;
        this.clear.hidden = !this.list.childElementCount;
        this.note.textContent = this.list.childElementCount
          ? t("The portal keeps your last 100 runs, without the files that you sent.")
          : t("What you run is listed here.");
      } catch (error) {
        this.note.textContent = error.message;
      }
    }

    row(run) {
      const item = make("li");
      const open = button(`pgrun ${SIGNS[run.status] ?? "i-retry"} ${run.status}`, "", () => this.acts.show(run));
      const words = make("span", "what");
      const time = moment(run.created_at, { dateStyle: "short", timeStyle: "short" });
      words.append(make("span", "t", shortParameters(run.parameters)));
      words.append(make("span", "hint", `${STATES[run.status]} · ${time}`));
      open.append(words);
      const again = button("ib i-retry", "", () => this.acts.again(run));
      again.ariaLabel = again.title = t("Run again");
      const remove = button("ib i-trash", "", () => this.remove(run, item));
      remove.ariaLabel = remove.title = t("Delete this run");
      item.append(open, again, remove);
      return item;
    }

    async remove(run, item) {
      try {
        await send("DELETE", `${API}/tool-runs/${run.id}`);
      } catch (error) {
        this.note.textContent = error.message;
        return;
      }
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      (next?.querySelector(".i-trash") ?? this.element.querySelector("summary, button"))?.focus();
      say(t("The run is deleted."));
      if (!this.list.childElementCount) this.load();
    }

    askToClear() {
      const words = make("p", "", t("The runs of all tools go, with the files that they made."));
      dialog(t("Delete all your runs?"), words, t("Delete"), "danger", async () => {
        try {
          await send("DELETE", `${API}/tool-runs`);
        } catch (error) {
          this.note.textContent = error.message;
          return;
        }
        this.load();
      });
    }
  }

  // ---- calls from elsewhere that wait for the caller's word

  class Approvals {
    // runs: the one run of this page. nameOf: a tool's name by its id. approved: what to do with one.
    constructor({ runs, nameOf, approved }) {
      this.runs = runs;
      this.nameOf = nameOf;
      this.approved = approved;
      this.element = make("section", "pgapprovals");
      this.element.ariaLabel = t("Calls that wait for you");
      this.element.hidden = true;
      this.shown = "";
    }

    async load() {
      let data;
      try {
        ({ data } = await send("GET", `${API}/tools/approvals`));
      } catch {
        return;
      }
      const own = this.runs.isGoing ? this.runs.id : null;
      const run = own ? await send("GET", `${API}/tool-runs/${own}?shown=true`).catch(() => null) : null;
      const waiting = data.filter(({ id }) => id !== run?.approval_id);
      const key = waiting.map(({ id }) => id).join(" ");
      if (key === this.shown) return;
      this.shown = key;
      this.element.hidden = !waiting.length;
      this.element.replaceChildren(make("h2", "", t("Calls that wait for you")));
      for (const { id, toolId, parameters } of waiting) {
        const about = { name: this.nameOf(toolId), parameters };
        this.element.append(asked(about, (approve) => this.decide(id, toolId, approve)));
      }
    }

    async decide(id, toolId, approve) {
      if (approve) await this.approved(id, toolId);
      else {
        const text = JSON.stringify({ approve });
        await send("POST", `${API}/tools/approvals/${id}`, text).catch((error) => say(error.message));
        say(t("The call is declined."));
      }
      await this.load();
    }
  }

  Object.assign(window.aiportal, { Approvals, RunHistory: History, ToolRun: Run });
})();
