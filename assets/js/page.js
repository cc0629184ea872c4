// Small things that HTML cannot say by itself.
export function markPage() {
  document.addEventListener('click', async (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const opener = target?.closest('[data-open]');
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const closer = target?.closest('[data-close]');
    if (closer) closer.closest('dialog')?.close();
    const copier = target?.closest('[data-copy]');
    if (copier) {
      await navigator.clipboard.writeText(document.getElementById(copier.dataset.copy).textContent.trim());
      announce(copier.dataset.copied);
    }
  });
  document.addEventListener('change', (event) => {
    const field = event.target;
    // Ticks every box of a table; only the boxes of that table.
    if (field instanceof HTMLInputElement && field.dataset.ticks) {
      for (const box of document.querySelectorAll(field.dataset.ticks)) box.checked = field.checked;
    }
    if (field instanceof Element && field.hasAttribute('data-submit')) field.form.requestSubmit();
  });
}

// Says something to those who do not see the page.
export function announce(text) {
  const place = document.getElementById('news');
  if (place && text) place.textContent = text;
}
