// Gradio reads what becomes of a page's events from one stream, and opens another after its end. An
// event that the portal takes just after it has sent that end may be answered before the end is here.
// Gradio would go on with the old stream then, and never hear of the event; so the answer waits.
(() => {
  "use strict";

  const STREAM = "/gradio_api/queue/data";
  const CALL = "/gradio_api/queue/join";
  const PATIENCE_MS = 5_000;
  const fetchAtOnce = window.fetch.bind(window);
  let ended = 0;
  let waiting = []; // { count, done }

  const untilEnded = (count) =>
    ended < count &&
    new Promise((done) => {
      waiting.push({ count, done });
      setTimeout(done, PATIENCE_MS);
    });

  const onEnd = () => {
    ended += 1;
    for (const { count, done } of waiting) if (ended >= count) done();
    waiting = waiting.filter(({ count }) => ended < count);
  };

  window.fetch = async (resource, options) => {
    const { pathname } = new URL(resource.url ?? resource, location.href);
    // Gradio aborts a stream when it reads that it has ended.
    if (pathname.endsWith(STREAM)) resource.signal.addEventListener("abort", onEnd, { once: true });
    const response = await fetchAtOnce(resource, options);
    if (pathname.endsWith(CALL)) await untilEnded(Number(response.headers.get("x-streams-ended")));
    return response;
  };
})();
