// Keyboard: `/` searches, `g` and a letter opens a page, `?` lists them. Off where a person says so.
import { install } from '@github/hotkey';

export function listenForKeys() {
  if (document.body.dataset.shortcuts !== 'on') return;
  for (const element of document.querySelectorAll('[data-hotkey]')) {
    install(element);
  }
}
