// Temporary chats: the chip that has a new chat not stored, and what is not offered in one.
(() => {
  "use strict";

  const { acts, chatInAddress, isTemporary, mends, t } = window.aiportal;
  const root = document.documentElement;

  let trigger = null;
  window.aiportal.connectTemporary = (given) => {
    trigger = given;
  };
  const tell = (name) => trigger?.(name, {});

  const toggle = () => document.querySelector("#temporary-toggle");
  const compare = () => document.querySelector("#compare-toggle");
  const isNew = () => !chatInAddress() && !new URLSearchParams(location.search).has("battle");

  // Whether what is asked now is not stored.
  const isOn = () => isTemporary() || (isNew() && toggle()?.checked === true);

  const withoutComparing = () => {
    if (compare()?.checked) compare().click();
  };

  const look = () => {
    root.classList.toggle("new-chat", isNew());
    root.classList.toggle("temporary", isOn());
    root.classList.toggle("temporary-open", isTemporary());
    if (isTemporary()) withoutComparing();
  };
  mends.push(look);

  document.addEventListener("change", (event) => {
    if (event.target === toggle() && toggle().checked) withoutComparing();
    if (event.target === compare() && compare().checked && toggle()) toggle().checked = false;
    look();
    document.dispatchEvent(new Event("aiportal:composed")); // a draft is kept, or is no more
  });

  // The address is changed after it is told.
  document.addEventListener("aiportal:chat", ({ detail: id }) => {
    if (!id && toggle()) toggle().checked = false;
    queueMicrotask(look);
  });

  const { again } = acts;
  Object.assign(acts, {
    again: (b) => (isTemporary() ? tell("retry") : again(b)),
    "keep-chat": () => tell("submit"),
  });

  // "" where files are taken.
  const noFiles = () =>
    isOn() ? t("A temporary chat takes no files, because those are stored.") : "";

  Object.assign(window.aiportal, { asksTemporarily: isOn, noFiles });
})();
