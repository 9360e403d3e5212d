/**
 * The page's script: sorts tables, switches the theme, offers downloads. Without it everything can still be read.
 * Nothing in it comes from results; what it shows of them goes through textContent or a Blob.
 */
export const SCRIPT = `'use strict';
(() => {
  const root = document.documentElement;
  const find = (selector, from = document) => [...from.querySelectorAll(selector)];
  for (const element of find('[data-needs-script]')) element.hidden = false;

  const remember = (theme) => { try { localStorage.setItem('statebench-theme', theme); } catch {} };
  const recall = () => { try { return localStorage.getItem('statebench-theme'); } catch { return null; } };
  const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const themeButton = document.getElementById('theme');
  const nameTheme = () => { themeButton.textContent = isDark() ? 'Light theme' : 'Dark theme'; };
  const stored = recall();
  if (stored === 'dark' || stored === 'light') root.dataset.theme = stored;
  themeButton.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; remember(root.dataset.theme); nameTheme(); });
  nameTheme();

  for (const table of find('table.cells')) {
    find('thead tr:last-child th', table).forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const ascending = head.getAttribute('aria-sort') ? head.getAttribute('aria-sort') === 'descending' : head.dataset.first === 'ascending';
        for (const other of find('thead tr:last-child th', table)) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
        const value = (body) => body.rows[0].cells[column].dataset.value ?? '';
        const compare = (a, b) => {
          const [x, y] = [value(a), value(b)];
          if (x === '' || y === '') return (x === '' ? 1 : 0) - (y === '' ? 1 : 0);
          const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
          return ascending ? order : -order;
        };
        const fixed = table.querySelector('tbody.harness');
        for (const body of find('tbody:not(.harness)', table).sort(compare)) table.insertBefore(body, fixed);
      });
    });
  }

  const save = (name, parts, type) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob(parts, { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const unpacked = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  };
  for (const button of find('[data-download]')) {
    const { download, from } = button.dataset;
    button.addEventListener('click', async () => save(download, [await unpacked(document.getElementById(from).textContent)], 'application/octet-stream'));
  }
  for (const button of find('[data-copy]')) {
    button.addEventListener('click', async () => {
      const target = document.getElementById(button.dataset.copy);
      try { await navigator.clipboard.writeText(target.textContent); button.textContent = 'Copied'; }
      catch { getSelection().selectAllChildren(target); button.textContent = 'Selected: press Ctrl+C'; }
    });
  }
})();
`;
