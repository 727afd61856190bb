// Bundles GraphiQL into dist/: the page, one script, one stylesheet, three workers and a font.
// Nothing is loaded from elsewhere at run time.
import { build } from 'esbuild';
import { cp, readFile, readdir, rm } from 'node:fs/promises';

const folder = 'src/operations';

/** `import examples from 'examples'`: every .graphql file with the variables beside it. */
const examples = {
  name: 'examples',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^examples$/ }, () => ({ path: 'examples', namespace: 'examples' }));
    onLoad({ filter: /.*/, namespace: 'examples' }, async () => ({
      contents: JSON.stringify(await readExamples()),
      loader: 'json',
    }));
  },
};

export async function readExamples() {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
  return Promise.all(
    files.map(async (name) => ({
      name: name.replace(/^\d+-|\.graphql$/g, ''),
      query: await readFile(`${folder}/${name}`, 'utf8'),
      variables: JSON.stringify(
        JSON.parse(await readFile(`${folder}/${name.replace('.graphql', '.json')}`, 'utf8')),
        null,
        2,
      ),
    })),
  );
}

const options = {
  bundle: true,
  minify: true,
  outdir: 'dist',
  target: 'es2022',
  legalComments: 'linked',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
  logLevel: 'warning',
};

if (process.argv[1] === import.meta.filename) {
  await rm('dist', { recursive: true, force: true });
  await build({
    ...options,
    entryPoints: { graphiql: 'src/main.jsx' },
    jsx: 'automatic',
    plugins: [examples],
  });
  // Classic scripts: a worker bundle shares nothing with the page.
  await build({
    ...options,
    format: 'iife',
    entryPoints: {
      'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
      'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
      'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    },
  });
  await cp('src/index.html', 'dist/index.html');
}
