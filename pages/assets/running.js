// Blocks of Python in answers, run by the reader in the portal's sandbox. What comes of it is shown below
// the block and kept nowhere; the model hears nothing of it.
(() => {
  "use strict";

  const { acts, button, call, make, number, say, t } = window.aiportal;
  const PATH = "/api/v1/tools/code-execution/execute";
  const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
  const MAX_SHOWN_CHARS = 20_000;
  const MAX_ROWS = 50;
  const MAX_COLUMNS = 12;
  const TICK_MS = 100;

  const seconds = (ms) => t("{seconds} s", { seconds: number(ms / 1000, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) });
  const short = (text) => (text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text);

  // ---- what came of it; nothing of it is taken for HTML

  const plain = (text, classes = "tplain") => {
    const box = make("div", classes, short(text));
    box.tabIndex = 0;
    return box;
  };

  const isRow = (row) =>
    row !== null &&
    typeof row === "object" &&
    !Array.isArray(row) &&
    Object.values(row).every((cell) => cell === null || typeof cell !== "object");

  const isTable = (rows) => rows.length > 0 && rows.every(isRow);

  // Records, or figures by two names: the outer ones stand in a first column without a name.
  const rowsOf = (value) => {
    if (Array.isArray(value)) return isTable(value) ? value : null;
    if (value === null || typeof value !== "object" || !isTable(Object.values(value))) return null;
    return Object.entries(value).map(([name, row]) => ({ "": name, ...row }));
  };

  const table = (rows) => {
    const names = [...new Set(rows.slice(0, MAX_ROWS).flatMap(Object.keys))].slice(0, MAX_COLUMNS);
    const grid = make("table");
    const head = grid.createTHead().insertRow();
    const isNumber = (name) => rows.every((row) => typeof row[name] === "number");
    for (const name of names) head.append(make("th", isNumber(name) ? "right" : "", name));
    const body = grid.createTBody();
    for (const row of rows.slice(0, MAX_ROWS)) {
      const line = body.insertRow();
      for (const name of names) {
        const cell = line.insertCell();
        cell.textContent = row[name] ?? "";
        if (typeof row[name] === "number") cell.className = "right";
      }
    }
    const scrolled = make("div", "tscroll");
    scrolled.append(grid);
    if (rows.length <= MAX_ROWS) return [scrolled];
    const words = t("{count} rows, of which the first are shown.", { count: number(rows.length) });
    return [scrolled, make("p", "tnote", words)];
  };

  const valueOf = (value) => {
    const rows = rowsOf(value);
    if (rows) return table(rows);
    return [plain(typeof value === "string" ? value : JSON.stringify(value, null, 2))];
  };

  const bytesOf = (data) => Uint8Array.from(atob(data), (one) => one.charCodeAt(0));

  const fileOf = ({ name, mime, data }) => {
    if (PICTURES.includes(mime)) {
      const image = make("img", "shot");
      image.src = `data:${mime};base64,${data}`;
      image.alt = name;
      return image;
    }
    const link = make("a", "qfile i-file");
    link.append(make("b", "", name));
    link.href = URL.createObjectURL(new Blob([bytesOf(data)], { type: "application/octet-stream" }));
    link.download = name;
    return link;
  };

  const labelled = (words, parts) => [make("p", "tlabel", words), ...parts];

  const outcome = (told) => {
    const parts = [];
    if (!told.success) parts.push(plain(`${told.error.type}: ${told.error.message}`, "terr"));
    else if (told.result !== null) parts.push(...labelled(t("Result"), valueOf(told.result)));
    if (told.stdout) parts.push(...labelled(t("Printed"), [plain(told.stdout)]));
    if (told.stderr) parts.push(...labelled(t("Printed as errors"), [plain(told.stderr)]));
    parts.push(...told.artifacts.map(fileOf));
    if (told.truncated) parts.push(make("p", "tnote", t("A part was too long and was left out.")));
    if (!parts.length) parts.push(make("p", "tnote", t("It gave no result.")));
    return parts;
  };

  // ---- one run

  class Run {
    constructor(block) {
      this.stopping = new AbortController();
      this.box = make("div", "runout");
      this.state = make("span", "tstate s-running", t("running"));
      this.time = make("span", "ttime");
      this.body = make("div", "md rbody");
      this.stop = button("lnk", t("Cancel"), () => this.stopping.abort());
      this.close = button("lnk", t("Close"), () => this.end());
      this.close.hidden = true;
      const head = make("div", "rhead");
      const note = make("span", "rnote", t("Neither stored nor sent to the model"));
      head.append(this.state, this.time, note, this.stop, this.close);
      this.box.append(head, this.body);
      block.nextElementSibling?.matches(".runout") && block.nextElementSibling.remove();
      block.after(this.box);
    }

    async go(code, approval = null) {
      const began = performance.now();
      const ticking = setInterval(() => (this.time.textContent = seconds(performance.now() - began)), TICK_MS);
      try {
        const told = approval
          ? await call("POST", `/api/v1/tools/approvals/${approval}`, { approve: true }, this.stopping.signal)
          : await call("POST", PATH, { parameters: { code } }, this.stopping.signal);
        if (told.approvalId) {
          await this.go(code, told.approvalId); // whoever presses Run has agreed to this code
          return;
        }
        this.time.textContent = seconds(told.durationMs);
        this.show(told.success ? "done" : "failed", outcome(told));
      } catch (error) {
        if (this.stopping.signal.aborted) this.show("cancelled", []);
        else this.show("failed", [plain(error.message, "terr")]);
      } finally {
        clearInterval(ticking);
      }
    }

    show(state, parts) {
      const words = { done: t("done"), failed: t("failed"), cancelled: t("cancelled") }[state];
      this.state.className = `tstate s-${state}`;
      this.state.textContent = words;
      this.stop.hidden = true;
      this.close.hidden = false;
      this.body.replaceChildren(...parts);
      say(t("The code has run: {state}.", { state: words }));
    }

    end() {
      for (const one of this.box.querySelectorAll("a[href^='blob:']")) URL.revokeObjectURL(one.href);
      const block = this.box.previousElementSibling;
      this.box.remove();
      block?.querySelector(".act-run-code")?.focus();
    }
  }

  acts["run-code"] = (pressed) => {
    const block = pressed.closest(".code");
    new Run(block).go(block.querySelector("pre").textContent);
  };
})();
