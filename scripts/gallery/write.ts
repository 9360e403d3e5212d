/** `npm run gallery`: writes docs/workloads.md from what the workloads say of themselves. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { galleryPage } from './page.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
mkdirSync(DOCS, { recursive: true });
writeFileSync(fileURLToPath(new URL('workloads.md', DOCS)), await galleryPage());
