// Files on their way to the portal, and the chips that show them: how far one is, what it is, what
// went wrong with it.
(() => {
  "use strict";

  const { button, make, number, t } = window.aiportal;
  const ADDRESS = "/api/v1/attachments";
  const TAKES =
    "image/png,image/jpeg,image/webp,image/gif,application/pdf,.pdf,.docx,.txt,.md,.csv,.json," +
    "text/*,.py,.js,.ts,.java,.c,.cpp,.h,.rs,.go,.sh,.sql,.yaml,.yml,.toml,.xml,.html,.css,.log,.svg";

  let count = 0;

  const tokens = (count) =>
    count === 1 ? t("1 token") : t("{count} tokens", { count: number(count) });
  const megabytes = (bytes) => {
    const digits = bytes < 10485760 ? 1 : 0;
    const figure = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return `${number(bytes / 1048576, figure)} MB`;
  };

  // ---- a file: key, name, kind, state (uploading, ready, failed), and what is known of it by then

  const pictureOf = ({ id, kind }) =>
    kind === "image" ? `${ADDRESS}/${id}/content?preview=true` : null;

  const fresh = (data) => ({
    key: ++count,
    name: data.name || "file",
    kind: "",
    progress: 0,
    state: "uploading",
  });

  // One that the portal has already.
  const known = ({ id, name, kind, tokens }) => {
    const picture = pictureOf({ id, kind });
    return { key: ++count, id, name, kind, tokens, state: "ready", picture };
  };

  // One that was on its way when its chat was left.
  const lost = (name) => ({
    ...fresh({ name }),
    state: "failed",
    error: t("It was not sent to the end. Attach it again."),
    isLost: true,
  });

  const fail = (file, words, changed) => {
    Object.assign(file, { state: "failed", error: words, request: null });
    changed(file);
  };

  const done = (file, request, changed) => {
    let answer = null;
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // a proxy's page
    }
    if (request.status === 201 && answer) {
      const { id, name, kind, tokens } = answer;
      const picture = pictureOf(answer);
      Object.assign(file, { state: "ready", id, name, kind, tokens, picture, request: null });
      changed(file);
      return;
    }
    fail(file, answer?.error?.message ?? t("The portal did not take it. Try again."), changed);
  };

  const mostBytes = () => {
    const area = document.querySelector("#tab-chat .composer .files");
    return Number(area?.dataset.maxBytes) || Infinity;
  };

  // Send what `fresh` was made of. changed: is called with the file after each step.
  const upload = (file, data, changed) => {
    const most = mostBytes();
    if (data.size > most) {
      const sizes = { size: megabytes(data.size), most: megabytes(most) };
      fail(file, t("It has {size}; at most {most} are taken.", sizes), changed);
      return;
    }
    const request = new XMLHttpRequest();
    file.request = request;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) file.progress = event.loaded / event.total;
      changed(file);
    });
    request.addEventListener("load", () => done(file, request, changed));
    request.addEventListener("error", () =>
      fail(file, t("The portal cannot be reached. Remove it, then attach it again."), changed),
    );
    const form = new FormData();
    form.append("file", data, file.name);
    request.open("POST", ADDRESS);
    request.send(form);
  };

  // ---- chips

  const chip = (name, words, className, takeAway) => {
    const item = make("li", `fchip ${className}`);
    const text = make("span", "ft");
    text.append(make("b", "", name), make("span", "", words));
    const cross = button("ib i-close chip-x", "", takeAway);
    cross.ariaLabel = cross.title = t("Remove {name}", { name });
    item.append(text, cross);
    return item;
  };

  const about = (file) => {
    if (file.state === "failed") return file.error;
    if (file.state === "ready") return tokens(file.tokens);
    return file.progress < 1 ? `${Math.round(file.progress * 100)} %` : t("reading…");
  };

  const fileChip = (file, takeAway) => {
    const item = chip(file.name, about(file), `${file.state} i-file`, takeAway);
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

  // ---- where files come from

  const choose = (attach, { accept = TAKES, capture = "" } = {}) => {
    const input = make("input");
    input.type = "file";
    input.accept = accept;
    input.multiple = !capture;
    if (capture) input.capture = capture;
    input.hidden = true;
    input.addEventListener("change", () => {
      attach(input.files);
      input.remove();
    });
    input.addEventListener("cancel", () => input.remove());
    document.body.append(input);
    input.click();
  };

  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

  window.aiportal.uploads = {
    address: ADDRESS,
    chip,
    choose,
    fail,
    fileChip,
    fresh,
    holdsFiles,
    known,
    lost,
    tokens,
    upload,
  };
})();
