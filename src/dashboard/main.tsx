import { render } from 'preact';
import { App } from './app/app.tsx';
import './style/tokens.css';
import './style/base.css';

const place = document.getElementById('app');
if (place) render(<App />, place);
