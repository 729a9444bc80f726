// Several models at once: the chip and its panel, and clicks in the columns for Python.
(() => {
  "use strict";

  const { acts, make, mends, scrollToEnd, t } = window.aiportal;
  const MOST = 4;
  const LEAST = 2;

  let trigger = null;
  window.aiportal.connectComparing = (given) => {
    trigger = given;
  };
  const tell = (name, data) => trigger?.(name, data);

  const toggle = () => document.querySelector("#compare-toggle");
  const panel = () => document.querySelector("#compare-panel");
  const isOn = () => toggle()?.checked === true;
  const mode = () => panel()?.querySelector("[name='compare-mode']:checked")?.value ?? "chosen";
  const boxes = () => [...panel().querySelectorAll(".cmp-models input")];
  const picked = () => boxes().filter((box) => box.checked).map((box) => box.value);

  // ---- the panel: the models that the picker has

  const options = () => [...document.querySelectorAll("#tab-chat .picker option")];

  const say = (words, isProblem = false) => {
    const hint = panel().querySelector(".cmp-hint");
    if (hint.textContent !== words) hint.textContent = words;
    hint.classList.toggle("problem", isProblem);
  };

  const NEED_TWO = [
    t("Only one model can serve now, and comparing needs two."),
    t("Get a second one: pull another for this machine with `aiportal models pull`,"),
    t("or set a provider's key such as OPENAI_API_KEY in .env and restart."),
  ].join(" ");

  const hint = () => {
    const count = picked().length;
    for (const box of boxes()) box.disabled = !box.checked && count >= MOST;
    if (options().length < LEAST) say(NEED_TWO);
    else if (mode() === "blind") {
      say(t("Two models answer as A and B. Their names are told after your vote."));
    } else if (count < LEAST) say(t("Choose {least} to {most} models.", { least: LEAST, most: MOST }));
    else if (count >= MOST) say(t("{count} models, as many as can be.", { count }));
    else say(t("{count} models answer at once.", { count }));
    panel().querySelector(".cmp-models").hidden = mode() === "blind";
  };

  const fill = () => {
    const chosen = new Set(picked());
    const known = options();
    if (chosen.size === 0) {
      const first = document.querySelector("#tab-chat .picker select")?.value;
      const ordered = [first, ...known.map((one) => one.value).filter((id) => id !== first)];
      for (const id of ordered.slice(0, LEAST)) chosen.add(id);
    }
    const listed = known.map((one) => {
      const label = make("label");
      const box = make("input");
      box.type = "checkbox";
      box.value = one.value;
      box.checked = chosen.has(one.value);
      label.append(box, make("span", "", one.label));
      label.title = one.value;
      return label;
    });
    panel().querySelector(".cmp-models").replaceChildren(...listed);
    hint();
  };

  const show = () => {
    panel().hidden = !isOn();
    if (isOn()) fill();
  };

  document.addEventListener("change", (event) => {
    if (event.target === toggle()) show();
    else if (event.target.closest("#compare-panel")) hint();
    else if (isOn() && event.target.closest("#tab-chat .picker")) requestAnimationFrame(fill);
  });

  // ---- sending: with the chip on, a question goes to several models

  const input = () => document.querySelector("#composer-input textarea");

  const send = () => {
    const text = input().value.trim();
    const { files } = window.aiportal.composedState();
    if (!text && !files.length) return;
    const models = mode() === "blind" ? [] : picked();
    if (options().length < LEAST) {
      say(NEED_TWO, true);
    } else if (mode() === "chosen" && models.length < LEAST) {
      say(t("Choose {least} to {most} models, then send.", { least: LEAST, most: MOST }), true);
      boxes().find((box) => !box.checked)?.focus();
    } else if (mode() === "blind" && files.length) {
      say(t("Files cannot be sent blind. Remove them, or choose the models."), true);
    } else {
      const isBlind = mode() === "blind";
      window.aiportal.sendAway((words, composed) => {
        if (isBlind) tell("input", { text: words, composed });
        else tell("submit", { text: words, models, composed });
      });
      panel().hidden = true; // the answers need the room; the chip says that it is on
      setTimeout(scrollToEnd, 150);
    }
  };

  const take = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    send();
  };

  // In the capture phase: Gradio's own listener would send it to one model.
  document.addEventListener(
    "keydown",
    (event) => {
      const isPlain = event.key === "Enter" && !event.shiftKey && !event.isComposing;
      if (isPlain && isOn() && event.target === input()) take(event);
    },
    true,
  );
  document.addEventListener(
    "click",
    (event) => {
      if (isOn() && event.target.closest("#composer-input .submit-button")) take(event);
    },
    true,
  );

  // ---- the columns

  Object.assign(acts, {
    choose: (b) => tell("select", { id: b.value }),
    "stop-one": (b) => tell("clear", { id: b.value }),
    vote: (b) => {
      const [id, outcome] = b.value.split(" ");
      for (const one of b.parentElement.children) one.disabled = true;
      tell("apply", { id, outcome });
    },
  });

  // ---- a blind battle stands in the address while it is open, so that a reload finds it

  const inAddress = () => new URLSearchParams(location.search).get("battle") ?? "";
  const battleOnPage = () => {
    const box = document.querySelector("#chat-log .cmp-all.blind");
    return box ? [...box.classList].find((one) => one.startsWith("battle_")) : "";
  };

  let known = "";
  const markAddress = () => {
    const id = battleOnPage() ?? "";
    if (id === known) return;
    known = id;
    const url = new URL(location.href);
    if (id) url.searchParams.set("battle", id);
    else url.searchParams.delete("battle");
    history.replaceState(null, "", url);
  };
  mends.push(markAddress);

  const { opened } = window.aiportal;
  window.aiportal.opened = () => {
    opened();
    if (inAddress()) tell("expand", { id: inAddress() });
  };

  // What is as wide as its columns; with :has() in the stylesheet every step of an answer would
  // have the whole page styled anew.
  mends.push(() => {
    const wide = new Set();
    for (const one of document.querySelectorAll("#chat-log .cmp")) {
      wide.add(one.closest(".message-row")).add(one.closest(".message-wrap"));
    }
    for (const one of document.querySelectorAll("#chat-log :is(.message-row, .message-wrap)")) {
      one.classList.toggle("columns", wide.has(one));
    }
  });

  // Gradio's sanitiser takes `aria-` away: buttons of the same words are told apart here.
  mends.push(() => {
    for (const one of document.querySelectorAll("#chat-log .cmp-col button.act-choose")) {
      const name = one.closest(".cmp-col").querySelector(".cmp-name").textContent;
      const label = `${one.textContent}: ${name}`;
      if (one.ariaLabel !== label) one.ariaLabel = label;
    }
    for (const one of document.querySelectorAll("#chat-log .cmp")) if (one.tabIndex < 0) one.tabIndex = 0;
    const chip = toggle();
    if (chip && chip.ariaExpanded !== String(isOn())) chip.ariaExpanded = String(isOn());
  });
})();
