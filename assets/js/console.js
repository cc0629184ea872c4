// What every page loads. Pages work without it; with it they answer faster and listen for news.
import './htmx.js';
import 'htmx.org/dist/ext/hx-csp.js';
import 'htmx.org/dist/ext/hx-sse.js';
import '@tabler/core/dist/js/tabler.esm.js';
import '@github/relative-time-element';
import { followTheme } from './theme.js';
import { listenForKeys } from './keys.js';
import { offerPasskeys } from './passkeys.js';
import { markPage } from './page.js';

followTheme();
listenForKeys();
offerPasskeys();
markPage();
