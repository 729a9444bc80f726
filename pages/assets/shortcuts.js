// Keyboard shortcuts: one table, which binds them and which the list on "?" is made of.
(() => {
  "use strict";

  const { acts, composerInput, dialog, make, setDrawer, t } = window.aiportal;

  const isSeen = (element) => element.offsetParent !== null;
  const seen = (selector) => [...document.querySelectorAll(selector)].find(isSeen);
  const wide = matchMedia("(min-width: 861px)");

  const isWriting = (element) =>
    element.isContentEditable || element.matches("input, textarea, select");

  // Something lies over the page: it has its own Escape, and the page's shortcuts wait.
  const isCovered = () =>
    document.querySelector("dialog[open], .menu:popover-open") !== null ||
    document.body.matches(".side-open, .selecting");

  // ---- what they do; false where there was nothing to do, and the key keeps its own meaning

  const toggleSide = () => {
    if (!wide.matches) setDrawer(!document.body.classList.contains("side-open"));
    else document.documentElement.classList.toggle("side-hidden");
  };

  const showSide = () => {
    document.documentElement.classList.remove("side-hidden");
    if (!wide.matches) setDrawer(true);
  };

  const search = () => {
    showSide();
    const box = seen(".side-search :is(input, textarea)");
    box?.focus();
    box?.select();
    return box !== undefined;
  };

  const startNew = () => {
    const button = document.querySelector(".side button.new");
    button?.click();
    composerInput()?.focus();
    return button !== null;
  };

  const write = () => {
    composerInput()?.focus();
    return composerInput() !== null;
  };

  const stop = () => {
    const button = seen("#composer-input .stop-button");
    button?.click();
    return button !== undefined;
  };

  const step = (by) => {
    const rows = [...document.querySelectorAll(".slist .srow")];
    const at = rows.findIndex((row) => row.ariaCurrent === "true");
    const next = at < 0 ? rows[by > 0 ? 0 : rows.length - 1] : rows[at + by];
    next?.click();
    next?.scrollIntoView({ block: "nearest" });
    return next !== undefined;
  };

  const switchMode = () => acts.mode();

  // key: as `event.key` has it. outside: only while nothing is being written. bare: without Ctrl.
  const table = [
    { key: "k", text: t("Search chats"), act: search },
    { key: "o", shift: true, text: t("New chat"), act: startNew },
    { key: "b", text: t("Show or hide the side list"), act: toggleSide },
    { key: "ArrowUp", alt: true, bare: true, text: t("Previous chat"), act: () => step(-1) },
    { key: "ArrowDown", alt: true, bare: true, text: t("Next chat"), act: () => step(1) },
    { key: "/", bare: true, outside: true, text: t("Write a message"), act: write },
    { key: "Escape", bare: true, text: t("Stop the answer, or close what is open"), act: stop },
    { key: "l", shift: true, text: t("Light or dark"), act: switchMode },
    { key: ",", text: t("Settings"), act: () => acts["user-settings"]() },
    { key: "?", bare: true, outside: true, text: t("Keyboard shortcuts"), act: () => showList() },
  ];

  // ---- binding

  // A keyboard with other letters than Latin ones still has the key where it is.
  const letterOf = (event) => {
    if (/^[!-~]$/.test(event.key) || event.key.length > 1) return event.key.toLowerCase();
    return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
  };

  const isPressed = (one, event) => {
    const isControl = event.ctrlKey || event.metaKey;
    if (one.key.toLowerCase() !== letterOf(event) || isControl !== !one.bare) return false;
    if (event.altKey !== Boolean(one.alt)) return false;
    return one.outside || event.shiftKey === Boolean(one.shift); // "?" and "/" may need Shift
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || isCovered()) return;
    const found = table.find((one) => isPressed(one, event));
    if (!found || (found.outside && isWriting(event.target))) return;
    if (found.act() !== false) event.preventDefault();
  });

  // ---- Enter sends, or makes a new line: before the composer's own handler sees it

  const meansSending = (event) => event.ctrlKey || event.metaKey;

  const onEnter = (event) => {
    const isHere = event.key === "Enter" && event.target === composerInput();
    if (!isHere || event.isComposing || event.shiftKey || event.isOurs) return;
    if (document.documentElement.dataset.sendWith !== "ctrl-enter") return;
    event.stopImmediatePropagation();
    if (!meansSending(event)) return; // the text area makes the new line
    event.preventDefault();
    if (event.type !== "keydown") return;
    const button = seen("#composer-input .submit-button");
    if (button) button.click();
    else window.aiportal.queue();
  };
  for (const type of ["keydown", "keypress"]) document.addEventListener(type, onEnter, true);

  // ---- the list

  const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
  const names = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

  const keysOf = ({ key, bare, alt, shift }) => {
    const held = [];
    if (!bare) held.push(isMac ? "⌘" : t("Ctrl"));
    if (alt) held.push(isMac ? "⌥" : "Alt");
    if (shift) held.push(isMac ? "⇧" : t("Shift"));
    return [...held, names[key] ?? key.toUpperCase()];
  };

  const showList = () => {
    const list = make("dl", "keys-list");
    for (const one of table) {
      const keys = make("dd");
      for (const key of keysOf(one)) keys.append(make("kbd", "", key));
      const line = make("div");
      line.append(make("dt", "", one.text), keys);
      list.append(line);
    }
    const box = dialog(t("Keyboard shortcuts"), list, t("Close"), "primary", () => {});
    box.querySelector(".acts button").remove(); // there is nothing to cancel
  };

  acts.shortcuts = () => {
    document.getElementById("account-menu")?.hidePopover();
    showList();
  };

  const drawer = acts.drawer;
  acts.drawer = (pressed) => (wide.matches ? toggleSide() : drawer(pressed));
})();
