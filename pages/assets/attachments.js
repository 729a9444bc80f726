// Files that go with a question: picked, pasted, dropped or photographed, uploaded, shown as chips.
(() => {
  "use strict";

  const { acts, button, composerInput, make, number, showMenu, t } = window.aiportal;
  const ADDRESS = "/api/v1/attachments";
  const MAX_FILES = 20;
  const LONG_PASTE = 20_000; // characters that become a file, instead of filling the box
  const TAKES =
    "image/png,image/jpeg,image/webp,image/gif,application/pdf,.pdf,.docx,.txt,.md,.csv,.json," +
    "text/*,.py,.js,.ts,.java,.c,.cpp,.h,.rs,.go,.sh,.sql,.yaml,.yml,.toml,.xml,.html,.css,.log,.svg";

  // Each: key, name, kind, state (uploading, ready, failed), and what is known of it by then.
  let files = [];
  let only = { model: null, project: null }; // for the next question alone: {id, label}
  let sent = null; // what went with the last question, until it is taken
  let count = 0;

  const area = () => document.querySelector("#tab-chat .composer .files");
  const say = (words) => {
    const status = area()?.querySelector("[role=status]");
    if (status) status.textContent = words;
  };
  const changed = () => {
    draw();
    document.dispatchEvent(new Event("aiportal:composed"));
  };

  const tokens = (count) =>
    count === 1 ? t("1 token") : t("{count} tokens", { count: number(count) });
  const megabytes = (bytes) => {
    const digits = bytes < 10485760 ? 1 : 0;
    const figure = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return `${number(bytes / 1048576, figure)} MB`;
  };

  // ---- chips

  const aboutFile = (file) => {
    if (file.state === "failed") return file.error;
    if (file.state === "ready") return tokens(file.tokens);
    return file.progress < 1 ? `${Math.round(file.progress * 100)} %` : t("reading…");
  };

  const remove = (file) => {
    file.request?.abort();
    const place = files.indexOf(file);
    files = files.filter((one) => one !== file);
    changed();
    say(t("{name} is removed.", { name: file.name }));
    const left = area().querySelectorAll(".chip-x");
    (left[Math.min(place, left.length - 1)] ?? composerInput())?.focus();
  };

  const chip = (name, words, className, takeAway) => {
    const item = make("li", `fchip ${className}`);
    const text = make("span", "ft");
    text.append(make("b", "", name), make("span", "", words));
    const cross = button("ib i-close chip-x", "", takeAway);
    cross.ariaLabel = cross.title = t("Remove {name}", { name });
    item.append(text, cross);
    return item;
  };

  const fileChip = (file) => {
    const item = chip(file.name, aboutFile(file), `${file.state} i-file`, () => remove(file));
    item.title = file.state === "failed" ? file.error : file.name;
    if (file.picture) {
      const picture = make("img");
      picture.src = file.picture;
      picture.alt = "";
      item.classList.remove("i-file");
      item.prepend(picture);
    }
    if (file.state === "uploading") {
      const bar = make("progress");
      bar.value = file.progress;
      bar.ariaLabel = t("Upload of {name}", { name: file.name });
      item.append(bar);
    }
    return item;
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
    list.replaceChildren(...onlyChips(), ...files.map(fileChip));
    area().classList.toggle("some", list.childElementCount > 0);
    if (!hindrance()) delete area().dataset.hint;
  };

  // ---- uploading

  const fail = (file, words) => {
    file.state = "failed";
    file.error = words;
    changed();
    say(t("{name} is not attached: {reason}", { name: file.name, reason: words }));
  };

  const done = (file, request) => {
    let answer = null;
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // a proxy's page
    }
    if (request.status === 201 && answer) {
      const { id, name, kind } = answer;
      Object.assign(file, { state: "ready", id, name, kind, tokens: answer.tokens, request: null });
      if (kind === "image") file.picture = `${ADDRESS}/${id}/content?preview=true`;
      changed();
      say(t("{name} is attached, {tokens}.", { name, tokens: tokens(answer.tokens) }));
      return;
    }
    fail(file, answer?.error?.message ?? t("The portal did not take it. Try again."));
  };

  const upload = (file, data) => {
    const request = new XMLHttpRequest();
    file.request = request;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) file.progress = event.loaded / event.total;
      draw();
    });
    request.addEventListener("load", () => done(file, request));
    request.addEventListener("error", () =>
      fail(file, t("The portal cannot be reached. Remove it, then attach it again.")),
    );
    const form = new FormData();
    form.append("file", data, file.name);
    request.open("POST", ADDRESS);
    request.send(form);
  };

  const attach = (given) => {
    const words = window.aiportal.noFiles();
    if (words) {
      hint(words);
      return;
    }
    const room = MAX_FILES - files.length;
    for (const data of [...given].slice(0, room)) {
      const file = { key: ++count, name: data.name || "file", kind: "", progress: 0 };
      file.state = "uploading";
      files.push(file);
      const most = Number(area()?.dataset.maxBytes) || Infinity;
      if (data.size > most) {
        const sizes = { size: megabytes(data.size), most: megabytes(most) };
        fail(file, t("It has {size}; at most {most} are taken.", sizes));
      } else {
        upload(file, data);
      }
    }
    if (given.length > room) say(t("A question takes at most {count} files.", { count: MAX_FILES }));
    changed();
  };

  // ---- where files come from

  const choose = (accept, capture) => {
    const input = make("input");
    input.type = "file";
    input.accept = accept;
    input.multiple = !capture;
    if (capture) input.capture = capture;
    input.hidden = true;
    input.addEventListener("change", () => {
      attach(input.files);
      input.remove();
      composerInput()?.focus();
    });
    input.addEventListener("cancel", () => input.remove());
    document.body.append(input);
    input.click();
  };

  const openChoice = (opener) => {
    if (!matchMedia("(pointer: coarse)").matches) {
      choose(TAKES);
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
    item("camera", t("Take a photo"), () => choose("image/*", "environment"));
    item("file", t("Choose files"), () => choose(TAKES));
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

  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const place = () => {
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
    if (holdsFiles(event) && place()) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event) || !place() || event.target.closest("dialog")) return;
    event.preventDefault();
    over(0);
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

  const state = () => ({
    files: files
      .filter((one) => one.state === "ready")
      .map(({ id, name, kind, tokens }) => ({ id, name, kind, tokens })),
    only,
  });

  // What was not sent for two days is gone from the portal.
  const lookAgain = async (file) => {
    try {
      const response = await fetch(`${ADDRESS}/${file.id}`);
      if (response.status !== 404 || !files.includes(file)) return;
      file.picture = null;
      fail(file, t("It was not sent for a long time and is gone. Attach it again."));
    } catch {
      // the portal is away: sending will tell
    }
  };

  const restore = (kept) => {
    for (const file of files) file.request?.abort();
    files = (kept?.files ?? []).map((one) => ({
      ...one,
      key: ++count,
      state: "ready",
      picture: one.kind === "image" ? `${ADDRESS}/${one.id}/content?preview=true` : null,
    }));
    only = { model: kept?.only?.model ?? null, project: kept?.only?.project ?? null };
    draw();
    files.forEach(lookAgain);
  };

  const composed = () => {
    const { files: ready } = state();
    sent = {
      attachments: ready.map((one) => one.id),
      model: only.model?.id ?? "",
      project: only.project?.id ?? "",
      temporary: window.aiportal.asksTemporarily(),
      number: ++count,
    };
    document.dispatchEvent(new Event("aiportal:sending"));
    return JSON.stringify(sent);
  };

  // Also called where the question was refused: then `text` is that of an earlier one.
  const taken = (text) => {
    if (sent !== null && text === JSON.stringify(sent)) {
      const gone = new Set(sent.attachments);
      sent = null;
      files = files.filter((one) => !gone.has(one.id));
      only = { model: null, project: null };
      draw();
    }
    document.dispatchEvent(new Event("aiportal:settled"));
  };

  const choosing = (kind, one) => {
    only[kind] = one;
    changed();
    const { label: name } = one;
    say(kind === "model" ? t("The next question goes to {name}.", { name }) : t("In {name}.", { name }));
  };

  acts.attach = openChoice;
  Object.assign(window.aiportal, { choosing, composed, restoreComposed: restore, taken });
  window.aiportal.composedState = state;
})();
