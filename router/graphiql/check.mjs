// Fails when an example operation is not valid against the public API schema:
//   npm run check [-- path/to/schema.graphql]
import { readFile } from 'node:fs/promises';
import { buildSchema, parse, validate } from 'graphql';
import { readExamples } from './build.mjs';
import { operations as links } from './src/links.js';

const schema = buildSchema(await readFile(process.argv[2] ?? '../schema.graphql', 'utf8'));
let operations = 0;
let failed = false;

for (const { name, query, variables } of await readExamples()) {
  const document = parse(query);
  const declared = new Set();
  for (const definition of document.definitions) {
    if (definition.kind !== 'OperationDefinition') continue;
    operations += 1;
    definition.variableDefinitions.forEach((v) => declared.add(v.variable.name.value));
  }
  const unused = Object.keys(JSON.parse(variables)).filter((key) => !declared.has(key));
  const problems = [
    ...validate(schema, document).map((error) => error.message),
    ...unused.map((key) => `variable ${key} is used by no operation`),
  ];
  for (const problem of problems) {
    console.error(`${name}: ${problem}`);
    failed = true;
  }
}
for (const [page, query] of Object.entries(links)) {
  for (const error of validate(schema, parse(query))) {
    console.error(`${page}: ${error.message}`);
    failed = true;
  }
}
if (failed) process.exit(1);
console.log(`${operations} operations are valid`);
