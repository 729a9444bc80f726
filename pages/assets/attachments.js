// Files that go with a question: picked, pasted, dropped or photographed, uploaded, shown as chips.
(() => {
  "use strict";

  const { acts, button, composerInput, make, showMenu, t, uploads } = window.aiportal;
  const { chip, fileChip, tokens } = uploads;
  const MAX_FILES = 20;
  const LONG_PASTE = 20_000; // characters that become a file, instead of filling the box

  let files = []; // see uploads.js
  let only = { model: null, project: null }; // for the next question alone: {id, label}

  const area = () => document.querySelector("#tab-chat .composer .files");
  const say = (words) => {
    const status = area()?.querySelector("[role=status]");
    if (status) status.textContent = words;
  };
  const changed = () => {
    draw();
    document.dispatchEvent(new Event("aiportal:composed"));
  };

  // ---- chips

  const remove = (file) => {
    file.request?.abort();
    const place = files.indexOf(file);
    files = files.filter((one) => one !== file);
    changed();
    say(t("{name} is removed.", { name: file.name }));
    const left = area().querySelectorAll(".chip-x");
    (left[Math.min(place, left.length - 1)] ?? composerInput())?.focus();
  };

  const onlyChips = () =>
    Object.entries(only).flatMap(([kind, one]) => {
      if (!one) return [];
      const isModel = kind === "model";
      const { label: name } = one;
      const words = isModel ? t("with {name}", { name }) : t("in {name}", { name });
      const about = isModel ? t("this question only") : t("project");
      return chip(words, about, "only", () => {
        only[kind] = null;
        changed();
        composerInput()?.focus();
      });
    });

  const draw = () => {
    const list = area()?.querySelector("ul");
    if (!list) return;
    list.replaceChildren(...onlyChips(), ...files.map((file) => fileChip(file, () => remove(file))));
    area().classList.toggle("some", list.childElementCount > 0);
    if (!hindrance()) delete area().dataset.hint;
  };

  // ---- uploading

  const told = (file) => {
    if (file.state === "uploading") return draw();
    changed();
    const { name, error: reason } = file;
    if (file.state === "ready") say(t("{name} is attached, {tokens}.", { name, tokens: tokens(file.tokens) }));
    else say(t("{name} is not attached: {reason}", { name, reason }));
  };

  const attach = (given) => {
    const words = window.aiportal.noFiles();
    if (words) {
      hint(words);
      return;
    }
    const room = MAX_FILES - files.length;
    for (const data of [...given].slice(0, room)) {
      const file = uploads.fresh(data);
      files.push(file);
      uploads.upload(file, data, told);
    }
    if (given.length > room) say(t("A question takes at most {count} files.", { count: MAX_FILES }));
    changed();
  };

  // ---- where files come from

  const choose = (options) =>
    uploads.choose((given) => {
      attach(given);
      composerInput()?.focus();
    }, options);

  const openChoice = (opener) => {
    if (!matchMedia("(pointer: coarse)").matches) {
      choose();
      return;
    }
    const menu = make("div", "menu");
    const item = (icon, text, act) =>
      menu.append(
        button(`mi i-${icon}`, text, () => {
          menu.hidePopover();
          act();
        }),
      );
    item("camera", t("Take a photo"), () => choose({ accept: "image/*", capture: "environment" }));
    item("file", t("Choose files"), () => choose());
    showMenu(menu, opener);
  };

  document.addEventListener("paste", (event) => {
    if (event.target !== composerInput() || !event.clipboardData) return;
    const text = event.clipboardData.getData("text/plain");
    const pasted = [...event.clipboardData.files];
    if (pasted.length && !text) {
      event.preventDefault();
      attach(pasted);
    } else if (text.length > LONG_PASTE && !window.aiportal.noFiles()) {
      event.preventDefault();
      attach([new File([text], "pasted text.txt", { type: "text/plain" })]);
    }
  });

  const { holdsFiles } = uploads;
  const inDialog = () => document.querySelector("dialog[open]") !== null;
  const place = () => {
    if (inDialog()) return null;
    const chat = document.querySelector("#tab-chat .chat");
    return chat?.offsetParent ? chat : null;
  };
  let inside = 0; // enter and leave come for every element on the way

  const over = (step) => {
    inside = Math.max(0, step === 0 ? 0 : inside + step);
    place()?.classList.toggle("dropping", inside > 0);
  };

  document.addEventListener("dragenter", (event) => holdsFiles(event) && over(1));
  document.addEventListener("dragleave", (event) => holdsFiles(event) && over(-1));
  document.addEventListener("dragover", (event) => {
    if (holdsFiles(event) && (place() || inDialog())) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    over(0);
    if (!place() && !inDialog()) return;
    event.preventDefault(); // else the browser would leave the page for the file
    if (inDialog()) return;
    attach(event.dataTransfer.files);
    composerInput()?.focus();
  });

  // ---- sending waits for the files

  const hindrance = () => {
    const refusal = files.length ? window.aiportal.noFiles() : "";
    if (refusal) return t("{reason} Remove them, then send.", { reason: refusal });
    const failed = files.find((one) => one.state === "failed");
    if (failed) return t("{name} is not attached. Remove it, then send.", { name: failed.name });
    const going = files.find((one) => one.state === "uploading");
    if (!going) return "";
    return t("{name} is still on its way. Send when it is there.", { name: going.name });
  };

  const hint = (words) => {
    say("");
    requestAnimationFrame(() => say(words));
    area().dataset.hint = words;
    setTimeout(() => delete area().dataset.hint, 4_000);
  };

  const hold = (event) => {
    const words = hindrance();
    if (!words) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    hint(words);
  };

  document.addEventListener(
    "keydown",
    (event) => {
      const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing;
      if (sends && event.target === composerInput() && !event.defaultPrevented) hold(event);
    },
    true,
  );
  document.addEventListener(
    "click",
    (event) => event.target.closest("#composer-input .submit-button") && hold(event),
    true,
  );

  // ---- for the other scripts

  // lost: the names of files that do not arrive if the page or the chat is left now.
  const state = () => ({
    files: files
      .filter((one) => one.state === "ready")
      .map(({ id, name, kind, tokens }) => ({ id, name, kind, tokens })),
    lost: files.filter((one) => one.state === "uploading" || one.isLost).map((one) => one.name),
    only,
  });

  // What was not sent for two days is gone from the portal.
  const lookAgain = async (file) => {
    try {
      const response = await fetch(`${uploads.address}/${file.id}`);
      if (response.status !== 404 || !files.includes(file)) return;
      file.picture = null;
      uploads.fail(file, t("It was not sent for a long time and is gone. Attach it again."), told);
    } catch {
      // the portal is away: sending will tell
    }
  };

  const restore = (kept) => {
    for (const file of files) file.request?.abort();
    const whole = (kept?.files ?? []).map(uploads.known);
    files = [...whole, ...(kept?.lost ?? []).map(uploads.lost)];
    only = { model: kept?.only?.model ?? null, project: kept?.only?.project ?? null };
    draw();
    whole.forEach(lookAgain);
  };

  // What goes with a question leaves with it, and comes back where the question is refused.
  const takeAway = () => {
    const gone = { files, only };
    files = [];
    only = { model: null, project: null };
    draw();
    return gone;
  };

  const giveBack = (gone) => {
    files = [...gone.files, ...files];
    only = { model: only.model ?? gone.only.model, project: only.project ?? gone.only.project };
    draw();
  };

  // What was given back has gone for all that.
  const takeBack = (gone) => {
    files = files.filter((one) => !gone.files.includes(one));
    for (const kind of Object.keys(only)) if (only[kind] === gone.only[kind]) only[kind] = null;
    changed();
  };

  const choosing = (kind, one) => {
    only[kind] = one;
    changed();
    const { label: name } = one;
    say(kind === "model" ? t("The next question goes to {name}.", { name }) : t("In {name}.", { name }));
  };

  acts.attach = openChoice;
  Object.assign(window.aiportal, { choosing, giveBack, restoreComposed: restore, takeAway, takeBack });
  window.aiportal.composedState = state;
})();
