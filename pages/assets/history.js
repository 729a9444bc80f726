// The list of chats: many at once, projects, tags, and the way back after a delete.
(() => {
  "use strict";

  const { acts, button, call, dialog, make, mends, projectFiles, t, wordsFor } = window.aiportal;
  const UNDO_MS = 12_000;

  let trigger = null;
  const connectHistory = (given) => {
    trigger = given;
  };
  const tell = (name, data) => trigger?.(name, data);

  const change = (action, ids, more = {}) =>
    tell("input", { action, ids, project: "", tags: [], ...more });
  const deleteChats = (ids) => tell("delete", { ids });

  // ---- what dialogs ask for

  const field = (label, input) => {
    const box = make("label", "field", label);
    box.append(input);
    return box;
  };

  const choice = (options, chosen) => {
    const select = make("select");
    for (const [value, text] of options) select.add(new Option(text, value, false, value === chosen));
    return select;
  };

  const projects = () => {
    const list = [...document.querySelectorAll(".slist")].find((one) => one.dataset.projects);
    return JSON.parse(list?.dataset.projects || "[]");
  };

  const words = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

  const askForProject = (ids, chosen) => {
    const known = projects();
    const select = choice([["", t("No project")], ...known], chosen);
    const body = make("div");
    body.append(field(t("Project"), select));
    if (!known.length) body.append(make("p", "hint", t("There is no project yet. Add one in the list.")));
    dialog(t("Move to a project"), body, t("Move"), "primary", () =>
      change("move", ids, { project: select.value }),
    );
    select.focus();
  };

  const askForTags = (title, verb, before, act) => {
    const input = make("input");
    input.value = before;
    input.maxLength = 1_000;
    const body = make("div");
    body.append(field(t("Tags"), input), make("p", "hint", t("Separated by commas, such as: work, urgent")));
    dialog(title, body, verb, "primary", () => act(words(input.value)));
    input.select();
  };

  const modelOptions = () =>
    [...document.querySelectorAll(".picker option")].map((one) => [one.value, one.textContent]);

  const askForSettings = ({ id, name, instructions, model }) => {
    const title = make("input");
    title.value = name;
    title.required = true;
    title.maxLength = 100;
    title.placeholder = t("Such as: Thesis");
    const text = make("textarea");
    text.value = instructions;
    text.rows = 5;
    text.maxLength = 100_000;
    text.placeholder = t("What the model is told in each of its chats");
    const models = modelOptions();
    if (model && models.every(([value]) => value !== model)) models.unshift([model, model]);
    const select = choice([["", t("As usual")], ...models], model);
    const files = projectFiles(id);
    const body = make("div", "fields-down");
    body.append(field(t("Name"), title), field(t("Instructions"), text), files.element);
    body.append(field(t("Model"), select));
    const box = dialog(
      id ? t("Project settings") : t("New project"),
      body,
      id ? t("Save") : t("Create"),
      "primary",
      (event) => {
        if (!files.isReady()) {
          event.preventDefault();
          return;
        }
        const fields = { name: title.value, instructions: text.value, model: select.value };
        tell("submit", { id, ...fields, files: files.ids() });
      },
    );
    box.classList.add("project");
    files.connect(box);
    if (id) {
      const remove = button("btn danger", t("Delete project"), () => {
        box.close();
        askToDeleteProject(id, name);
      });
      box.querySelector(".acts").prepend(remove, make("span", "sp"));
    }
    title.focus();
  };

  const openProject = async (id) => {
    try {
      askForSettings(await call("GET", `/api/v1/projects/${encodeURIComponent(id)}`));
    } catch (error) {
      dialog(t("Project settings"), wordsFor(error), t("Try again"), "primary", () => openProject(id));
    }
  };

  const askToDeleteProject = (id, name) => {
    const text = make("p", "", t("“{name}” goes with its instructions and files. Its chats stay.", { name }));
    dialog(t("Delete this project?"), text, t("Delete"), "danger", () => tell("clear", { id }));
  };

  // ---- the menu of a row

  const arrangingItems = (row, item) => [
    item("pin", row.pinned ? t("Unpin") : t("Pin"), ({ id }) =>
      change(row.pinned ? "unpin" : "pin", [id]),
    ),
    item("tag", t("Tags"), ({ id }) =>
      askForTags(t("Tags of this chat"), t("Save"), row.tags, (tags) => tell("edit", { id, tags })),
    ),
    item("folder", t("Move to a project"), ({ id, project }) => askForProject([id], project)),
    item("archive", row.archived ? t("Back to the list") : t("Archive"), ({ id }) =>
      change(row.archived ? "unarchive" : "archive", [id]),
    ),
  ];

  // ---- many at once: what is selected lives here, the boxes show it

  const selected = new Set();
  const isSelecting = () => document.body.classList.contains("selecting");
  const boxes = () => [...document.querySelectorAll(".slist .pick")];

  const showSelected = () => {
    const here = boxes();
    const ids = new Set(here.map((box) => box.value));
    for (const id of selected) if (!ids.has(id)) selected.delete(id);
    for (const box of here) if (box.checked !== selected.has(box.value)) box.checked = !box.checked;
    const text = selected.size ? t("{count} selected", { count: selected.size }) : t("None selected");
    for (const one of document.querySelectorAll(".picked")) {
      if (one.textContent !== text) one.textContent = text;
    }
    for (const one of document.querySelectorAll(".bulk [data-action]")) {
      if (one.disabled !== !selected.size) one.disabled = !selected.size;
    }
  };

  const setSelecting = (isOn) => {
    selected.clear();
    document.body.classList.toggle("selecting", isOn);
    showSelected();
  };

  const bulk = (action) => {
    const ids = [...selected];
    if (!ids.length) return;
    if (action === "tag") {
      askForTags(t("Tag {count} chats", { count: ids.length }), t("Tag"), "", (tags) => change("tag", ids, { tags }));
    } else if (action === "move") askForProject(ids, "");
    else if (action === "delete") deleteChats(ids);
    else change(action, ids);
    if (action === "delete" || action === "archive") setSelecting(false);
  };

  document.addEventListener("change", (event) => {
    if (!event.target.matches?.(".slist .pick")) return;
    if (event.target.checked) selected.add(event.target.value);
    else selected.delete(event.target.value);
    showSelected();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isSelecting() && !document.querySelector("dialog[open]")) {
      setSelecting(false);
    }
  });

  const open = acts.open;
  Object.assign(acts, {
    open: (pressed) => {
      if (!isSelecting()) return open(pressed);
      const { id } = pressed.dataset;
      if (!selected.delete(id)) selected.add(id);
      return showSelected();
    },
    pick: () => setSelecting(!isSelecting()),
    "pick-all": () => {
      for (const box of boxes()) selected.add(box.value);
      showSelected();
    },
    bulk: (pressed) => bulk(pressed.dataset.action),
    narrow: ({ dataset }) => {
      setSelecting(false);
      const { project = "", tag = "", archived = "" } = dataset;
      tell("select", { project, tag, archived });
    },
    project: ({ dataset }) => askForSettings(dataset),
    "project-files": ({ dataset }) => openProject(dataset.id),
    undo: (pressed) => {
      change(pressed.dataset.action, pressed.dataset.ids.split(" "));
      hideUndo();
    },
    "undo-close": () => hideUndo(),
  });

  // ---- the toast with the way back goes by itself, but not from under the pointer or the focus

  let shown = "";
  const undo = () => document.querySelector(".undo");
  const hideUndo = () => undo()?.classList.add("gone");

  const hideLater = (stamp) =>
    setTimeout(() => {
      if (undo()?.dataset.stamp !== stamp) return;
      if (undo().matches(":hover, :focus-within")) hideLater(stamp);
      else hideUndo();
    }, UNDO_MS);

  const watchUndo = () => {
    const stamp = undo()?.dataset.stamp ?? "";
    if (stamp === shown) return;
    shown = stamp;
    undo()?.classList.remove("gone");
    if (stamp) hideLater(stamp);
  };

  // ---- with a keyboard: arrows within a menu, and the focus stays where it was when the list is
  // drawn anew

  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const menu = step && event.target.closest?.(".menu");
    if (!menu) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll("button, a, input")];
    items.at((items.indexOf(event.target) + step) % items.length).focus();
  });

  let focused = "";
  const keyOf = (element) =>
    `${element.dataset.act ?? "pick"} ${element.dataset.id ?? element.value ?? ""}`;

  document.addEventListener("focusin", ({ target }) => {
    if (target.closest(".slist")) focused = keyOf(target);
    else if (!target.closest(".menu, .dialog")) focused = "";
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest?.(".slist, .menu, .dialog")) focused = "";
  });

  const keepFocus = () => {
    if (!focused || document.activeElement !== document.body) return;
    const places = [...document.querySelectorAll(".slist :is(button, input)")];
    places.find((one) => keyOf(one) === focused)?.focus({ preventScroll: true });
  };

  mends.push(showSelected, watchUndo, keepFocus);
  Object.assign(window.aiportal, { arrangingItems, connectHistory, deleteChats });
})();
