// The settings of the user. Each is kept as soon as it is changed, and the portal has it for all
// browsers; keys, sessions and data of the account are what the portal's API says they are.
(() => {
  "use strict";

  const { acts, applyMode, button, call, make, remembered, rememberLook, setDrawer, t } = window.aiportal;
  const root = document.documentElement;
  const PREFERENCES = "/api/auth/preferences";

  const languages = {
    en: "English",
    de: "Deutsch",
    es: "Español",
    fr: "Français",
    zh: "简体中文",
    ar: "العربية",
  };

  // ---- what is kept

  // What was chosen holds at once; until the portal has it, this browser says so at its next load.
  const keepLook = async (look) => {
    if (look.theme !== undefined) root.dataset.look = look.theme;
    if (look.density !== undefined) root.dataset.density = look.density;
    applyMode();
    rememberLook({ ...look, isUnsaved: true });
    await call("PATCH", PREFERENCES, { look });
    rememberLook({ isUnsaved: false });
  };

  const keepUnsaved = () => {
    const { isUnsaved, theme, density } = remembered();
    const look = { theme: theme || null, density };
    if (isUnsaved && root.dataset.language) keepLook(look).catch(() => {});
  };

  // ---- parts

  let status = null;
  const tell = (text) => {
    status.textContent = text;
    status.classList.remove("bad");
  };
  const fail = (error) => {
    status.textContent = error.message;
    status.classList.add("bad");
  };

  const change = (patch) =>
    call("PATCH", PREFERENCES, patch)
      .then(() => tell(t("Saved")))
      .catch(fail);

  const choices = (legend, name, options, chosen, act) => {
    const set = make("fieldset", "seg");
    set.append(make("legend", "", legend));
    for (const [value, text] of options) {
      const label = make("label");
      const input = make("input");
      Object.assign(input, { type: "radio", name, value, checked: value === chosen });
      input.addEventListener("change", () => act(value));
      label.append(input, make("span", "", text));
      set.append(label);
    }
    return set;
  };

  let fields = 0;
  const field = (text, input, hint) => {
    const box = make("div", "field");
    const label = make("label", "", text);
    input.id = label.htmlFor = `setting-${(fields += 1)}`;
    box.append(label, input);
    if (!hint) return box;
    const note = make("span", "hint", hint);
    note.id = `${input.id}-hint`;
    input.setAttribute("aria-describedby", note.id);
    box.append(note);
    return box;
  };

  const select = (options, chosen) => {
    const box = make("select");
    for (const [value, text] of options) box.add(new Option(text, value, false, value === chosen));
    return box;
  };

  const number = (bounds, value) => {
    const box = make("input");
    Object.assign(box, { type: "number", ...bounds, placeholder: t("default") });
    box.value = value ?? "";
    return box;
  };

  const heading = (text, note) => {
    const head = make("div", "shead2");
    head.append(make("h3", "", text));
    if (note) head.append(make("p", "", note));
    return head;
  };

  const when = (text) =>
    new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" }).format(
      new Date(text),
    );

  const line = (name, facts, ...more) => {
    const item = make("li");
    const words = make("div", "what");
    words.append(name, make("span", "hint", facts.filter(Boolean).join(" · ")));
    item.append(words, ...more);
    return item;
  };

  // ---- look and language

  const general = async () => {
    const kept = await call("GET", PREFERENCES);
    const look = (name) => (value) =>
      keepLook({ [name]: value })
        .then(() => tell(t("Saved")))
        .catch(fail);
    const asBrowser = ["", t("As the browser has it")];
    const language = select([asBrowser, ...Object.entries(languages)], kept.language ?? "");
    language.addEventListener("change", async () => {
      await change({ language: language.value || null });
      location.reload();
    });
    return [
      choices(
        t("Theme"),
        "theme",
        [
          ["system", t("As the system")],
          ["light", t("Light")],
          ["dark", t("Dark")],
        ],
        root.dataset.look || "system",
        look("theme"),
      ),
      choices(
        t("Density"),
        "density",
        [
          ["comfortable", t("Comfortable")],
          ["compact", t("Compact")],
        ],
        root.dataset.density,
        look("density"),
      ),
      field(t("Language"), language, t("The page loads anew. What is written stays.")),
    ];
  };

  // ---- chats

  const sending = (kept) =>
    choices(
      t("Sending"),
      "send",
      [
        ["enter", t("Enter sends")],
        ["ctrl-enter", t("Ctrl + Enter sends")],
      ],
      kept.send_with ?? "enter",
      (value) => {
        root.dataset.sendWith = value;
        change({ chat: { send_with: value } });
      },
    );

  const titles = (kept) => {
    const options = [
      ["", t("As the portal does")],
      ["true", t("On")],
      ["false", t("Off")],
    ];
    const box = select(options, String(kept.titles ?? ""));
    box.addEventListener("change", () =>
      change({ chat: { titles: box.value ? box.value === "true" : null } }),
    );
    return field(t("Titles by a model"), box, t("A model names each new chat after its first answer."));
  };

  const model = (kept) => {
    const known = [...document.querySelectorAll("#tab-chat .picker option")];
    const options = known.map((one) => [one.value, one.textContent]);
    const chosen = kept.model ?? "";
    if (chosen && options.every(([value]) => value !== chosen)) options.unshift([chosen, chosen]);
    const box = select([["", t("As the portal does")], ...options], chosen);
    box.addEventListener("change", () => change({ chat: { model: box.value || null } }));
    return field(t("Model"), box);
  };

  const parameter = (label, name, bounds, kept) => {
    const box = number(bounds, kept[name]);
    box.addEventListener("change", () => {
      if (!box.reportValidity()) return;
      change({ chat: { [name]: box.value === "" ? null : Number(box.value) } });
    });
    return field(label, box);
  };

  const chat = async () => {
    const kept = (await call("GET", PREFERENCES)).chat ?? {};
    const prompt = make("textarea");
    Object.assign(prompt, { rows: 3, maxLength: 20_000, value: kept.system_prompt ?? "" });
    prompt.addEventListener("change", () =>
      change({ chat: { system_prompt: prompt.value || null } }),
    );
    const numbers = make("div", "three");
    numbers.append(
      parameter(t("Temperature"), "temperature", { min: 0, max: 2, step: 0.1 }, kept),
      parameter(t("Top p"), "top_p", { min: 0, max: 1, step: 0.05 }, kept),
      parameter(t("Max tokens"), "max_tokens", { min: 1, max: 10_000_000, step: 1 }, kept),
    );
    return [
      sending(kept),
      titles(kept),
      heading(t("New chats start with"), t("Chats that there are keep their own settings.")),
      model(kept),
      field(t("System prompt"), prompt),
      numbers,
    ];
  };

  Object.assign(window.aiportal, {
    keepLook,
    settings: { fail, field, heading, line, select, tell, when },
  });

  // ---- the box

  const sections = () => [
    ["general", t("Look and language"), general],
    ["chat", t("Chats"), chat],
    ["keys", t("API keys"), window.aiportal.settings.keys],
    ["sign-in", t("Sign-in"), window.aiportal.settings.signIn],
    ["data", t("Your data"), window.aiportal.settings.data],
  ];

  let wanted = null; // what is drawn last counts, whichever answer comes first
  const show = async (panel, tab, content, made) => {
    const mine = (wanted = {});
    tell("");
    const redraw = (more) => show(panel, tab, content, more);
    panel.inert = true; // what is there still belongs to another section
    try {
      const parts = await content(redraw, made);
      if (wanted !== mine) return;
      panel.replaceChildren(...parts);
    } catch (error) {
      if (wanted !== mine) return;
      panel.replaceChildren();
      fail(error);
    }
    panel.inert = false;
    panel.setAttribute("aria-labelledby", tab.id);
    if (made) panel.querySelector(".made button")?.focus();
  };

  const tabs = (panel) => {
    const list = make("div", "stabs");
    list.setAttribute("role", "tablist");
    const all = sections().map(([name, text, content]) => {
      const tab = make("button", "", text);
      Object.assign(tab, { type: "button", id: `settings-${name}`, tabIndex: -1 });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      tab.addEventListener("focus", () => {
        if (tab.ariaSelected === "true") return;
        for (const one of all) {
          one.ariaSelected = String(one === tab);
          one.tabIndex = one === tab ? 0 : -1;
        }
        show(panel, tab, content);
      });
      tab.addEventListener("click", () => tab.focus());
      return tab;
    });
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    list.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
    });
    list.append(...all);
    return list;
  };

  const open = () => {
    if (document.querySelector(".settings-box")) return;
    document.getElementById("account-menu")?.hidePopover();
    setDrawer(false);
    const box = make("dialog", "dialog settings-box");
    const head = make("header");
    const close = button("ib i-close", "", () => box.close());
    close.setAttribute("aria-label", t("Close"));
    const title = make("h2", "", t("Settings"));
    title.id = "settings-title";
    const panel = make("div", "spanel");
    panel.id = "settings-panel";
    panel.setAttribute("role", "tabpanel");
    status = make("p", "sstatus");
    status.setAttribute("role", "status");
    head.append(title, status, close);
    const body = make("div", "sbody");
    const list = tabs(panel);
    body.append(list, panel);
    box.setAttribute("aria-labelledby", title.id);
    box.append(head, body);
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
    list.firstElementChild.focus();
  };

  acts["user-settings"] = open;
  keepUnsaved();
})();
