import { mount } from 'svelte';
import './ui/tokens.css';
import './ui/base.css';
import App from './app/App.svelte';
import { dialHere } from './client/dial.ts';

mount(App, { target: document.getElementById('app')!, props: { dial: dialHere() } });
