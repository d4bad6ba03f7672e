import { mount } from 'svelte';
import './design/tokens.css';
import './design/base.css';
import App from './frame/App.svelte';
import { dialHere } from './lab/dial.ts';

mount(App, { target: document.getElementById('app')!, props: { dial: dialHere() } });
