// Calls of the portal's own API, and what goes wrong with them in words.
(() => {
  "use strict";

  const { make, t } = window.aiportal;

  const MAX_KEPT_CHARS = 10_000; // browsers keep 64 KiB alive

  // What the portal answers, null for nothing; throws an Error that can be shown to the reader. What
  // is short arrives also where the page is left meanwhile.
  const call = async (method, path, body, signal) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const sent = body === undefined ? undefined : JSON.stringify(body);
    let response;
    try {
      const keepalive = (sent ?? "").length < MAX_KEPT_CHARS;
      response = await fetch(path, { method, headers, body: sent, keepalive, signal });
    } catch {
      throw new Error(t("The portal cannot be reached. Try again in a moment."));
    }
    if (response.status === 204) return null;
    const answer = await response.json();
    if (response.status === 401) location.assign("/login");
    if (!response.ok) {
      throw Object.assign(new Error(answer.error.message), { param: answer.error.param ?? "" });
    }
    return answer;
  };

  const wordsFor = (error) => {
    const box = make("div", "err");
    box.setAttribute("role", "alert");
    box.append(make("p", "", error.message));
    return box;
  };

  const username = () => document.querySelector("#account-menu b")?.textContent ?? "";

  Object.assign(window.aiportal, { call, username, wordsFor });
})();
