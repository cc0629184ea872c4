// Bundles what the pages load into the folder named on the command line. Used by script/assets.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const out = process.argv[2];
mkdirSync(out, { recursive: true });
const manifest = {};

function keep(name, suffix, data) {
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 12);
  const file = `${name}-${hash}.${suffix}`;
  writeFileSync(join(out, file), data);
  const packed = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(join(out, `${file}.br`), packed);
  manifest[`${name}.${suffix}`] = file;
}

async function bundle(entry, name, suffix, options = {}) {
  const made = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    legalComments: 'eof',
    target: ['chrome120', 'firefox121', 'safari17'],
    charset: 'utf8',
    ...options,
  });
  keep(name, suffix, made.outputFiles[0].contents);
}

function sprite() {
  const wanted = readFileSync('icons.txt', 'utf8').split(/\s+/).filter(Boolean).sort();
  const symbols = [...new Set(wanted)].map((name) => {
    const folder = name.endsWith('-filled') ? 'filled' : 'outline';
    const source = readFileSync(`node_modules/@tabler/icons/icons/${folder}/${name.replace(/-filled$/, '')}.svg`, 'utf8');
    const inner = source.replace(/^[\s\S]*?<svg[\s\S]*?>/, '').replace(/<\/svg>\s*$/, '');
    const paths = inner.replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '').replace(/\s+/g, ' ').trim();
    const paint = folder === 'filled' ? 'fill="currentColor"' : 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"';
    return `<symbol id="${name}" viewBox="0 0 24 24" ${paint}>${paths}</symbol>`;
  });
  // Tabler Icons, MIT licence, Copyright (c) 2020-2026 Paweł Kuna
  keep('icons', 'svg', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`));
}

await bundle('js/early.js', 'early', 'js', { format: 'iife' });
await bundle('js/console.js', 'console', 'js', { format: 'esm' });
await bundle('js/charts.js', 'charts', 'js', { format: 'esm' });
await bundle('css/all.css', 'console', 'css', { loader: { '.svg': 'dataurl' } });
sprite();
const sorted = Object.fromEntries(Object.entries(manifest).sort());
writeFileSync(join(out, 'manifest.json'), `${JSON.stringify(sorted, null, 1)}\n`);
if (readdirSync(out).length !== 2 * Object.keys(manifest).length + 1) throw new Error('the folder was not empty');
