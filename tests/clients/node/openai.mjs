// The package `openai`.
import OpenAI from "openai";
import { answer, base, equal, key, models, raised, run, schema, tokens } from "./checks.mjs";

const client = new OpenAI({ baseURL: base, apiKey: key, maxRetries: 0 });
const messages = [{ role: "user", content: "Hi" }];
const tools = [{ type: "function", function: { name: "weather", parameters: schema } }];
const create = (fields) => client.chat.completions.create({ messages, ...fields });

await run({
  async plain() {
    const found = await create({ model: models.fast });
    equal(found.choices[0].message.content, answer);
    equal([found.usage.prompt_tokens, found.usage.completion_tokens], tokens);
  },
  async streamedWithUsage() {
    const stream = await create({
      model: models.fast,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    equal(text, answer);
    equal([usage.prompt_tokens, usage.completion_tokens], tokens);
  },
  async toolCall() {
    const found = await create({ model: models.caller, tools });
    const [call] = found.choices[0].message.tool_calls;
    equal([call.function.name, JSON.parse(call.function.arguments)], ["weather", { city: "Paris" }]);
  },
  async toolCallStreamed() {
    const stream = client.chat.completions.stream({ model: models.caller, messages, tools });
    const found = await stream.finalChatCompletion();
    const [call] = found.choices[0].message.tool_calls;
    equal(JSON.parse(call.function.arguments), { city: "Paris" });
  },
  async unknownModelIs404() {
    const error = await raised(() => create({ model: models.none }));
    equal([error instanceof OpenAI.NotFoundError, error.code], [true, "model_not_found"]);
  },
  async refusedRequestIs400() {
    const error = await raised(() => create({ model: models.refusing }));
    equal([error instanceof OpenAI.BadRequestError, error.code], [true, "bad_heat"]);
  },
});
