// Answers while they are written: the portal streams what they look like, and it is drawn here, where
// a message says by its classes what is followed in it: `from-`the address, `part-`the key.
(() => {
  "use strict";

  const { keepingEnd, mends } = window.aiportal;
  const LEAVING_MS = 30_000; // for what a click shows instead; if it never comes, this goes on
  const AGAIN_MS = 300;
  const REFUSED_MS = 2_000;
  const ENDS = { turn: "select", comparison: "input", battle: "apply", temporary: "submit" };

  let trigger = null;
  window.aiportal.connectLive = (given) => {
    trigger = given;
  };

  const streams = new Map(); // address → { source, parts, isDone }
  const done = new WeakSet(); // elements that are at their end
  const leavingUntil = new Map(); // by what it is left for

  const marked = (element, prefix) =>
    [...element.classList].find((one) => one.startsWith(prefix))?.slice(prefix.length) ?? "";

  const followed = () => [...document.querySelectorAll("#chat-log .live")];

  const at = (address) => followed().filter((one) => marked(one, "from-") === address);

  // ---- drawing: what has not changed stays as it is, with what the reader has selected in it

  const parsed = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };

  const isSameTag = (was, now) =>
    was.nodeType === Node.ELEMENT_NODE && was.cloneNode(false).isEqualNode(now.cloneNode(false));

  // `was` and `now` are as they came; `shown` is what has become of `was` on the page, or the same.
  const patchNode = (shown, was, now) => {
    if (was.isEqualNode(now)) return;
    const isText = was.nodeType === Node.TEXT_NODE && now.nodeType === Node.TEXT_NODE;
    if (isText && now.data.startsWith(was.data) && shown.data === was.data) {
      shown.appendData(now.data.slice(was.data.length));
    } else if (isSameTag(was, now)) {
      patch(shown, was, now);
    } else {
      shown.replaceWith(now.cloneNode(true));
    }
  };

  const patch = (shown, was, now) => {
    const [there, before, after] = [shown, was, now].map((one) => [...one.childNodes]);
    if (there.length !== before.length) {
      shown.replaceChildren(now.cloneNode(true));
      return;
    }
    after.forEach((one, place) => {
      if (place < before.length) patchNode(there[place], before[place], one);
      else shown.append(one.cloneNode(true));
    });
    for (const gone of there.slice(after.length)) gone.remove();
  };

  const draw = (part, element) => {
    if (part.element === element && part.drawn === part.html) return;
    const tree = parsed(part.html);
    patch(element, part.element === element ? part.tree : element, tree); // or what came with the chat
    Object.assign(part, { element, tree, drawn: part.html });
  };

  // ---- following

  const finish = (address) => {
    const stream = streams.get(address);
    if (!stream) return; // left meanwhile
    stream.source.close();
    if ([...leavingUntil.values()].some((until) => Date.now() < until)) {
      setTimeout(() => finish(address), AGAIN_MS);
      return;
    }
    stream.isDone = true;
    for (const element of at(address)) {
      done.add(element);
      element.querySelector(".wait")?.remove(); // what comes now may be that the chat is gone
    }
    const [kind, id] = address.split("/");
    trigger?.(ENDS[kind], { id });
  };

  const take = (address, { part: key, keep, html }) => {
    const { parts } = streams.get(address);
    const part = parts.get(key) ?? { html: "" };
    parts.set(key, part);
    part.html = part.html.slice(0, keep) + html;
    const element = at(address).find((one) => marked(one, "part-") === key);
    if (element) keepingEnd(() => draw(part, element));
  };

  const open = (address) => {
    const source = new EventSource(`/live/${address}`);
    streams.set(address, { source, parts: new Map(), isDone: false });
    source.addEventListener("message", (event) => {
      const told = JSON.parse(event.data);
      if (told.error) finish(address);
      else take(address, told);
    });
    source.addEventListener("end", () => finish(address));
    source.addEventListener("error", () => {
      // While it connects again by itself, nothing is to be done.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => finish(address), REFUSED_MS);
    });
  };

  const show = (element) => {
    if (done.has(element)) return;
    const address = marked(element, "from-");
    if (!streams.has(address) || streams.get(address).isDone) open(address);
    const part = streams.get(address).parts.get(marked(element, "part-"));
    if (part) draw(part, element);
  };

  mends.push(() => {
    const here = followed();
    const addresses = new Set(here.map((one) => marked(one, "from-")));
    for (const [address, { source }] of streams) {
      if (addresses.has(address)) continue;
      source.close();
      streams.delete(address);
    }
    here.forEach(show);
  });

  // What ends meanwhile would bring back what is being left: a chat, or a version of an answer.
  document.addEventListener("aiportal:leaving", ({ detail: by }) => {
    leavingUntil.set(by, Date.now() + LEAVING_MS);
  });
  document.addEventListener("aiportal:left", ({ detail: by }) => {
    leavingUntil.delete(by);
  });
})();
