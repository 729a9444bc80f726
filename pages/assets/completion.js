// Completion in the composer: `/` at its start lists prompts, `@` models and projects.
(() => {
  "use strict";

  const { chatInAddress, choosing, composerInput, make, t } = window.aiportal;
  const MAX_SHOWN = 60;
  const PROMPT = /^\/([\w-]*)$/;
  const MENTION = /(?:^|\s)@([^\s@]{0,60})$/;

  let box = null; // the open list
  let options = []; // {label, hint, group, act}
  let at = 0; // which one is marked
  let from = 0; // where in the text the sign stands
  let asked = ""; // for what the list was made last

  // ---- what is offered

  const matches = (query, ...texts) =>
    texts.some((text) => text.toLowerCase().includes(query.toLowerCase()));

  const models = () => {
    const groups = [...document.querySelectorAll("#tab-chat .picker optgroup")];
    return groups.flatMap((group) =>
      [...group.querySelectorAll("option")].map((one) => ({
        id: one.value,
        label: one.textContent.trim(),
        isCustom: group.label === "custom",
      })),
    );
  };

  const projects = () => {
    if (chatInAddress() || window.aiportal.asksTemporarily()) return []; // a chat that is there is moved in the list
    const list = [...document.querySelectorAll(".slist")].find((one) => one.dataset.projects);
    return JSON.parse(list?.dataset.projects || "[]").map(([id, label]) => ({ id, label }));
  };

  const mentions = (query) => {
    const found = models().filter((one) => matches(query, one.id, one.label));
    const offer = (one) => ({
      label: one.label,
      hint: one.id,
      group: one.isCustom ? t("Custom models") : t("Models"),
      act: () => {
        cut("");
        choosing("model", one);
      },
    });
    const into = projects()
      .filter((one) => matches(query, one.label))
      .map((one) => ({
        label: one.label,
        hint: t("new chat in this project"),
        group: t("Projects"),
        act: () => {
          cut("");
          choosing("project", one);
        },
      }));
    const ordered = [...found].sort((one, other) => other.isCustom - one.isCustom);
    return [...ordered.map(offer), ...into].slice(0, MAX_SHOWN);
  };

  const prompts = async (query) => {
    const found = await window.aiportal.findPrompts(query);
    const offered = found.map((prompt) => ({
      label: `/${prompt.command}`,
      hint: prompt.title,
      group: t("Prompts"),
      act: () => window.aiportal.usePrompt(prompt, cut),
    }));
    const manage = {
      label: t("Manage prompts"),
      hint: t("add, change, delete"),
      group: "",
      act: () => {
        cut("");
        window.aiportal.managePrompts();
      },
    };
    return [...offered.slice(0, MAX_SHOWN), manage];
  };

  // ---- the text

  // Put `text` in the place of the sign and what follows it, up to the caret.
  const cut = (text) => {
    const input = composerInput();
    const end = input.selectionStart;
    input.value = input.value.slice(0, from) + text + input.value.slice(end);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
    input.setSelectionRange(from + text.length, from + text.length);
  };

  // ---- the list

  const close = () => {
    box?.remove();
    box = null;
    asked = "";
    const input = composerInput();
    for (const name of ["aria-controls", "aria-activedescendant"]) input?.removeAttribute(name);
  };

  const mark = (place) => {
    at = (place + options.length) % options.length;
    const items = [...box.querySelectorAll("[role=option]")];
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    items[at].scrollIntoView({ block: "nearest" });
    composerInput().setAttribute("aria-activedescendant", items[at].id);
    const { label, hint } = options[at];
    box.querySelector("[role=status]").textContent =
      t("{label}, {hint}, {place} of {count}", { label, hint, place: at + 1, count: options.length });
  };

  const choose = (place) => {
    const { act } = options[place];
    close();
    act();
  };

  const item = (option, index) => {
    const one = make("li", "");
    one.role = "option";
    one.id = `complete-${index}`;
    one.append(make("b", "", option.label), make("span", "", option.hint));
    one.addEventListener("click", () => choose(index));
    return one;
  };

  const groupsOf = (list) => {
    const groups = new Map();
    options.forEach((option, index) => {
      if (!groups.has(option.group)) {
        const group = make("ul", "");
        group.role = "group";
        group.ariaLabel = option.group || t("More");
        if (option.group) {
          const head = make("li", "cg", option.group);
          head.role = "presentation";
          group.append(head);
        }
        groups.set(option.group, group);
      }
      groups.get(option.group).append(item(option, index));
    });
    list.replaceChildren(...groups.values());
  };

  const open = (name, found) => {
    options = found;
    if (!options.length) {
      close();
      return;
    }
    if (box === null) {
      box = make("div", "complete");
      const list = make("div", "cl");
      list.role = "listbox";
      list.id = "complete-list";
      const status = make("span", "only-sr");
      status.setAttribute("role", "status");
      box.append(list, status);
      // The caret stays in the text.
      box.addEventListener("pointerdown", (event) => event.preventDefault());
      document.querySelector("#tab-chat .composer").append(box);
    }
    const list = box.querySelector("[role=listbox]");
    list.ariaLabel = name;
    groupsOf(list);
    composerInput().setAttribute("aria-autocomplete", "list");
    composerInput().setAttribute("aria-controls", list.id);
    mark(0);
  };

  const look = async () => {
    const input = composerInput();
    if (!input || document.activeElement !== input) return;
    const before = input.value.slice(0, input.selectionStart);
    const prompt = PROMPT.exec(before);
    const mention = prompt ? null : MENTION.exec(before);
    if (!prompt && !mention) {
      close();
      return;
    }
    if (box !== null && before === asked) return;
    asked = before;
    if (prompt) {
      from = 0;
      const found = await prompts(prompt[1]);
      if (asked === before) open(t("Prompts"), found);
    } else {
      from = before.length - mention[1].length - 1;
      open(t("Models and projects"), mentions(mention[1]));
    }
  };

  document.addEventListener("input", (event) => {
    if (event.target === composerInput()) look();
  });

  // The caret has gone elsewhere: what would be replaced is another text.
  document.addEventListener("selectionchange", () => box !== null && look());

  document.addEventListener("focusout", (event) => {
    if (event.target === composerInput()) close();
  });

  const KEYS = {
    ArrowDown: () => mark(at + 1),
    ArrowUp: () => mark(at - 1),
    Home: () => mark(0),
    End: () => mark(options.length - 1),
    Enter: () => choose(at),
    Tab: () => choose(at),
    Escape: close,
  };

  // On the window: before what sends the question.
  addEventListener(
    "keydown",
    (event) => {
      const known = box !== null && event.target === composerInput() && !event.isComposing;
      if (!known || event.shiftKey || !Object.hasOwn(KEYS, event.key)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      KEYS[event.key]();
    },
    true,
  );
})();
