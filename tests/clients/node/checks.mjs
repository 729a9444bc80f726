// As checks.py: what every script does, and how it tells what it saw.
import { deepStrictEqual } from "node:assert";

export const base = `${process.env.PORTAL_URL}/v1`;
export const key = process.env.PORTAL_KEY;
export const models = {
  fast: "acme/fast",
  caller: "acme/caller",
  refusing: "acme/refusing",
  none: "acme/none",
};
export const answer = "Hello from the upstream.";
export const tokens = [9, 4];
export const schema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};
export const equal = deepStrictEqual;

export async function raised(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("no error was raised");
}

export async function run(checks) {
  for (const [name, check] of Object.entries(checks)) {
    let detail = "";
    try {
      await check();
    } catch (error) {
      detail = `${error.name}: ${error.message}`;
      console.error(error);
    }
    console.log(JSON.stringify({ name, passed: !detail, detail }));
  }
}
