// Light or dark: a chosen theme comes from the server; `auto` follows the system, also later.
const dark = window.matchMedia('(prefers-color-scheme: dark)');

export function applyTheme() {
  const root = document.documentElement;
  if (root.dataset.theme === 'auto') {
    root.dataset.bsTheme = dark.matches ? 'dark' : 'light';
  }
}

export function followTheme() {
  dark.addEventListener('change', () => {
    applyTheme();
    document.dispatchEvent(new CustomEvent('frisket:theme'));
  });
}
