// Styles of what others build on come first.
import './style/tokens.css';
import './style/base.css';
import './app/frame.css';
import './tiles/tiles.css';
import './steps/steps.css';
import './runs/runs.css';
import './records/records.css';

import { render } from 'preact';
import { App } from './app/app.tsx';

const place = document.getElementById('app');
if (place) render(<App />, place);
