// What the parts of the playground share: calls of the portal, fields, tabs, code with line numbers.
(() => {
  "use strict";

  const { make, number, t } = window.aiportal;
  const API = "/api/v1";

  // A number that a double cannot hold stays as it was written.
  const whole = (_, value, context) =>
    Number.isInteger(value) && !Number.isSafeInteger(value) ? JSON.rawJSON(context.source) : value;

  // A call whose body is JSON text already: numbers of any size go as they were written.
  // isExact: what comes is written once more with JSON.stringify, and is to keep all its digits.
  const send = async (method, path, text, { keepalive = false, isExact = false } = {}) => {
    let response;
    try {
      const headers = text === undefined ? {} : { "content-type": "application/json" };
      response = await fetch(path, { method, headers, body: text, keepalive });
    } catch {
      throw new Error(t("The portal cannot be reached. Try again in a moment."));
    }
    if (response.status === 204) return null;
    if (response.status === 401) location.assign("/login");
    const answer = JSON.parse(await response.text(), isExact && JSON.rawJSON ? whole : undefined);
    if (response.ok) return answer;
    throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
  };

  const size = (bytes) => {
    if (bytes < 1_000) return `${number(bytes)} B`;
    if (bytes < 1_000_000) return `${number(bytes / 1_000, { maximumFractionDigits: 1 })} kB`;
    return `${number(bytes / 1_000_000, { maximumFractionDigits: 1 })} MB`;
  };

  const duration = (ms) =>
    ms < 1_000
      ? `${number(Math.round(ms))} ms`
      : `${number(ms / 1_000, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} s`;

  // A paragraph of words that a tool's author has written: what stands in `backticks` is code.
  const described = (className, text) => {
    const words = make("p", className);
    text.split(/`([^`]+)`/).forEach((piece, place) => {
      words.append(place % 2 ? make("code", "", piece) : piece);
    });
    return words;
  };

  // A list of tabs with their panels: arrows go from one to the next. parts: [name, element].
  let count = 0;
  const tabs = (label, parts, chosen = 0) => {
    const box = make("div", "pgtabs");
    const list = make("div", "pgtablist");
    list.setAttribute("role", "tablist");
    list.ariaLabel = label;
    const buttons = [];
    const panels = [];
    const show = (place) => {
      buttons.forEach((one, index) => {
        one.setAttribute("aria-selected", String(index === place));
        one.tabIndex = index === place ? 0 : -1;
        panels[index].hidden = index !== place;
      });
    };
    for (const [name, element] of parts) {
      const id = `pg-tab-${(count += 1)}`;
      const one = make("button", "", name);
      Object.assign(one, { type: "button", id });
      one.setAttribute("role", "tab");
      one.setAttribute("aria-controls", `${id}-panel`);
      const place = buttons.length;
      one.addEventListener("click", () => show(place));
      const panel = make("div", "pgpanel");
      panel.id = `${id}-panel`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", id);
      panel.append(element);
      buttons.push(one);
      panels.push(panel);
    }
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const forward = document.documentElement.dir === "rtl" ? -step : step;
      const next = (buttons.indexOf(document.activeElement) + forward + buttons.length) % buttons.length;
      show(next);
      buttons[next].focus();
    });
    list.append(...buttons);
    box.append(list, ...panels);
    show(Math.max(chosen, 0));
    return box;
  };

  // A box for a program: lines have numbers, a new line keeps its indentation. Tab goes on to the next
  // field as everywhere; Ctrl+] and Ctrl+[ indent.
  const codeBox = (area) => {
    const box = make("div", "pgcode");
    const lines = make("pre", "pglines");
    lines.setAttribute("aria-hidden", "true");
    area.wrap = "off";
    area.spellcheck = false;
    const insert = (text) => {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const lineStart = () => area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
    const indent = (isMore) => {
      const start = lineStart();
      const place = area.selectionStart;
      if (isMore) area.setRangeText("    ", start, start, "preserve");
      else if (area.value.startsWith("    ", start)) area.setRangeText("", start, start + 4, "preserve");
      else return;
      area.selectionStart = area.selectionEnd = Math.max(start, place + (isMore ? 4 : -4));
      area.dispatchEvent(new Event("input", { bubbles: true }));
    };
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
        const line = area.value.slice(lineStart(), area.selectionStart);
        const deeper = /:\s*$/.test(line) ? "    " : "";
        event.preventDefault();
        insert(`\n${/^\s*/.exec(line)[0]}${deeper}`);
      } else if ((event.ctrlKey || event.metaKey) && (event.key === "]" || event.key === "[")) {
        event.preventDefault();
        indent(event.key === "]");
      }
    });
    const draw = () => {
      const wanted = area.value.split("\n").length;
      if (Number(lines.dataset.count) === wanted) return;
      lines.dataset.count = wanted;
      lines.textContent = Array.from({ length: wanted }, (_, place) => place + 1).join("\n");
    };
    area.addEventListener("input", draw);
    area.addEventListener("scroll", () => (lines.scrollTop = area.scrollTop));
    box.append(lines, area);
    draw();
    return { box, draw };
  };

  window.aiportal.parts = { API, codeBox, described, duration, send, size, tabs };
})();
