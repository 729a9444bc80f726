// Chats in and out: the menu of the open chat, sharing it, bringing in a file of chats.
(() => {
  "use strict";

  const { acts, button, chatInAddress, make, showMenu, tell } = window.aiportal;
  const API = "/api/v1";
  const FORMATS = [
    ["html", "Web page"],
    ["md", "Markdown"],
    ["ipynb", "Notebook"],
    ["json", "JSON, all branches"],
  ];
  const ENDS = [["", "Never"], ["7", "In 7 days"], ["30", "In 30 days"]];

  // ---- small parts

  const count = (number, one, many) =>
    number === 1 ? `1 ${one}` : `${number.toLocaleString("en")} ${many}`;

  const day = (text) =>
    new Date(text).toLocaleDateString(undefined, { day: "numeric", month: "long", year: "numeric" });

  const call = async (method, path, body) => {
    let response;
    try {
      response = await fetch(API + path, {
        method,
        headers: body === undefined ? {} : { "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new Error("The portal cannot be reached. Try again in a moment.");
    }
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error.message);
    return answer;
  };

  const wordsFor = (error) => {
    const box = make("div", "err");
    box.setAttribute("role", "alert");
    box.append(make("p", "", error.message));
    return box;
  };

  // A dialog that stays open while it works; `status` is read out when it changes.
  const workDialog = (title, explanation) => {
    const box = make("dialog", "dialog io");
    const heading = make("h2", "", title);
    heading.id = "io-title";
    box.setAttribute("aria-labelledby", heading.id);
    const status = make("div", "io-status");
    status.setAttribute("role", "status");
    const actions = make("div", "acts");
    const close = button("btn", "Close", () => box.close());
    actions.append(close);
    box.append(heading, make("p", "", explanation), status, actions);
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
    return { box, status, actions, close };
  };

  const field = (label, control) => {
    const wrapper = make("label", "field", label);
    wrapper.append(control);
    return wrapper;
  };

  // ---- sharing

  const shareRow = (share, refresh, tellStatus) => {
    const row = make("li", "io-share");
    const end = share.expires_at ? `ends ${day(share.expires_at)}` : "does not end";
    const about = make("span", "io-about", `Made ${day(share.created_at)}, ${end}`);
    const link = make("a", "io-link mono", share.url.replace(/^https?:\/\//, ""));
    link.href = share.url;
    link.target = "_blank";
    const copy = button("ib i-copy", "", async () => {
      try {
        await navigator.clipboard.writeText(share.url);
        tellStatus("The link is copied.");
      } catch {
        tellStatus("The browser does not let the page copy. Copy the link by hand.");
      }
    });
    copy.ariaLabel = copy.title = "Copy the link";
    const revoke = button("ib i-trash", "", async () => {
      try {
        await call("DELETE", `/shares/${encodeURIComponent(share.id)}`);
        tellStatus("The link is revoked: nobody can read it any more.");
      } catch (error) {
        tellStatus(error);
      }
      await refresh();
    });
    revoke.ariaLabel = revoke.title = "Revoke the link";
    const text = make("span", "io-text");
    text.append(link, about);
    row.append(text, copy, revoke);
    return row;
  };

  const openSharing = (chatId) => {
    const path = `/conversations/${encodeURIComponent(chatId)}`;
    const { box, status, actions } = workDialog(
      "Share this chat",
      "Whoever is signed in to this portal and has the link can read the chat as it is now. " +
        "What is said later is not added.",
    );
    const list = make("ul", "io-list");
    const ends = make("select");
    for (const [value, words] of ENDS) ends.append(new Option(words, value));
    const tellStatus = (words) =>
      status.replaceChildren(words instanceof Error ? wordsFor(words) : make("p", "", words));

    const refresh = async () => {
      try {
        const { data } = await call("GET", `${path}/shares`);
        list.replaceChildren(...data.map((share) => shareRow(share, refresh, tellStatus)));
      } catch (error) {
        tellStatus(error);
      }
    };

    const create = button("btn primary", "Create a link", async () => {
      create.disabled = true;
      try {
        await call("POST", `${path}/share`, ends.value ? { expires_days: Number(ends.value) } : {});
        await refresh();
        list.querySelector("button")?.focus();
        tellStatus("The link is made.");
      } catch (error) {
        tellStatus(error);
      }
      create.disabled = false;
    });

    box.insertBefore(field("The link ends", ends), status);
    box.insertBefore(list, status);
    actions.append(create);
    refresh();
  };

  // ---- bringing in

  const summary = (report) => {
    const parts = [];
    if (report.imported) parts.push(`${count(report.imported, "chat is", "chats are")} here now.`);
    if (report.already_there) {
      parts.push(`${count(report.already_there, "was", "were")} already there.`);
    }
    if (report.refused) parts.push(`${count(report.refused, "was", "were")} not taken:`);
    return parts.join(" ");
  };

  const refusals = (report) => {
    const list = make("ul", "io-list io-refused");
    for (const { title, reason, code } of report.skipped) {
      if (code === "already_there") continue;
      const row = make("li");
      row.append(make("b", "", title), make("span", "", reason));
      list.append(row);
    }
    list.tabIndex = 0;
    return list;
  };

  const send = (file, onProgress) =>
    new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      const form = new FormData();
      form.append("file", file);
      request.upload.addEventListener("progress", onProgress);
      request.addEventListener("load", () => {
        let answer = null;
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          // not ours, such as a proxy's page
        }
        if (request.status === 200) done(answer);
        else failed(new Error(answer?.error?.message ?? "The portal did not take the file."));
      });
      request.addEventListener("error", () =>
        failed(
          new Error(
            "The connection broke off: the portal is away, or the file is too large for it. Of an " +
              "archive with pictures, send the conversations.json alone. Nothing comes in twice.",
          ),
        ),
      );
      request.open("POST", `${API}/conversations/import`);
      request.send(form);
    });

  const openImport = () => {
    const { box, status, actions, close } = workDialog(
      "Import chats",
      "A file of this portal, of ChatGPT (the whole ZIP or its conversations.json) or of Open " +
        "WebUI. Chats that you have already do not come twice.",
    );
    const input = make("input");
    input.type = "file";
    input.accept = ".json,.zip,application/json,application/zip";
    const bar = make("progress");
    bar.max = 1;
    bar.ariaLabel = "Import";

    const show = (report) => {
      status.replaceChildren(make("p", "", summary(report)));
      if (report.refused) status.append(refusals(report));
      tell("select", { id: chatInAddress() }); // the list of chats, as it is now
      if (report.conversations.length !== 1) return;
      const open = button("btn primary", "Open the chat", () => {
        box.close();
        tell("select", { id: report.conversations[0].id });
      });
      actions.append(open);
      open.focus();
    };

    const go = button("btn primary", "Import", async () => {
      go.disabled = input.disabled = true;
      const words = make("p", "", "Sending the file…");
      bar.value = 0;
      status.replaceChildren(words, bar);
      try {
        const report = await send(input.files[0], (event) => {
          if (event.lengthComputable) bar.value = event.loaded / event.total;
          if (event.loaded < event.total || words.textContent.startsWith("Reading")) return;
          words.textContent = "Reading the chats…";
          bar.removeAttribute("value"); // how long it takes is not known
        });
        go.remove();
        show(report);
        close.focus();
      } catch (error) {
        status.replaceChildren(wordsFor(error));
        go.disabled = input.disabled = false;
      }
    });
    go.disabled = true;
    input.addEventListener("change", () => {
      go.disabled = input.files.length === 0;
      status.replaceChildren();
    });
    box.insertBefore(field("File", input), status);
    actions.append(go);
    input.focus();
  };

  // ---- the menu

  const download = (text, path) => {
    const link = make("a", "mi i-download", text);
    link.href = API + path;
    link.download = "";
    return link;
  };

  acts["chat-menu"] = (opener) => {
    const menu = make("div", "menu io-menu");
    menu.popover = "auto";
    const item = (icon, text, act) =>
      button(`mi i-${icon}`, text, () => {
        menu.hidePopover();
        act();
      });
    const chatId = chatInAddress();
    if (chatId) {
      const path = `/conversations/${encodeURIComponent(chatId)}/export`;
      menu.append(item("link", "Share…", () => openSharing(chatId)));
      menu.append(make("p", "io-group", "Export this chat"));
      for (const [ending, words] of FORMATS) menu.append(download(words, `${path}.${ending}`));
      menu.append(make("p", "io-group", "All chats"));
    }
    menu.append(item("upload", "Import…", openImport));
    menu.append(download("Export all as ZIP", "/conversations/export.zip"));
    menu.addEventListener("click", (event) => {
      if (event.target.closest("a")) menu.hidePopover();
    });
    showMenu(menu, opener);
  };
})();
