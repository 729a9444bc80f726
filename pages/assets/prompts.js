// The prompt library: finding, filling in variables, and the dialog in which prompts are kept.
(() => {
  "use strict";

  const { button, call, composerInput, dialog, make, moment, t } = window.aiportal;
  const { username, wordsFor } = window.aiportal;
  const ADDRESS = "/api/v1/prompts";
  const LIMIT = 200;
  const VARIABLE = /\{\{\s*([\p{L}_][\p{L}\p{N}_ -]{0,40}?)\s*(?::([^{}]*))?\}\}/gu;

  let known = null; // all of them, if they are few; forgotten at each change
  let isAdmin = null;

  const list = async (query) => {
    const words = query ? `&q=${encodeURIComponent(query)}` : "";
    const { data, has_more: hasMore } = await call("GET", `${ADDRESS}?limit=${LIMIT}${words}`);
    if (!query && !hasMore) known = data;
    return data;
  };

  const findPrompts = async (query) => {
    try {
      const found = known ?? (await list(query));
      const text = query.toLowerCase();
      const begins = (one) => one.command.startsWith(text);
      return found
        .filter((one) => begins(one) || `${one.command} ${one.title}`.toLowerCase().includes(text))
        .sort((one, other) => begins(other) - begins(one));
    } catch {
      return [];
    }
  };

  // ---- variables

  const BUILT_IN = {
    date: () => moment(Date.now(), { dateStyle: "long" }),
    time: () => moment(Date.now(), { timeStyle: "short" }),
    weekday: () => moment(Date.now(), { weekday: "long" }),
    user: username,
  };

  const variables = (content) => {
    const found = new Map();
    for (const [, name, usual] of content.matchAll(VARIABLE)) {
      if (Object.hasOwn(BUILT_IN, name) && usual === undefined) continue;
      if (!found.get(name)) found.set(name, usual ?? "");
    }
    return found;
  };

  const filled = (content, values) =>
    content.replace(VARIABLE, (whole, name, usual) => {
      if (values.has(name)) return values.get(name);
      return Object.hasOwn(BUILT_IN, name) && usual === undefined ? BUILT_IN[name]() : whole;
    });

  const fieldOf = (label, control) => {
    const field = make("label", "field", label);
    field.append(control);
    return field;
  };

  // A dialog gives the focus back while the page behind it is still inert: Chromium then shows a
  // caret that takes no letters.
  const backToText = () =>
    setTimeout(() => {
      const input = composerInput();
      input?.blur();
      input?.focus();
    });

  // insert: is given the text, once all that it needs is known.
  const usePrompt = (prompt, insert) => {
    const wanted = variables(prompt.content);
    if (!wanted.size) {
      insert(filled(prompt.content, wanted));
      return;
    }
    const body = make("div", "fields-of");
    const inputs = new Map();
    for (const [name, usual] of wanted) {
      const input = make("textarea");
      input.rows = 1;
      input.value = usual;
      inputs.set(name, input);
      body.append(fieldOf(name, input));
    }
    const act = () => {
      const values = new Map([...inputs].map(([name, input]) => [name, input.value]));
      backToText();
      setTimeout(() => insert(filled(prompt.content, values)));
    };
    const box = dialog(prompt.title, body, t("Insert"), "primary", act);
    box.classList.add("prompt-form");
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.target.tagName !== "TEXTAREA") return;
      event.preventDefault();
      const fields = [...inputs.values()];
      const next = fields[fields.indexOf(event.target) + 1];
      if (next) next.select();
      else box.querySelector("form").requestSubmit();
    });
    const first = body.querySelector("textarea");
    first.focus();
    first.select();
  };

  // ---- the dialog in which they are kept

  const knowsAdmin = async () => {
    isAdmin ??= (await call("GET", "/api/auth/me")).role === "admin";
    return isAdmin;
  };

  class Manager {
    constructor() {
      this.box = make("dialog", "dialog wide prompts");
      this.head = make("h2", "");
      this.head.id = "prompts-title";
      this.head.tabIndex = -1;
      this.box.setAttribute("aria-labelledby", this.head.id);
      this.body = make("div", "prompts-body");
      this.box.append(this.head, this.body);
      this.box.addEventListener("close", () => {
        this.box.remove();
        backToText();
      });
      document.body.append(this.box);
      this.box.showModal();
    }

    show(title, ...parts) {
      this.head.textContent = title;
      this.body.replaceChildren(...parts);
    }

    async overview(focusId) {
      known = null;
      let found;
      try {
        found = await list("");
      } catch (error) {
        this.show(t("Prompts"), wordsFor(error), this.actions(this.closing()));
        return;
      }
      const rows = make("ul", "prompt-rows");
      rows.append(...found.map((prompt) => this.row(prompt)));
      const add = button("btn primary", t("New prompt"), () => this.edit(null));
      const hint = found.length
        ? t("Type / at the start of a question to use one.")
        : t("Keep texts that you ask with often. Type / at the start of a question to use one.");
      this.show(t("Prompts"), make("p", "", hint), rows, this.actions(this.closing(), add));
      const same = focusId && rows.querySelector(`[data-prompt="${CSS.escape(focusId)}"] button`);
      (same || add).focus();
    }

    row(prompt) {
      const item = make("li", "");
      item.dataset.prompt = prompt.id;
      const text = make("span", "pt");
      const shared = prompt.shared ? ` · ${t("shared with everybody")}` : "";
      text.append(make("b", "", `/${prompt.command}`), make("span", "", prompt.title + shared));
      item.append(text);
      if (!prompt.mine && !isAdmin) return item;
      const edit = button("ib i-pencil", "", () => this.edit(prompt));
      edit.ariaLabel = edit.title = t("Edit {name}", { name: `/${prompt.command}` });
      const remove = button("ib i-trash", "", () => this.askToDelete(prompt));
      remove.ariaLabel = remove.title = t("Delete {name}", { name: `/${prompt.command}` });
      item.append(edit, remove);
      return item;
    }

    edit(prompt) {
      const command = make("input");
      command.value = prompt?.command ?? "";
      command.required = true;
      command.maxLength = 50;
      command.placeholder = t("translate");
      const title = make("input");
      title.value = prompt?.title ?? "";
      title.maxLength = 100;
      const content = make("textarea");
      content.value = prompt?.content ?? "";
      content.required = true;
      content.maxLength = 20_000;
      content.rows = 8;
      content.placeholder = t("Translate into {{language:French}}: {{text}}");
      const shared = make("input");
      shared.type = "checkbox";
      shared.checked = prompt?.shared ?? false;
      const form = make("form", "prompt-form");
      const hint = t("{{name}} is asked for, {{name:default}} with a text to begin with; {{date}}, {{time}}, {{weekday}} and {{user}} are filled in.");
      form.append(
        fieldOf(t("Command"), command),
        fieldOf(t("Title"), title),
        fieldOf(t("Text"), content),
        make("p", "hint", hint),
      );
      if (isAdmin) {
        const share = make("label", "prompt-share");
        share.append(shared, t("Share with everybody"));
        form.append(share);
      }
      const trouble = make("div", "");
      const save = make("button", "btn primary", t("Save"));
      save.type = "submit";
      const back = button("btn", t("Back"), () => this.overview(prompt?.id));
      form.append(trouble, this.actions(back, save));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const fields = { command: command.value, content: content.value };
        if (title.value.trim() || prompt) fields.title = title.value.trim() || command.value;
        if (isAdmin) fields.shared = shared.checked;
        try {
          const saved = prompt
            ? await call("PATCH", `${ADDRESS}/${prompt.id}`, fields)
            : await call("POST", ADDRESS, fields);
          await this.overview(saved.id);
        } catch (error) {
          trouble.replaceChildren(wordsFor(error));
        }
      });
      this.show(prompt ? t("Edit {name}", { name: `/${prompt.command}` }) : t("New prompt"), form);
      command.focus();
    }

    askToDelete(prompt) {
      const words = make("p", "", t("{name} goes for good.", { name: `/${prompt.command}` }));
      const remove = button("btn danger", t("Delete"), async () => {
        try {
          await call("DELETE", `${ADDRESS}/${prompt.id}`);
          await this.overview();
        } catch (error) {
          words.replaceWith(wordsFor(error));
        }
      });
      const keep = button("btn", t("Cancel"), () => this.overview(prompt.id));
      this.show(t("Delete {name}?", { name: `/${prompt.command}` }), words, this.actions(keep, remove));
      keep.focus();
    }

    closing() {
      return button("btn", t("Close"), () => this.box.close());
    }

    actions(...buttons) {
      const row = make("div", "acts");
      row.append(...buttons);
      return row;
    }
  }

  const managePrompts = async () => {
    const manager = new Manager();
    try {
      await knowsAdmin();
    } catch {
      isAdmin = null; // then nothing is shared now
    }
    await manager.overview();
  };

  Object.assign(window.aiportal, { findPrompts, managePrompts, usePrompt });
})();
