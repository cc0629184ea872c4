// Runs before anything is drawn, so that a dark page never flashes white.
import { applyTheme } from './theme.js';

applyTheme();
document.documentElement.classList.add('scripted');
