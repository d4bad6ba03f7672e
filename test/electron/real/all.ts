/** Both suites, one after the other in one process: the second runs whatever the first gives. */
import './app.test.ts';
import './life.test.ts';
