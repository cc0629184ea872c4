// Passkeys: registers one on the profile page, and logs in with one.
async function ask(path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.detail || found.title);
  return found;
}

function tell(form, fault) {
  const place = form.querySelector('[data-passkey-fault]');
  const text = fault.name === 'NotAllowedError' ? form.dataset.refused : fault.message;
  if (place) {
    place.textContent = text;
    place.hidden = false;
  }
}

async function register(form) {
  const offered = await ask('/profile/passkeys/options');
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(offered);
  const made = await navigator.credentials.create({ publicKey: options });
  await ask('/profile/passkeys', { name: form.elements.name.value, credential: made.toJSON() });
  if (form.dataset.next) {
    window.location.assign(form.dataset.next);
    return;
  }
  window.location.assign('/profile#passkeys');
  window.location.reload();
}

async function logIn(form) {
  const offered = await ask(form.dataset.options);
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(offered);
  const shown = await navigator.credentials.get({ publicKey: options });
  const answer = await ask(form.action, { credential: shown.toJSON(), next: form.elements.next.value });
  window.location.assign(answer.next);
}

export function offerPasskeys() {
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const can = window.PublicKeyCredential?.parseCreationOptionsFromJSON;
    form.hidden = !can;
    if (!can) continue;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      try {
        await (form.dataset.passkey === 'register' ? register(form) : logIn(form));
      } catch (fault) {
        tell(form, fault);
      }
    });
  }
}
