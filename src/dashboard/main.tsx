// Order matters: shared styles come first.
import './style/tokens.css';
import './style/base.css';
import './app/frame.css';
import './home/home.css';
import './tiles/tiles.css';
import './steps/steps.css';
import './runs/runs.css';
import './records/records.css';
import './connections/connections.css';
import './tokens/tokens.css';
import './connectors/connectors.css';
import './server/server.css';
import 'uplot/dist/uPlot.min.css';
import './flows/flows.css';

import { render } from 'preact';
import { App } from './app/app.tsx';

const root = document.getElementById('app');
if (root) render(<App />, root);
