// Vercel's `ai` with `@ai-sdk/openai-compatible`.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, streamText, tool } from "ai";
import { answer, base, equal, key, models, raised, run, schema, tokens } from "./checks.mjs";

const portal = createOpenAICompatible({
  name: "portal",
  baseURL: base,
  apiKey: key,
  includeUsage: true,
});
const weather = tool({ description: "Of a city.", inputSchema: jsonSchema(schema) });
const ask = (model, fields) =>
  generateText({ model: portal(model), prompt: "Hi", maxRetries: 0, ...fields });

await run({
  async plain() {
    const found = await ask(models.fast);
    equal(found.text, answer);
    equal([found.usage.inputTokens, found.usage.outputTokens], tokens);
  },
  async streamedWithUsage() {
    const found = streamText({ model: portal(models.fast), prompt: "Hi", maxRetries: 0 });
    let text = "";
    for await (const piece of found.textStream) text += piece;
    const usage = await found.usage;
    equal(text, answer);
    equal([usage.inputTokens, usage.outputTokens], tokens);
  },
  async toolCall() {
    const [call] = (await ask(models.caller, { tools: { weather } })).toolCalls;
    equal([call.toolName, call.input], ["weather", { city: "Paris" }]);
  },
  async toolCallStreamed() {
    const found = streamText({
      model: portal(models.caller),
      prompt: "Hi",
      maxRetries: 0,
      tools: { weather },
    });
    const [call] = await found.toolCalls;
    equal(call.input, { city: "Paris" });
  },
  async unknownModelIs404() {
    equal((await raised(() => ask(models.none))).statusCode, 404);
  },
  async refusedRequestIs400() {
    equal((await raised(() => ask(models.refusing))).statusCode, 400);
  },
});
