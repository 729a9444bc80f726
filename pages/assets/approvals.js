// Calls of tools that wait for the reader's word: they are unfolded, said aloud, and decided here. Another
// page may decide one as well, so the portal is asked now and then which still wait.
(() => {
  "use strict";

  const { acts, call, make, mends, say, t } = window.aiportal;
  const PATH = "/api/v1/tools/approvals";
  const LOOK_MS = 3_000;

  const told = new Set(); // ids that were said aloud
  let isLooking = false;

  const asking = () => [...document.querySelectorAll("#chat-log .task:not(.decided)")];
  const idOf = (task) => task.querySelector("button[value]").value;

  const settle = (task, state, words) => {
    task.classList.add("decided");
    const shown = task.closest(".tool").querySelector(".tstate");
    shown.className = `tstate s-${state}`;
    shown.textContent = words;
    task.replaceChildren();
  };

  const decide = async (pressed, approve) => {
    const task = pressed.closest(".task");
    const buttons = [...task.querySelectorAll("button")];
    for (const one of buttons) one.disabled = true;
    task.querySelector(".err")?.remove();
    try {
      await call("POST", `${PATH}/${encodeURIComponent(pressed.value)}`, { approve });
    } catch (error) {
      const box = make("div", "err");
      box.setAttribute("role", "alert");
      box.append(make("p", "", error.message));
      task.append(box);
      for (const one of buttons) one.disabled = false;
      return;
    }
    const summary = task.closest(".tool")?.querySelector("summary");
    if (task.isConnected) {
      settle(task, approve ? "running" : "declined", approve ? t("running") : t("declined"));
      summary.focus();
    }
    say(approve ? t("Approved. The tool runs.") : t("Declined. The model is told so."));
  };

  const lookAgain = async () => {
    isLooking = true;
    while (asking().length) {
      await new Promise((go) => setTimeout(go, LOOK_MS));
      if (document.hidden || !asking().length) continue;
      try {
        const { data } = await call("GET", PATH);
        const waiting = new Set(data.map((one) => one.id));
        for (const task of asking()) {
          if (!waiting.has(idOf(task))) settle(task, "running", t("decided"));
        }
      } catch {
        // the portal is asked again
      }
    }
    isLooking = false;
  };

  mends.push(() => {
    for (const task of asking()) {
      const bubble = task.closest(".tool");
      if (bubble.dataset.isUnfolded === undefined) {
        bubble.dataset.isUnfolded = "";
        bubble.open = true;
      }
      const name = bubble.querySelector("summary b").textContent;
      for (const one of task.querySelectorAll("button")) {
        const label = `${one.textContent}: ${name}`;
        if (one.ariaLabel !== label) one.ariaLabel = label;
      }
      if (!told.has(idOf(task))) {
        told.add(idOf(task));
        say(t("{name} waits for your approval.", { name }));
      }
    }
    for (const one of document.querySelectorAll("#chat-log .tplain")) {
      if (one.tabIndex < 0 && one.scrollHeight > one.clientHeight) one.tabIndex = 0;
    }
    if (!isLooking && asking().length) lookAgain();
  });

  acts.approve = (pressed) => decide(pressed, true);
  acts.decline = (pressed) => decide(pressed, false);
})();
