// Single answers: what they used, what was asked for them as it was sent, and what they are rated.
(() => {
  "use strict";

  const { acts, button, chatInAddress, copyAndSay, make, mends, moment, number, saveFile, say } =
    window.aiportal;
  const { call, showMenu, t } = window.aiportal;
  const REASONS = {
    // as they are stored, and as they are read
    good: {
      Correct: t("Correct"),
      Complete: t("Complete"),
      Clear: t("Clear"),
      "Well written": t("Well written"),
    },
    poor: {
      Wrong: t("Wrong"),
      Incomplete: t("Incomplete"),
      "Ignores what was asked": t("Ignores what was asked"),
      "Too long": t("Too long"),
      Unsafe: t("Unsafe"),
    },
  };
  const MAX_COMMENT_CHARS = 2_000;

  const API = "/api/v1";
  const ofMessage = (id) => `/messages/${encodeURIComponent(id)}`;

  const reading = (title, ...parts) => {
    const box = make("dialog", "dialog reading");
    const heading = make("h2", "", title);
    heading.id = "reading-title";
    box.setAttribute("aria-labelledby", heading.id);
    const actions = make("div", "acts");
    const close = button("btn primary", t("Close"), () => box.close());
    actions.append(close);
    const body = make("div", "rbody");
    body.tabIndex = 0;
    body.append(...parts);
    box.append(heading, body, actions);
    const opener = document.activeElement;
    box.addEventListener("close", () => {
      box.remove();
      opener?.focus?.({ preventScroll: true });
    });
    document.body.append(box);
    box.showModal();
    close.focus();
    return box;
  };

  const failed = (error) => {
    const problem = make("div", "err");
    problem.setAttribute("role", "alert");
    problem.append(make("p", "", error.message));
    reading(t("That did not work"), problem);
  };

  // ---- what an answer used

  const seconds = (ms) => t("{seconds} s", { seconds: number(ms / 1000, { maximumFractionDigits: 2 }) });

  const factsOf = (message) => {
    const used = message.usage;
    const facts = [[t("Model asked for"), message.model]];
    if (used) {
      const writing = used.ttft_ms === null ? 0 : (used.latency_ms - used.ttft_ms) / 1000;
      const speed = (used.completion_tokens - 1) / writing;
      facts.push(
        [t("Model that answered"), used.model],
        [t("Deployment"), used.deployment],
        [t("Input tokens"), number(used.prompt_tokens)],
        [t("of them cached"), number(used.cached_tokens)],
        [t("Output tokens"), number(used.completion_tokens)],
        [t("of them reasoning"), number(used.reasoning_tokens)],
        [t("Tokens counted by"), used.is_estimated ? t("the portal, an estimate") : t("the provider")],
        [t("Cost"), `$${number(used.cost_usd, { maximumFractionDigits: 8 })}`],
        [t("First token after"), used.ttft_ms === null ? "" : seconds(used.ttft_ms)],
        [t("Whole answer after"), seconds(used.latency_ms)],
        [t("Speed"), writing > 0 && speed > 0 ? t("{count} tokens/s", { count: number(Math.round(speed)) }) : ""],
        [t("Calls of the model"), number(used.calls)],
        [t("Request id"), used.request_id],
      );
    }
    facts.push(
      [t("Ended with"), message.finish_reason ?? message.status],
      [t("Asked at"), moment(message.created_at, { dateStyle: "medium", timeStyle: "medium" })],
      [t("Message id"), message.id],
    );
    return facts.filter(([, value]) => value);
  };

  const showDetails = async (id) => {
    const chat = encodeURIComponent(chatInAddress());
    const message = await call("GET", `${API}/conversations/${chat}${ofMessage(id)}`);
    const list = make("dl", "facts");
    for (const [name, value] of factsOf(message)) list.append(make("dt", "", name), make("dd", "", value));
    reading(t("About this answer"), list);
  };

  // ---- what was sent and what came back

  const jsonPart = (name, copying, value) => {
    const text = JSON.stringify(value, null, 2);
    const head = make("div", "rhead");
    const copier = button("ib i-copy", "", () => copyAndSay(text, copier));
    copier.title = copier.ariaLabel = copying;
    head.append(make("h3", "", name), copier);
    const block = make("pre", "", text);
    block.tabIndex = 0;
    block.setAttribute("aria-label", name);
    const part = make("section");
    part.append(head, block);
    return part;
  };

  const showRaw = async (id) => {
    const raw = await call("GET", `${API}${ofMessage(id)}/raw`);
    const box = reading(
      t("Request and response"),
      make("p", "", raw.note),
      jsonPart(t("Request"), t("Copy the request"), raw.request),
      jsonPart(t("Response"), t("Copy the response"), raw.response),
    );
    box.classList.add("raw");
  };

  const copyMarkdown = async (id, opener) => {
    const chat = encodeURIComponent(chatInAddress());
    const { content } = await call("GET", `${API}/conversations/${chat}${ofMessage(id)}`);
    await copyAndSay(content, opener);
  };

  const copyCode = async (id, kind, opener) => {
    const { code } = await call("GET", `${API}${ofMessage(id)}/raw`);
    await copyAndSay(code[kind], opener);
  };

  const saveNotebook = async (id) => {
    const { code } = await call("GET", `${API}${ofMessage(id)}/raw`);
    saveFile("question.ipynb", "application/x-ipynb+json", JSON.stringify(code.notebook, null, 1));
  };

  window.aiportal.answerItems = (id, opener, item) => {
    item("info", t("Details"), () => showDetails(id).catch(failed));
    item("code", t("Request and response"), () => showRaw(id).catch(failed));
    item("copy", t("Copy as Markdown"), () => copyMarkdown(id, opener).catch(failed));
    item("copy", t("Copy as curl"), () => copyCode(id, "curl", opener).catch(failed));
    item("copy", t("Copy as Python"), () => copyCode(id, "python", opener).catch(failed));
    item("download", t("Save as notebook"), () => saveNotebook(id).catch(failed));
  };

  // ---- ratings

  const RATED = "#chat-log :is(.act-good, .act-poor)";

  const press = (pressed, value) => {
    for (const one of pressed.closest(".acts").querySelectorAll(".act-good, .act-poor")) {
      one.classList.toggle("on", value !== null && one.classList.contains(`act-${value}`));
    }
    markPressed();
  };

  const markPressed = () => {
    for (const one of document.querySelectorAll(RATED)) {
      const isOn = String(one.classList.contains("on"));
      if (one.ariaPressed !== isOn) one.ariaPressed = isOn;
    }
  };

  const askWhy = (pressed, value, { reasons, comment }) => {
    const id = pressed.value;
    const menu = make("div", "menu why-menu");
    menu.setAttribute("role", "dialog");
    menu.setAttribute("aria-label", t("Reasons for the rating"));
    const chosen = new Set(reasons);
    const chips = make("div", "reasons");
    for (const reason of new Set([...Object.keys(REASONS[value]), ...reasons])) {
      const chip = button("reason", REASONS[value][reason] ?? reason, () => {
        if (!chosen.delete(reason)) chosen.add(reason);
        chip.ariaPressed = String(chosen.has(reason));
      });
      chip.ariaPressed = String(chosen.has(reason));
      chips.append(chip);
    }
    const label = make("label", "field", t("Comment, if you like"));
    const area = make("textarea");
    area.rows = 2;
    area.maxLength = MAX_COMMENT_CHARS;
    area.value = comment;
    label.append(area);
    const leave = () => {
      menu.hidePopover();
      pressed.focus({ preventScroll: true });
    };
    const keep = button("btn primary", t("Save"), async () => {
      const rating = { value, reasons: [...chosen], comment: area.value };
      leave();
      await call("PUT", `${API}${ofMessage(id)}/rating`, rating).then(() => say(t("Saved.")), failed);
    });
    const remove = button("btn", t("Remove rating"), async () => {
      leave();
      await call("DELETE", `${API}${ofMessage(id)}/rating`).then(() => press(pressed, null), failed);
    });
    const actions = make("div", "acts");
    actions.append(remove, keep);
    menu.append(make("p", "", value === "good" ? t("What was good?") : t("What was poor?")));
    menu.append(chips, label, actions);
    showMenu(menu, pressed);
  };

  const rate = async (pressed, value) => {
    const path = `${API}${ofMessage(pressed.value)}/rating`;
    const isOn = pressed.classList.contains("on");
    const rating = isOn ? await call("GET", path) : await call("PUT", path, { value });
    press(pressed, value);
    askWhy(pressed, value, rating);
  };

  mends.push(markPressed);
  Object.assign(acts, {
    good: (pressed) => rate(pressed, "good").catch(failed),
    poor: (pressed) => rate(pressed, "poor").catch(failed),
  });
})();
