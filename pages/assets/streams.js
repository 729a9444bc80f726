// Gradio reads what becomes of a page's events from one stream, and opens another after its end. An
// event that the portal takes just after it has sent that end may be answered before the end is here.
// Gradio would go on with the old stream then, and never hear of the event; so the answer waits.
(() => {
  "use strict";

  const STREAM = "/gradio_api/queue/data";
  const CALL = "/gradio_api/queue/join";
  const PATIENCE_MS = 60_000; // a large chat may be on its way before the end
  const fetchAtOnce = window.fetch.bind(window);
  let stream = null; // what Gradio reads: promises of its number and of its end

  const endedBefore = (response) => Number(response.headers.get("x-streams-ended"));

  const open = async (resource, options) => {
    const fetching = fetchAtOnce(resource, options);
    const number = fetching.then(endedBefore, () => Infinity); // with it, one more has ended
    const end = new Promise((done) => {
      // Gradio aborts it when it reads that it has ended.
      (resource.signal ?? options?.signal)?.addEventListener("abort", done, { once: true });
    });
    const opened = { number, end };
    stream = opened;
    end.then(() => {
      if (stream === opened) stream = null;
    });
    return fetching;
  };

  const call = async (resource, options) => {
    const response = await fetchAtOnce(resource, options);
    const read = stream;
    if (read && endedBefore(response) > (await read.number)) {
      await Promise.race([read.end, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    }
    return response;
  };

  window.fetch = (resource, options) => {
    const { pathname } = new URL(resource.url ?? resource, location.href);
    if (pathname.endsWith(STREAM)) return open(resource, options);
    return (pathname.endsWith(CALL) ? call : fetchAtOnce)(resource, options);
  };
})();
