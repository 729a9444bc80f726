// Questions that wait for the end of an answer: put there, taken back, taken out to be edited.
(() => {
  "use strict";

  const { acts, chatInAddress, composedState, composerInput, make, restoreComposed, t } =
    window.aiportal;

  let trigger = null;
  window.aiportal.connectQueue = (given) => {
    trigger = given;
  };
  const tell = (name) => trigger?.(name, {});

  // ---- putting one there: as Enter does, past the choice of the key that sends

  const enter = (type) => {
    const key = { key: "Enter", code: "Enter", bubbles: true, cancelable: true };
    return Object.assign(new KeyboardEvent(type, key), { isOurs: true });
  };

  const queue = () => {
    const input = composerInput();
    if (!input) return;
    input.focus();
    if (input.dispatchEvent(enter("keydown"))) input.dispatchEvent(enter("keypress"));
  };

  // ---- taking one out

  const address = (id) => {
    const chat = encodeURIComponent(chatInAddress());
    return `/api/v1/conversations/${chat}/queue${id ? `/${encodeURIComponent(id)}` : ""}`;
  };

  const remove = async (id) => {
    const { ok } = await fetch(address(id), { method: "DELETE" });
    tell("expand"); // one that has been asked meanwhile is gone from the list as well
    composerInput()?.focus();
    return ok;
  };

  const kept = async (id) => {
    const response = await fetch(address());
    if (!response.ok) return null;
    return (await response.json()).data.find((one) => one.id === id) ?? null;
  };

  const edit = async (id) => {
    const question = await kept(id);
    if (!(await remove(id)) || !question) return;
    const input = composerInput();
    const { files, lost, only } = composedState();
    const waiting = question.attachments.map(({ id: file, name, kind, tokens }) => ({
      id: file,
      name,
      kind,
      tokens,
    }));
    restoreComposed({ files: [...waiting, ...files], lost, only });
    input.value = [question.content, input.value].filter(Boolean).join("\n\n");
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  };

  const quietly = (act) => (pressed) =>
    act(pressed.dataset.id).catch(() => {
      const head = document.querySelector(".queue .qhead");
      head?.replaceChildren(make("span", "problem", t("The portal cannot be reached. Try again.")));
    });

  Object.assign(acts, {
    queue,
    "queued-send": () => tell("submit"),
    "queued-remove": quietly(remove),
    "queued-edit": quietly(edit),
  });
  window.aiportal.queue = queue;
})();
