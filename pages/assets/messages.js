// What can be done with single messages of a chat: the menu, the dialogs, and clicks for Python.
(() => {
  "use strict";

  const { acts, button, chatInAddress, dialog, leaving, make, showMenu, t } = window.aiportal;

  let trigger = null;
  window.aiportal.connectMessages = (given) => {
    trigger = given;
  };
  const tell = (name, data) => {
    if (!trigger) return;
    leaving(name);
    trigger(name, data);
  };

  // ---- the text as it was written: the page has only what became of it

  const written = async (id) => {
    const chat = encodeURIComponent(chatInAddress());
    const path = `/api/v1/conversations/${chat}/messages/${encodeURIComponent(id)}`;
    const response = await fetch(path);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.json()).content;
  };

  const cannotRead = () =>
    dialog(
      t("The text could not be read"),
      make("p", "", t("The portal did not answer, or the message was deleted. Reload the page.")),
      t("Reload"),
      "primary",
      () => location.reload(),
    );

  // ---- dialogs

  // What is being edited, or was and is on its way: {id, of, area or text}.
  let edited = null;

  const send = (name, of, id, text) => {
    edited = { id, of, text };
    tell(name, { id, text });
  };

  const textDialog = (title, note, text, verb, act) => {
    const body = make("div", "field");
    const area = make("textarea");
    area.value = text;
    area.required = true;
    area.rows = 8;
    area.setAttribute("aria-label", title);
    body.append(make("p", "", note), area);
    const box = dialog(title, body, verb, "primary", () => act(area.value));
    box.classList.add("wide");
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      box.querySelector("form").requestSubmit();
    });
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
    return { box, area };
  };

  const holding = ({ box, area }, of, id) => {
    edited = { id, of, area };
    box.addEventListener("close", () => {
      if (edited?.area === area) edited = null;
    });
  };

  const editQuestion = async (id, given) => {
    const text = given ?? (await written(id));
    const note = t("Send asks it beside the earlier one, which stays. Save changes it where it stands.");
    const parts = textDialog(t("Edit the question"), note, text, t("Send"), (changed) =>
      send("submit", "question", id, changed),
    );
    const { box, area } = parts;
    holding(parts, "question", id);
    const save = button("btn", t("Save"), () => {
      if (!area.reportValidity()) return;
      box.close();
      send("apply", "question", id, area.value);
    });
    box.querySelector(".acts").lastElementChild.before(save);
  };

  const editAnswer = async (id, given) => {
    const text = given ?? (await written(id));
    const note = t("The chat goes on from the changed text. It is marked as edited.");
    const parts = textDialog(t("Edit the answer"), note, text, t("Save"), (changed) =>
      send("apply", "answer", id, changed),
    );
    holding(parts, "answer", id);
  };

  const editedText = () =>
    edited && { id: edited.id, of: edited.of, text: edited.text ?? edited.area.value };

  // On a page that was loaded anew meanwhile.
  const editAgain = ({ id, of, text }) =>
    of === "question" ? editQuestion(id, text) : editAnswer(id, text);

  const editTaken = () => {
    if (edited && !edited.area) edited = null;
  };

  const askForModel = (questionId) => {
    const label = make("label", "field", t("Model"));
    const models = document.querySelector("#tab-chat .picker select").cloneNode(true);
    models.removeAttribute("aria-label");
    models.value = document.querySelector("#tab-chat .picker select").value;
    label.append(models);
    dialog(t("Answer again"), label, t("Answer"), "primary", () =>
      tell("retry", { id: questionId, model: models.value }),
    );
  };

  const askToDelete = (id) => {
    const words = t("This message and all that follows it go for good, in all their versions.");
    dialog(t("Delete from here?"), make("p", "", words), t("Delete"), "danger", () =>
      tell("clear", { id }),
    );
  };

  // ---- the menu

  const openMenu = (opener) => {
    const id = opener.value;
    const isQuestion = opener.closest(".user-row") !== null;
    const menu = make("div", "menu");
    const item = (icon, text, act) =>
      menu.append(
        button(`mi i-${icon}`, text, () => {
          menu.hidePopover();
          act();
        }),
      );
    if (!isQuestion) {
      const again = opener.closest(".message-content").querySelector(".act-again");
      if (again) item("retry", t("Answer again with …"), () => askForModel(again.value));
      item("pencil", t("Edit the answer"), () => editAnswer(id).catch(cannotRead));
    }
    item("fork", t("Fork into a new chat"), () => tell("copy", { id }));
    if (!isQuestion) window.aiportal.answerItems(id, opener, item);
    item("trash", t("Delete from here"), () => askToDelete(id));
    showMenu(menu, opener);
  };

  // ---- the keyboard stays where it was when another version takes a message's place

  const KEPT_FOR_MS = 5_000;
  let kept = null;

  const showVersion = (pressed) => {
    const side = pressed.classList.contains("i-left") ? "i-left" : "i-right";
    kept = { id: pressed.value, side, until: Date.now() + KEPT_FOR_MS };
    tell("option_select", { id: pressed.value });
  };

  const focusVersion = () => {
    if (kept === null) return;
    const isMine = (one) => one.value === kept.id;
    const more = [...document.querySelectorAll("#chat-log .act-more")].find(isMine);
    const steps = [...(more?.closest(".acts").querySelectorAll(".act-show") ?? [])];
    const step = steps.find((one) => !one.disabled && one.classList.contains(kept.side));
    (step ?? steps.find((one) => !one.disabled))?.focus({ preventScroll: true });
    if (steps.length > 0 || Date.now() > kept.until) kept = null;
  };

  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(focusVersion).observe(document.body, { subtree: true, childList: true });
  });

  Object.assign(window.aiportal, { editAgain, editTaken, editedText });
  Object.assign(acts, {
    again: (b) => tell("retry", { id: b.value }),
    edit: (b) => editQuestion(b.value).catch(cannotRead),
    "go-on": (b) => tell("play", { id: b.value }),
    more: openMenu,
    older: () => tell("expand", {}),
    show: showVersion,
  });
})();
