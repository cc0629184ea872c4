// htmx 4 with the two extensions that the console uses. They look for a global `htmx`.
import htmx from 'htmx.org/dist/htmx.esm.js';

window.htmx = htmx;
