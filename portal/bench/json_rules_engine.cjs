// json-rules-engine with its engine reused: prints {"name": million rule results a second}.
const { createRequire } = require("node:module");
const fs = require("node:fs");
const path = require("node:path");

const fromHere = createRequire(path.join(process.cwd(), "package.json"));
const { Engine } = fromHere("json-rules-engine");
const { facts, rules } = JSON.parse(fs.readFileSync(process.argv[2]));
const names = {
  "=": "equal", "!=": "notEqual", "<": "lessThan", "<=": "lessThanInclusive",
  ">": "greaterThan", ">=": "greaterThanInclusive", contains: "contains",
};
const engine = new Engine([], { allowUndefinedFacts: true });
engine.addOperator("isNotEmpty", (value) => value != null && value !== "");
rules.forEach((conditions, index) => engine.addRule({
  conditions: {
    all: conditions.map(({ property, operator, value }) => ({
      fact: property, operator: names[operator] || operator, value: value === undefined ? null : value,
    })),
  },
  event: { type: `rule-${index}` },
}));

async function rate(work, items) {
  const taken = [];
  for (let round = 0; round < 3; round += 1) {
    const start = process.hrtime.bigint();
    for (const item of items) await work(item);
    taken.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  taken.sort((one, other) => one - other);
  return (items.length * rules.length) / taken[1] / 1e6;
}

(async () => {
  for (const item of facts.slice(0, 200)) await engine.run(item);
  const texts = facts.map((item) => JSON.stringify(item));
  console.log(JSON.stringify({
    "json-rules-engine": await rate((item) => engine.run(item), facts),
    "json-rules-engine, from JSON": await rate((text) => engine.run(JSON.parse(text)), texts),
  }));
})();
