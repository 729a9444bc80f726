// What the page does by itself: light and dark, the drawer, copying, menus, and clicks for Python.
(() => {
  "use strict";

  const root = document.documentElement;

  // ---- the reader's language: the page is in it already; Gradio's own texts follow the browser's

  if (root.dataset.language) {
    const language = root.lang;
    Object.defineProperty(navigator, "language", { get: () => language });
    Object.defineProperty(navigator, "languages", { get: () => [language] });
  }

  const texts = window.aiportalTexts ?? {};
  const t = (text, values = {}) => {
    let said = texts[text] ?? text;
    for (const [name, value] of Object.entries(values)) said = said.replaceAll(`{${name}}`, value);
    return said;
  };

  // Numbers and dates as the page's language writes them, with the digits that the portal writes.
  const locale = `${root.lang || "en"}-u-nu-latn`;
  const number = (value, options) => new Intl.NumberFormat(locale, options).format(value);
  const moment = (value, options) => new Intl.DateTimeFormat(locale, options).format(new Date(value));

  // ---- light and dark: `data-theme` on the root decides; Gradio's own class follows it

  const systemDark = matchMedia("(prefers-color-scheme: dark)");

  // What was chosen last in this browser. It counts on the pages before the app, and on the app's own,
  // which comes with what the portal has, until the portal has it too.
  const remembered = () => {
    try {
      return JSON.parse(localStorage.getItem("aiportal-look")) ?? {};
    } catch {
      return {}; // storage is closed to framed pages in some browsers
    }
  };

  const rememberLook = (look) => {
    try {
      localStorage.setItem("aiportal-look", JSON.stringify({ ...remembered(), ...look }));
    } catch {
      // then it holds until the page is left
    }
  };

  const here = remembered();
  if (here.isUnsaved || root.dataset.look === undefined) {
    root.dataset.look = here.theme ?? "";
    root.dataset.density = here.density ?? "comfortable";
  } else rememberLook({ theme: root.dataset.look, density: root.dataset.density });

  const asked = new URLSearchParams(location.search).get("__theme");

  const applyMode = (mode) => {
    root.dataset.theme = mode;
    document.body?.classList.toggle("dark", mode === "dark");
  };

  const currentMode = () => {
    const mode = root.dataset.look || asked;
    if (mode === "dark" || mode === "light") return mode;
    return systemDark.matches ? "dark" : "light";
  };

  const switchMode = () => {
    window.aiportal.keepLook({ theme: root.dataset.theme === "dark" ? "light" : "dark" });
  };

  applyMode(currentMode());
  systemDark.addEventListener("change", () => applyMode(currentMode()));

  // ---- Gradio's clocks beside its progress bars, of which this page shows none, ask for every frame
  // of the screen, and go on for good where their part of the page has gone

  const CLOCK_MS = 1_000;
  const DRAWN_MS = 150; // until what is sent stands in the log
  const nextFrame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) =>
    /performance\.now\(\)/.test(act) ? setTimeout(act, CLOCK_MS) : nextFrame(act);

  // ---- the open chat stands in the address, so that a reload or another tab finds it

  const chatInAddress = () => new URLSearchParams(location.search).get("chat") ?? "";

  const isTemporary = () => chatInAddress().startsWith("temp_");

  const showChatInAddress = (id) => {
    document.dispatchEvent(new CustomEvent("aiportal:chat", { detail: id }));
    if (id === chatInAddress()) return;
    const url = new URL(location.href);
    if (id) url.searchParams.set("chat", id);
    else url.searchParams.delete("chat");
    history.pushState(null, "", url);
  };

  if (chatInAddress()) root.classList.add("opening");
  const opened = () => {
    root.classList.remove("opening");
    root.dataset.ready = ""; // the page is filled and takes questions
    document.dispatchEvent(new Event("aiportal:opened"));
  };

  // ---- clicks for Python

  let trigger = null;
  const connect = (given) => {
    trigger = given;
  };
  const tell = (name, data) => trigger?.(name, data);

  // by: what brings something else to the page, "chat" or an event of a message.
  const leaving = (by) => document.dispatchEvent(new CustomEvent("aiportal:leaving", { detail: by }));
  const left = (by) => document.dispatchEvent(new CustomEvent("aiportal:left", { detail: by }));

  const openChat = (id) => {
    leaving("chat");
    window.aiportal.whenSettled(() => tell("select", { id }));
  };

  addEventListener("popstate", () => openChat(chatInAddress()));
  document.addEventListener("click", (event) => event.target.closest?.(".side .new") && leaving("chat"), true);

  // ---- small parts

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    element.className = className ?? "";
    if (text !== undefined) element.textContent = text;
    return element;
  };

  const button = (className, text, act) => {
    const element = make("button", className, text);
    element.type = "button";
    element.addEventListener("click", act);
    return element;
  };

  const copy = async (text, from) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return; // no permission, or not a secure page: the text can still be selected
    }
    from.classList.add("copied");
    setTimeout(() => from.classList.remove("copied"), 1500);
  };

  const composerInput = () => document.querySelector("#composer-input textarea");

  const fillComposer = (text) => {
    const input = composerInput();
    if (!input) return;
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  };

  const setDrawer = (isOpen) => {
    if (isOpen === document.body.classList.contains("side-open")) return;
    document.body.classList.toggle("side-open", isOpen);
    for (const opener of document.querySelectorAll('[data-act="drawer"]')) {
      opener.setAttribute("aria-expanded", String(isOpen));
    }
    const seen = (element) => element.offsetParent !== null;
    const next = isOpen ? ".side button, .acct-open" : '[data-act="drawer"]';
    [...document.querySelectorAll(next)].find(seen)?.focus();
  };

  const toggleSettings = (chip) => {
    const isOpen = document.body.classList.toggle("settings-open");
    chip.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) document.querySelector("#chat-settings textarea")?.focus();
  };

  const markSettings = () => {
    const fields = [...document.querySelectorAll("#chat-settings :is(textarea, input)")];
    const isSet = fields.some((field) => field.value !== "");
    document.querySelector('[data-act="settings"]')?.classList.toggle("on", isSet);
  };

  // ---- the menu of a row and its dialogs

  const dialog = (title, body, verb, kind, act) => {
    const box = make("dialog", "dialog");
    const form = make("form");
    form.method = "dialog";
    const actions = make("div", "acts");
    const keep = button("btn", t("Cancel"), () => box.close());
    const go = make("button", `btn ${kind}`, verb);
    go.type = "submit";
    actions.append(keep, go);
    form.append(make("h2", "", title), body, actions);
    form.addEventListener("submit", act);
    box.append(form);
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
    return box;
  };

  const askForTitle = ({ id, title }) => {
    const label = make("label", "field", t("Title"));
    const input = make("input");
    input.value = title;
    input.required = true;
    input.maxLength = 200;
    label.append(input);
    dialog(t("Rename this chat"), label, t("Rename"), "primary", () =>
      tell("edit", { id, title: input.value }),
    );
    input.select();
  };

  const showMenu = (menu, opener) => {
    menu.popover = "auto";
    menu.addEventListener("toggle", (event) => {
      if (event.newState === "closed") menu.remove();
    });
    document.body.append(menu);
    menu.showPopover();
    const place = opener.getBoundingClientRect();
    const lowest = innerHeight - menu.offsetHeight - 8;
    menu.style.top = `${Math.min(place.bottom + 4, lowest)}px`;
    menu.style.left = `${Math.min(place.left, innerWidth - menu.offsetWidth - 8)}px`;
    menu.querySelector("button, a").focus();
  };

  const openRowMenu = (opener) => {
    const row = opener.dataset;
    const menu = make("div", "menu");
    const item = (icon, text, act) =>
      button(`mi i-${icon}`, text, () => {
        menu.hidePopover();
        act(row);
      });
    const file = make("a", "mi i-download", t("Export as Markdown"));
    file.href = `/api/v1/conversations/${encodeURIComponent(row.id)}/export.md`;
    file.download = "";
    const { arrangingItems, deleteChats } = window.aiportal;
    const remove = item("trash", t("Delete"), ({ id }) => deleteChats([id]));
    menu.append(item("pencil", t("Rename"), askForTitle), ...arrangingItems(row, item), file, remove);
    showMenu(menu, opener);
  };

  // ---- the log of the chat

  const NEAR_END_PX = 100;

  const chatLog = () => document.querySelector("#chat-log .panel-wrap");

  const scrollToEnd = () => chatLog()?.scrollTo({ top: chatLog().scrollHeight });

  // Do what makes it longer; it stays at its end if it was there.
  const keepingEnd = (act) => {
    const log = chatLog();
    const rest = log ? log.scrollHeight - log.scrollTop - log.clientHeight : Infinity;
    act();
    if (rest < NEAR_END_PX) scrollToEnd();
  };

  // ---- what a click does: `data-act` in our own parts, a class in messages (where the sanitiser
  // lets no `data-` through)

  const acts = {
    open: (b) => {
      setDrawer(false);
      openChat(b.dataset.id);
    },
    "row-menu": openRowMenu,
    starter: (b) => fillComposer(b.dataset.text),
    mode: switchMode,
    drawer: () => setDrawer(!document.body.classList.contains("side-open")),
    settings: toggleSettings,
  };

  const actOf = (element) => {
    if (element.dataset.act) return element.dataset.act;
    const name = [...element.classList].find((one) => one.startsWith("act-"));
    return name?.slice(4);
  };

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    const act = pressed && actOf(pressed);
    if (act && Object.hasOwn(acts, act)) {
      acts[act](pressed);
      return;
    }
    const isInDrawer = event.target.closest(".side, .fixed-acct, .fixed-brand, .menu, .dialog");
    if (!isInDrawer || event.target.closest(".side .new")) setDrawer(false);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") setDrawer(false);
  });

  for (const name of ["aiportal:sending", "aiportal:settled"]) {
    document.addEventListener(name, () => setTimeout(scrollToEnd, DRAWN_MS));
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest("#chat-settings")) markSettings();
  });

  // ---- the model picker: a native select in a part of ours

  const picker = (element, props, report) => {
    element.addEventListener("change", (event) => {
      const picked = event.target.value;
      const groups = props.value.groups.map((group) => ({
        ...group,
        options: group.options.map((one) => ({ ...one, selected: one.id === picked })),
      }));
      props.value = { groups, picked };
      report("input");
      requestAnimationFrame(() => element.querySelector("select")?.focus());
    });
  };

  // ---- names and roles that Gradio's own parts lack; run after the page has changed

  const mends = []; // what other scripts put right
  const mend = () => {
    for (const one of document.querySelectorAll("#chat-log [data-testid][aria-label]")) {
      const label = one.dataset.testid === "user" ? t("Your question") : t("Answer");
      if (one.ariaLabel !== label) one.ariaLabel = label;
    }
    for (const one of document.querySelectorAll("#chat-log .icon-button[aria-label='']")) {
      one.setAttribute("aria-hidden", "true");
      one.tabIndex = -1;
    }
    const scrolling = "#chat-log .panel-wrap, .scroll, .md pre, .md .tscroll";
    for (const one of document.querySelectorAll(scrolling)) if (one.tabIndex < 0) one.tabIndex = 0;
    for (const [name, label] of [["submit", t("Send")], ["stop", t("Stop")]]) {
      const one = document.querySelector(`#composer-input .${name}-button`);
      if (one && one.ariaLabel !== label) one.ariaLabel = one.title = label;
    }
    markSettings();
    for (const more of mends) more();
    if (document.body.classList.contains("dark") !== (root.dataset.theme === "dark")) {
      applyMode(root.dataset.theme);
    }
  };

  let isMending = false;
  const mendSoon = () => {
    if (isMending) return;
    isMending = true;
    requestAnimationFrame(() => {
      isMending = false;
      mend();
    });
  };

  // ---- a session that has ended leads to the sign-in page, not to a dead one

  const nativeFetch = window.fetch.bind(window);
  window.fetch = async (...call) => {
    const response = await nativeFetch(...call);
    if (response.status === 401 && response.url.includes("/gradio_api/")) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    return response;
  };

  document.addEventListener("DOMContentLoaded", () => {
    applyMode(currentMode());
    new MutationObserver(mendSoon).observe(document, {
      subtree: true,
      childList: true,
      attributeFilter: ["class", "aria-label"],
    });
    mendSoon();
  });

  const minutesEast = () =>
    JSON.stringify({
      minutes_east: -new Date().getTimezoneOffset(),
      language: root.dataset.language,
    });
  window.aiportal = {
    acts,
    applyMode: () => applyMode(currentMode()),
    button,
    chatInAddress,
    composerInput,
    connect,
    copy,
    dialog,
    isTemporary,
    keepingEnd,
    leaving,
    left,
    make,
    mends,
    minutesEast,
    moment,
    number,
    opened,
    picker,
    remembered,
    rememberLook,
    scrollToEnd,
    setDrawer,
    showChatInAddress,
    showMenu,
    t,
    tell,
  };
})();
