// Which of the portal's tools a chat has: the chip and its panel. The choice goes with each question,
// and the chat keeps it.
(() => {
  "use strict";

  const { acts, mends, t } = window.aiportal;
  const root = document.documentElement;

  const chip = () => document.querySelector(".tools-chip");
  const panel = () => document.querySelector("#tools-panel");
  const boxes = () => [...(panel()?.querySelectorAll("input") ?? [])];
  const own = () => boxes().filter((box) => box.dataset.own).map((box) => box.value);

  let chosen = null; // ids, null for what the model has anyway
  let mark = ""; // of the chat's choice that was taken over last
  let filled = null; // the list that shows it

  const wanted = () => new Set(chosen ?? own());
  const isSame = (one, other) => one.length === other.length && one.every((id) => other.includes(id));

  const takeOver = () => {
    const told = document.querySelector("#chosen-tools")?.dataset;
    if (!told || told.mark === mark) return false;
    mark = told.mark;
    const tools = told.tools ? JSON.parse(told.tools) : null;
    if (tools === null) chosen = null;
    else if (!tools.enabled) chosen = [];
    else chosen = tools.allowedTools ?? boxes().map((box) => box.value);
    return true;
  };

  const isOpen = () => panel() !== null && !panel().hidden;

  const look = () => {
    const [one, list] = [chip(), panel()];
    if (!one || !list) return;
    const { reason, runs } = list.dataset;
    root.classList.toggle("runs-code", runs !== "");
    const first = list.querySelector("input");
    if (takeOver() || first !== filled) {
      filled = first;
      for (const box of boxes()) box.checked = wanted().has(box.value);
    }
    const count = boxes().filter((box) => box.checked).length;
    const isOff = first === null;
    if (isOff && !list.hidden) list.hidden = true;
    one.hidden = isOff && !reason;
    one.setAttribute("aria-disabled", String(isOff));
    const words = isOff ? reason : t("Tools that the model may use in this chat");
    if (one.title !== words) one.title = words;
    const number = one.querySelector(".n");
    if (number.textContent !== (count ? String(count) : "")) number.textContent = count ? String(count) : "";
    one.classList.toggle("on", count > 0);
    if (one.ariaExpanded !== String(isOpen())) one.ariaExpanded = String(isOpen());
  };
  mends.push(look);

  document.addEventListener("change", (event) => {
    if (!event.target.closest?.("#tools-panel")) return;
    const picked = boxes().filter((box) => box.checked).map((box) => box.value);
    chosen = isSame(picked, own()) ? null : picked;
    look();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !event.target.closest?.("#tools-panel")) return;
    panel().hidden = true;
    look();
    chip().focus();
  });

  document.addEventListener("aiportal:sending", () => {
    if (isOpen()) panel().hidden = true; // the answer needs the room
    look();
  });

  acts.tools = (pressed) => {
    if (pressed.ariaDisabled === "true") {
      window.aiportal.say(pressed.title);
      return;
    }
    panel().hidden = !panel().hidden;
    look();
    if (isOpen()) panel().querySelector("input").focus();
  };

  // As a request has it; null for what the model has anyway, and where it can have none.
  const toolsOfChat = () => {
    if (chosen === null) return null;
    const there = boxes().map((box) => box.value);
    const ids = there.length ? chosen.filter((id) => there.includes(id)) : chosen;
    return ids.length ? { enabled: true, allowedTools: ids } : { enabled: false };
  };

  Object.assign(window.aiportal, { toolsOfChat });
})();
